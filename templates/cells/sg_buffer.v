// sg_buffer: a deep first-in first-out queue of Depth words of Width bits in one memory, and one word at the output.
//
// For what waits in front of a join: any depth, a memory that synthesis may put into block RAM. in_ready_o and out_valid_o
// depend on registers alone. Latency 2 cycles, one word a cycle. The data are not reset.
`default_nettype none

module sg_buffer #(
    parameter Width    = 8,
    parameter Depth    = 16,
    parameter AddrBits = 4,   // holds Depth - 1
    parameter FillBits = 5,   // holds Depth
    parameter Style    = "auto",
    // Read by the probe alone.
    /* verilator lint_off UNUSEDPARAM */
    parameter File     = "fill.txt"  // of the highest fill, relative to the folder the simulation runs in
    /* verilator lint_on UNUSEDPARAM */
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    input  wire [Width-1:0] in_data_i,
    input  wire             in_valid_i,
    output wire             in_ready_o,
    output wire [Width-1:0] out_data_o,
    output reg              out_valid_o,
    input  wire             out_ready_i
);

    localparam One  = 1;
    localparam Last = Depth - 1;

    reg  [AddrBits-1:0] write_addr_q;
    reg  [AddrBits-1:0] read_addr_q;
    reg  [FillBits-1:0] fill_q;        // words in the memory
    wire                write = in_valid_i && in_ready_o;
    wire                read  = (fill_q != {FillBits{1'b0}}) && (!out_valid_o || out_ready_i);

    assign in_ready_o = (fill_q != Depth[FillBits-1:0]);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            write_addr_q <= {AddrBits{1'b0}};
            read_addr_q  <= {AddrBits{1'b0}};
            fill_q       <= {FillBits{1'b0}};
            out_valid_o  <= 1'b0;
        end else begin
            if (write) begin
                write_addr_q <= (write_addr_q == Last[AddrBits-1:0]) ? {AddrBits{1'b0}} : write_addr_q + One[AddrBits-1:0];
            end
            if (read) begin
                read_addr_q <= (read_addr_q == Last[AddrBits-1:0]) ? {AddrBits{1'b0}} : read_addr_q + One[AddrBits-1:0];
            end
            if (write != read) begin
                fill_q <= write ? fill_q + One[FillBits-1:0] : fill_q - One[FillBits-1:0];
            end
            out_valid_o <= read || (out_valid_o && !out_ready_i);
        end
    end

    sg_ram #(
        .Width   (Width),
        .Depth   (Depth),
        .AddrBits(AddrBits),
        .Style   (Style)
    ) u_words (
        .clk_i       (clk_i),
        .write_en_i  (write),
        .write_addr_i(write_addr_q),
        .write_data_i(in_data_i),
        .read_en_i   (read),
        .read_addr_i (read_addr_q),
        .read_data_o (out_data_o)
    );

`ifdef SLIMGATE_PROBES
    // A line for each new highest fill.
    integer file;
    reg [FillBits-1:0] most_q = {FillBits{1'b0}};

    initial begin
        file = $fopen(File, "w");
    end

    always @(posedge clk_i) begin
        if (rst_ni && (fill_q > most_q)) begin
            most_q <= fill_q;
            $fwrite(file, "%0d\n", fill_q);
        end
    end
`endif

endmodule

`default_nettype wire

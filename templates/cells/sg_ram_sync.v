// sg_ram_sync: simple dual-port RAM, registered write, registered read (block RAM, or LUT RAM and registers).
// Throughput: one write and one read a cycle. Latency: read data one cycle after the address.
// Reading the word written in the same cycle gives no defined value. Not reset.
`default_nettype none

module sg_ram_sync #(
    parameter Width    = 8,
    parameter AddrBits = 8
) (
    input  wire                clk_i,
    input  wire                wr_en_i,
    input  wire [AddrBits-1:0] wr_addr_i,
    input  wire [Width-1:0]    wr_data_i,
    input  wire [AddrBits-1:0] rd_addr_i,
    output wire [Width-1:0]    rd_data_o
);
    (* no_rw_check *)
    reg [Width-1:0] mem [0:(1<<AddrBits)-1];
    reg [Width-1:0] rd_data_q;

    always @(posedge clk_i) begin
        if (wr_en_i) begin
            mem[wr_addr_i] <= wr_data_i;
        end
        rd_data_q <= mem[rd_addr_i];
    end

    assign rd_data_o = rd_data_q;
endmodule

`default_nettype wire

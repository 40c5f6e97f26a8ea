// sg_ram_async: simple dual-port RAM, registered write, asynchronous read (LUT RAM).
// Throughput: one write and one read a cycle. Latency: a write is readable in the next cycle. Not reset.
`default_nettype none

module sg_ram_async #(
    parameter Width    = 8,
    parameter AddrBits = 4
) (
    input  wire                clk_i,
    input  wire                wr_en_i,
    input  wire [AddrBits-1:0] wr_addr_i,
    input  wire [Width-1:0]    wr_data_i,
    input  wire [AddrBits-1:0] rd_addr_i,
    output wire [Width-1:0]    rd_data_o
);
    reg [Width-1:0] mem [0:(1<<AddrBits)-1];

    always @(posedge clk_i) begin
        if (wr_en_i) begin
            mem[wr_addr_i] <= wr_data_i;
        end
    end

    assign rd_data_o = mem[rd_addr_i];
endmodule

`default_nettype wire

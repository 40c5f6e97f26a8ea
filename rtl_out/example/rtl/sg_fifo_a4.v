// sg_fifo_a4: first-word-fall-through FIFO of 16 words of Width bits.
// Latency: a word is offered one cycle after it was accepted. Throughput: one word a cycle.
// in_ready_o and out_valid_o depend on registers only. The data are not reset.
`default_nettype none

module sg_fifo_a4 #(
    parameter Width = 8
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    input  wire [Width-1:0] in_data_i,
    input  wire             in_valid_i,
    output wire             in_ready_o,
    output wire [Width-1:0] out_data_o,
    output wire             out_valid_o,
    input  wire             out_ready_i
);
    wire       wr_en;
    wire [3:0] wr_addr;
    wire [3:0] rd_addr;

    sg_fifo_ctrl_a4 i_ctrl (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready_o),
        .out_valid_o(out_valid_o),
        .out_ready_i(out_ready_i),
        .wr_en_o    (wr_en),
        .wr_addr_o  (wr_addr),
        .rd_addr_o  (rd_addr)
    );

    sg_ram_async #(
        .Width   (Width),
        .AddrBits(4)
    ) i_ram (
        .clk_i    (clk_i),
        .wr_en_i  (wr_en),
        .wr_addr_i(wr_addr),
        .wr_data_i(in_data_i),
        .rd_addr_i(rd_addr),
        .rd_data_o(out_data_o)
    );
endmodule

`default_nettype wire

// sg_fifo_a@{ addr_bits }@: first-word-fall-through FIFO of @{ depth }@ words of Width bits.
// Latency: a word is offered @{ latency }@ after it was accepted. Throughput: one word a cycle.
// in_ready_o and out_valid_o depend on registers only. The data are not reset.
`default_nettype none

module sg_fifo_a@{ addr_bits }@ #(
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
    wire [@{ addr_msb }@:0] wr_addr;
    wire [@{ addr_msb }@:0] rd_addr;
<%- if fetches %>
    wire [@{ addr_msb }@:0] fetch_addr;
    wire       filled;
    wire       pop;
<%- endif %>

    sg_fifo_ctrl_a@{ addr_bits }@ i_ctrl (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready_o),
<%- if fetches %>
        .out_valid_o(filled),
        .out_ready_i(pop),
<%- else %>
        .out_valid_o(out_valid_o),
        .out_ready_i(out_ready_i),
<%- endif %>
        .wr_en_o    (wr_en),
        .wr_addr_o  (wr_addr),
        .rd_addr_o  (rd_addr)
    );
<%- if fetches %>

    sg_fifo_fetch_a@{ addr_bits }@ i_fetch (
        .clk_i       (clk_i),
        .rst_ni      (rst_ni),
        .filled_i    (filled),
        .wr_addr_i   (wr_addr),
        .rd_addr_i   (rd_addr),
        .pop_o       (pop),
        .fetch_addr_o(fetch_addr),
        .out_valid_o (out_valid_o),
        .out_ready_i (out_ready_i)
    );
<%- endif %>

    @{ ram }@ #(
        .Width   (Width),
        .AddrBits(@{ addr_bits }@)
    ) i_ram (
        .clk_i    (clk_i),
        .wr_en_i  (wr_en),
        .wr_addr_i(wr_addr),
        .wr_data_i(in_data_i),
        .rd_addr_i(@{ read_address }@),
        .rd_data_o(out_data_o)
    );
endmodule

`default_nettype wire

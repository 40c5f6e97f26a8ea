// Pointers and flags of a first-word-fall-through FIFO.
// Both flags are registers, so that no path begins at a comparison of pointers.
// Described in Rust (rust-hdl); edit src/rtl/leaf, not this file.
`default_nettype none

module sg_fifo_ctrl_a4 (
    input wire clk_i,
    input wire rst_ni,
    input wire in_valid_i,
    output wire in_ready_o,
    output wire out_valid_o,
    input wire out_ready_i,
    output wire wr_en_o,
    output wire [3:0] wr_addr_o,
    output wire [3:0] rd_addr_o
);
    localparam one = 4'h1;
    reg [3:0] wr_ptr__d_i;
    wire [3:0] wr_ptr__q_o;
    reg [3:0] rd_ptr__d_i;
    wire [3:0] rd_ptr__q_o;
    reg filled__d_i;
    wire filled__q_o;
    reg full__d_i;
    wire full__q_o;
    wire push;
    wire pop;
    wire [3:0] wr_inc;
    wire [3:0] rd_inc;

    sg_reg #(.Width(4)) wr_ptr(
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .d_i(wr_ptr__d_i),
        .q_o(wr_ptr__q_o)
    );

    sg_reg #(.Width(4)) rd_ptr(
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .d_i(rd_ptr__d_i),
        .q_o(rd_ptr__q_o)
    );

    sg_reg #(.Width(1)) filled(
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .d_i(filled__d_i),
        .q_o(filled__q_o)
    );

    sg_reg #(.Width(1)) full(
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .d_i(full__d_i),
        .q_o(full__q_o)
    );

    assign in_ready_o = ~full__q_o;
    assign out_valid_o = filled__q_o;
    assign push = in_valid_i & ~full__q_o;
    assign pop = out_ready_i & filled__q_o;
    assign wr_inc = wr_ptr__q_o + one;
    assign rd_inc = rd_ptr__q_o + one;
    assign wr_en_o = push;
    assign wr_addr_o = wr_ptr__q_o;
    assign rd_addr_o = rd_ptr__q_o;

    always @(*) begin
        wr_ptr__d_i = wr_ptr__q_o;
        rd_ptr__d_i = rd_ptr__q_o;
        filled__d_i = filled__q_o;
        full__d_i = full__q_o;
        if (push) begin
            wr_ptr__d_i = wr_inc;
        end
        if (pop) begin
            rd_ptr__d_i = rd_inc;
        end
        if (push ^ pop) begin
            filled__d_i = push | (rd_inc != wr_ptr__q_o);
            full__d_i = push & (wr_inc == rd_ptr__q_o);
        end
    end
endmodule

`default_nettype wire

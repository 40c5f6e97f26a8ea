// Proof of sg_fifo_ctrl_a2: the flags tell how many of the 4 words are filled, and both addresses walk in order, so that
// words come out in the order they went in, none lost or doubled.
`default_nettype none

module proof (
    input wire clk_i,
    input wire rst_ni,
    input wire in_valid_i,
    input wire out_ready_i
);
    wire       in_ready;
    wire       out_valid;
    wire       wr_en;
    wire [1:0] wr_addr;
    wire [1:0] rd_addr;

    sg_fifo_ctrl_a2 i_dut (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready),
        .out_valid_o(out_valid),
        .out_ready_i(out_ready_i),
        .wr_en_o    (wr_en),
        .wr_addr_o  (wr_addr),
        .rd_addr_o  (rd_addr)
    );

    // The model: two counters that never wrap within a proof's reach, their difference the fill.
    reg  [2:0] fill_q = 3'd0;
    reg  [1:0] in_q   = 2'd0;
    reg  [1:0] out_q  = 2'd0;
    wire       push   = in_valid_i && in_ready;
    wire       pop    = out_valid && out_ready_i;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            fill_q <= 3'd0;
            in_q   <= 2'd0;
            out_q  <= 2'd0;
        end else begin
            fill_q <= fill_q + {2'd0, push} - {2'd0, pop};
            in_q   <= in_q + {1'b0, push};
            out_q  <= out_q + {1'b0, pop};
        end
    end

    reg begun_q = 1'b0;
    always @(posedge clk_i) begun_q <= 1'b1;

    always @(*) begin
        if (!begun_q) begin
            assume (!rst_ni);
        end else begin
            assert (fill_q <= 3'd4);
            assert (fill_q[1:0] == in_q - out_q);
            assert (in_ready == (fill_q != 3'd4));
            assert (out_valid == (fill_q != 3'd0));
            assert (wr_en == push);
            assert (wr_addr == in_q);
            assert (rd_addr == out_q);
        end
    end
endmodule

`default_nettype wire

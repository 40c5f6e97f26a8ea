// Proof of sg_slice: a stalled beat stays as it is (AXI4-Stream), beats come out as they went in, in order, and
// in_ready_o falls only when both registers hold one.
`default_nettype none

module proof #(
    parameter Data = 1  // whether what comes out is proved too: that is not inductive, since a skidded beat is hidden
) (
    input wire       clk_i,
    input wire       rst_ni,
    input wire [1:0] in_data_i,
    input wire       in_valid_i,
    input wire       out_ready_i
);
    wire       in_ready;
    wire       out_valid;
    wire [1:0] out_data;

    sg_slice #(
        .Width(2)
    ) i_dut (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (in_data_i),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready),
        .out_data_o (out_data),
        .out_valid_o(out_valid),
        .out_ready_i(out_ready_i)
    );

    // The model: a queue of two, its head in head_q.
    reg  [1:0] fill_q = 2'd0;
    reg  [1:0] head_q;
    reg  [1:0] next_q;
    wire       push   = in_valid_i && in_ready;
    wire       pop    = out_valid && out_ready_i;
    wire [1:0] left   = fill_q - {1'b0, pop};

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            fill_q <= 2'd0;
        end else begin
            fill_q <= left + {1'b0, push};
            head_q <= (push && left == 2'd0) ? in_data_i : (pop ? next_q : head_q);
            next_q <= (push && left == 2'd1) ? in_data_i : next_q;
        end
    end

    reg       held_q = 1'b0;
    reg [1:0] held_data_q;
    always @(posedge clk_i) begin
        held_q      <= rst_ni && out_valid && !out_ready_i;
        held_data_q <= out_data;
    end

    reg begun_q = 1'b0;
    always @(posedge clk_i) begun_q <= 1'b1;

    always @(*) begin
        if (!begun_q) begin
            assume (!rst_ni);
        end else begin
            assert (fill_q <= 2'd2);
            assert (out_valid == (fill_q != 2'd0));
            assert (in_ready == (fill_q != 2'd2));
            if (Data != 0 && out_valid) assert (out_data == head_q);
            if (held_q) assert (out_valid && out_data == held_data_q);
        end
    end
endmodule

`default_nettype wire

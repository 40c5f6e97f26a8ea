// example_fc2: fully connected, 12 to 4, as a 1x1 convolution
//
//   acc[o] = bias[o] + sum over i, ky, kx of weight[o][i][ky][kx] * x[i][y*Sh + ky - Ph][x*Sw + kx - Pw]
//   out = acc[o], the raw score
//
// Input    1 x 1 pixels of 12 channels, unsigned 4 bits, 1 a beat
// Output   1 x 1 pixels of 4 channels, signed 11 bits, 1 a beat
// Lanes    KPar 1 x InPar 1 x OutPar 1: 1 products of 4 x 4 bits a cycle, 1 a block in 1 multiplier block
// Cycles   48 an image = 1 windows x 1 tap x 12 input groups x 4 output groups
// Weights  48 words: for each group of
//          outputs its products, KPar x InPar, tap-major; for each product the group's outputs, ready for packing (sg_dot)
// Results  leave 1 channel a cycle into a queue of 4 beats
`default_nettype none

module example_fc2 (
    input  wire        clk_i,
    input  wire        rst_ni,
    input  wire  [3:0] in_data_i,
    input  wire        in_valid_i,
    output wire        in_ready_o,
    output wire [10:0] out_data_o,
    output wire        out_valid_o,
    input  wire        out_ready_i
);

    // ---- Windows ----------------------------------------------------------------------------------------------------
    wire       grant;
    wire       start;
    wire       step;
    wire [3:0] tap_data;
    wire       tap_valid;
    wire       tap_first;
    wire       tap_last;

    example_fc2_window u_window (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (in_data_i),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready_o),
        .grant_i    (grant),
        .start_o    (start),
        .step_o     (step),
        .tap_data_o (tap_data),
        .tap_valid_o(tap_valid),
        .tap_first_o(tap_first),
        .tap_last_o (tap_last)
    );

    // ---- Weights: read in the order in which the words come ---------------------------------------------------------
    reg  [5:0] weight_addr_q;
    wire [3:0] weight_data;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            weight_addr_q <= 6'd0;
        end else if (step) begin
            weight_addr_q <= (weight_addr_q == 6'd47) ? 6'd0 : weight_addr_q + 6'd1;
        end
    end

    sg_rom #(
        .Width   (4),
        .Depth   (48),
        .AddrBits(6),
        .File    ("mem/example_fc2_weight.hex"),
        .Style   ("distributed")
    ) u_weight (
        .clk_i (clk_i),
        .en_i  (step),
        .addr_i(weight_addr_q),
        .data_o(weight_data)
    );

    // ---- Multiply-accumulate lanes ----------------------------------------------------------------------------------
    wire [3:0] acts;
    wire [7:0] lane_sums;
    wire [0:0] lane_carries;
    wire       lane_valid;
    wire       lane_first;
    wire       lane_last;
    assign acts = tap_data;

    genvar o;

    generate
        for (o = 0; o < 1; o = o + 1) begin : gen_block
            sg_dot #(
                .Taps      (1),
                .Chain     (1),
                .Segments  (1),
                .Levels    (0),
                .Pack      (1),
                .Offset    (8),
                .ActBits   (4),
                .ActSigned (0),
                .WeightBits(4),
                .SumBits   (8),
                .Lut       (0)
            ) u_dot (
                .clk_i   (clk_i),
                .act_i   (acts),
                .weight_i(weight_data[o*4+:4]),
                .sum_o   (lane_sums[o*8+:8]),
                .carry_o (lane_carries[o*1+:1])
            );
        end
    endgenerate

    sg_delay #(
        .Width (3),
        .Cycles(3)
    ) u_lane_tags (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i({tap_valid, tap_first, tap_last}),
        .data_o({lane_valid, lane_first, lane_last})
    );

    wire [10:0] lane_terms;
    wire [10:0] sums;
    wire        sums_done;

    generate
        for (o = 0; o < 1; o = o + 1) begin : gen_term
            assign lane_terms[o*11+:11] = {{3{lane_sums[o*8+7]}}, lane_sums[o*8+:8]};
        end
    endgenerate

    sg_acc #(
        .Lanes(1),
        .Bits (11)
    ) u_acc (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .valid_i(lane_valid),
        .first_i(lane_first),
        .last_i (lane_last),
        .data_i (lane_terms),
        .carry_i(lane_carries[0:0]),
        .done_o (sums_done),
        .sum_o  (sums)
    );

    // ---- Sums leave 1 at a time -------------------------------------------------------------------------------------
    wire        result_next;
    wire        result_valid;
    wire [10:0] result_sums;

    sg_serial #(
        .Lanes    (1),
        .Step     (1),
        .Steps    (1),
        .Bits     (11),
        .CountBits(1)
    ) u_serial (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .load_i (sums_done),
        .data_i (sums),
        .next_o (result_next),
        .valid_o(result_valid),
        .data_o (result_sums)
    );

    // ---- Results: + bias --------------------------------------------------------------------------------------------
    // Constants of the channels, one word a step; in a word, channel c holds bias (10 bits).
    reg  [1:0] const_addr_q;
    wire [9:0] constants;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            const_addr_q <= 2'd0;
        end else if (result_next) begin
            const_addr_q <= (const_addr_q == 2'd3) ? 2'd0 : const_addr_q + 2'd1;
        end
    end

    sg_rom #(
        .Width   (10),
        .Depth   (4),
        .AddrBits(2),
        .File    ("mem/example_fc2_const.hex"),
        .Style   ("distributed")
    ) u_constants (
        .clk_i (clk_i),
        .en_i  (result_next),
        .addr_i(const_addr_q),
        .data_o(constants)
    );

    wire        queue_valid;
    wire [10:0] queue_data;

    genvar c;
    generate
        for (c = 0; c < 1; c = c + 1) begin : gen_result
            wire         [9:0] constant = constants[c*10+:10];
            wire signed [10:0] bias     = {{1{constant[9]}}, constant[9:0]};
            // Signed, for synthesis that moves this addition into the requantizer's multiplier block: it extends by the signs.
            wire signed [10:0] sum = result_sums[c*11+:11];
            reg  signed [10:0] biased_q;

            always @(posedge clk_i) begin
                biased_q <= sum + bias;
            end

            assign queue_data[c*11+:11] = biased_q;
        end
    endgenerate

    sg_delay #(
        .Width (1),
        .Cycles(1)
    ) u_result_tag (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(result_valid),
        .data_o(queue_valid)
    );

    // ---- Output queue: work starts only when there is room for its 1 beat -------------------------------------------
    wire queue_ready;
    wire unused_queue_ready = queue_ready;

    sg_credit #(
        .Beats(4),
        .Take (1),
        .Bits (3)
    ) u_credit (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .take_i (start),
        .give_i (out_valid_o && out_ready_i),
        .drop_i (1'b0),
        .grant_o(grant)
    );

    sg_fifo_a2 #(
        .Width(11)
    ) u_queue (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (queue_data),
        .in_valid_i (queue_valid),
        .in_ready_o (queue_ready),
        .out_data_o (out_data_o),
        .out_valid_o(out_valid_o),
        .out_ready_i(out_ready_i)
    );

endmodule

`default_nettype wire

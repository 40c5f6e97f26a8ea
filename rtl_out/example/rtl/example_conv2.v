// example_conv2: convolution 3 x 3, 4 to 6 channels
//
//   acc[o] = bias[o] + sum over i, ky, kx of weight[o][i][ky][kx] * x[i][y*Sh + ky - Ph][x*Sw + kx - Pw]
//   out = clamp((acc[o] * multiplier + 2^(shift-1)) >>> shift, 0, 15)
//
// Input    4 x 4 pixels of 4 channels, unsigned 4 bits, 1 a beat
// Output   4 x 4 pixels of 6 channels, unsigned 4 bits, 1 a beat
// Lanes    KPar 1 x InPar 1 x OutPar 3: 3 products of 4 x 3 bits a cycle, 3 a block in 1 multiplier block
// Cycles   1152 an image = 16 windows x 9 taps x 4 input groups x 2 output groups
// Weights  72 words: for each group of
//          outputs its products, KPar x InPar, tap-major; for each product the group's outputs, ready for packing (sg_dot)
// Results  leave 1 channel a cycle into a queue of 16 beats
`default_nettype none

module example_conv2 (
    input  wire       clk_i,
    input  wire       rst_ni,
    input  wire [3:0] in_data_i,
    input  wire       in_valid_i,
    output wire       in_ready_o,
    output wire [3:0] out_data_o,
    output wire       out_valid_o,
    input  wire       out_ready_i
);

    // ---- Windows ----------------------------------------------------------------------------------------------------
    wire       grant;
    wire       start;
    wire       step;
    wire [3:0] tap_data;
    wire       tap_valid;
    wire       tap_first;
    wire       tap_last;

    example_conv2_window u_window (
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
    reg  [6:0] weight_addr_q;
    wire [8:0] weight_data;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            weight_addr_q <= 7'd0;
        end else if (step) begin
            weight_addr_q <= (weight_addr_q == 7'd71) ? 7'd0 : weight_addr_q + 7'd1;
        end
    end

    sg_rom #(
        .Width   (9),
        .Depth   (72),
        .AddrBits(7),
        .File    ("mem/example_conv2_weight.hex"),
        .Style   ("distributed")
    ) u_weight (
        .clk_i (clk_i),
        .en_i  (step),
        .addr_i(weight_addr_q),
        .data_o(weight_data)
    );

    // ---- Multiply-accumulate lanes ----------------------------------------------------------------------------------
    wire  [3:0] acts;
    wire [20:0] lane_sums;
    wire  [2:0] lane_carries;
    wire        lane_valid;
    wire        lane_first;
    wire        lane_last;
    assign acts = tap_data;

    genvar o;

    generate
        for (o = 0; o < 1; o = o + 1) begin : gen_block
            sg_dot #(
                .Taps      (1),
                .Chain     (1),
                .Segments  (1),
                .Levels    (0),
                .Pack      (3),
                .Offset    (11),
                .ActBits   (4),
                .ActSigned (0),
                .WeightBits(3),
                .SumBits   (7),
                .Lut       (0)
            ) u_dot (
                .clk_i   (clk_i),
                .act_i   (acts),
                .weight_i(weight_data[o*9+:9]),
                .sum_o   (lane_sums[o*21+:21]),
                .carry_o (lane_carries[o*3+:3])
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

    wire [32:0] lane_terms;
    wire [32:0] sums;
    wire        sums_done;

    generate
        for (o = 0; o < 3; o = o + 1) begin : gen_term
            assign lane_terms[o*11+:11] = {{4{lane_sums[o*7+6]}}, lane_sums[o*7+:7]};
        end
    endgenerate

    sg_acc #(
        .Lanes(3),
        .Bits (11)
    ) u_acc (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .valid_i(lane_valid),
        .first_i(lane_first),
        .last_i (lane_last),
        .data_i (lane_terms),
        .carry_i(lane_carries[2:0]),
        .done_o (sums_done),
        .sum_o  (sums)
    );

    // ---- Sums leave 1 at a time -------------------------------------------------------------------------------------
    wire        result_next;
    wire        result_valid;
    wire [10:0] result_sums;

    sg_serial #(
        .Lanes    (3),
        .Step     (1),
        .Steps    (3),
        .Bits     (11),
        .CountBits(2)
    ) u_serial (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .load_i (sums_done),
        .data_i (sums),
        .next_o (result_next),
        .valid_o(result_valid),
        .data_o (result_sums)
    );

    // ---- Results: + bias, requantize --------------------------------------------------------------------------------
    // Constants of the channels, one word a step; in a word, channel c holds bias (7 bits), multiplier (8).
    reg   [2:0] const_addr_q;
    wire [14:0] constants;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            const_addr_q <= 3'd0;
        end else if (result_next) begin
            const_addr_q <= (const_addr_q == 3'd5) ? 3'd0 : const_addr_q + 3'd1;
        end
    end

    sg_rom #(
        .Width   (15),
        .Depth   (6),
        .AddrBits(3),
        .File    ("mem/example_conv2_const.hex"),
        .Style   ("distributed")
    ) u_constants (
        .clk_i (clk_i),
        .en_i  (result_next),
        .addr_i(const_addr_q),
        .data_o(constants)
    );

    wire       queue_valid;
    wire [3:0] queue_data;

    genvar c;
    generate
        for (c = 0; c < 1; c = c + 1) begin : gen_result
            wire        [14:0] constant = constants[c*15+:15];
            wire signed [10:0] bias     = {{4{constant[6]}}, constant[6:0]};
            // Signed, for synthesis that moves this addition into the requantizer's multiplier block: it extends by the signs.
            wire signed [10:0] sum = result_sums[c*11+:11];
            reg  signed [10:0] biased_q;

            always @(posedge clk_i) begin
                biased_q <= sum + bias;
            end

            reg [7:0] mul_q;

            always @(posedge clk_i) begin
                mul_q <= constant[7+:8];
            end

            sg_requant #(
                .AccBits  (11),
                .MulBits  (8),
                .ShiftBits(6),
                .OutBits  (4),
                .OutSigned(0),
                .VarShift (0),
                .Shift    (6'd10)
            ) u_requant (
                .clk_i  (clk_i),
                .acc_i  (biased_q),
                .mul_i  (mul_q),
                .shift_i(6'd0),
                .data_o (queue_data[c*4+:4])
            );
        end
    endgenerate

    sg_delay #(
        .Width (1),
        .Cycles(6)
    ) u_result_tag (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(result_valid),
        .data_o(queue_valid)
    );

    // ---- Output queue: work starts only when there is room for its 3 beats ------------------------------------------
    wire queue_ready;
    wire unused_queue_ready = queue_ready;

    sg_credit #(
        .Beats(16),
        .Take (3),
        .Bits (5)
    ) u_credit (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .take_i (start),
        .give_i (out_valid_o && out_ready_i),
        .drop_i (1'b0),
        .grant_o(grant)
    );

    sg_fifo_a4 #(
        .Width(4)
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

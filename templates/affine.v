// @{ module }@: a multiply and a bias per channel.
//
//   acc[c] = weight[c] * x[c] + bias[c]
//   @{ formula }@
//
// Input    @{ input_text }@
// Output   @{ output_text }@
// Lanes    @{ lanes }@, of @{ act_bits }@ x @{ weight_bits }@ bits
// Cycles   @{ cycles }@ an image: a beat a cycle
// Weights  @{ groups.count }@ words x @{ lanes * weight_bits }@ bits; constants @{ groups.count }@ words, per channel @{ const_layout }@
`default_nettype none

module @{ module }@ (
    input  wire clk_i,
    input  wire rst_ni,
    input  wire @{ in_range }@ in_data_i,
    input  wire in_valid_i,
    output wire in_ready_o,
    output wire @{ out_range }@ out_data_o,
    output wire out_valid_o,
    input  wire out_ready_i
);

    // ---- A beat and its weights ----
    wire grant;
    wire start = in_valid_i && grant;
    reg @{ in_range }@ word_q;
    reg @{ groups.range }@ weight_addr_q;
    wire [@{ lanes * weight_bits - 1 }@:0] weights;

    assign in_ready_o = grant;

    always @(posedge clk_i) begin
        word_q <= in_data_i;
        if (!rst_ni) begin
            weight_addr_q <= @{ groups.zero }@;
        end else if (start) begin
            weight_addr_q <= (weight_addr_q == @{ groups.last }@) ? @{ groups.zero }@ : weight_addr_q + @{ groups.one }@;
        end
    end

    sg_rom #(
        .Width   (@{ lanes * weight_bits }@),
        .Depth   (@{ groups.count }@),
        .AddrBits(@{ groups.bits }@),
        .File    ("mem/@{ module }@_weight.hex"),
        .Style   ("@{ weight_style }@")
    ) u_weights (
        .clk_i (clk_i),
        .en_i  (start),
        .addr_i(weight_addr_q),
        .data_o(weights)
    );

    // ---- Its constants, when its products are there ----
    wire const_next;
    wire queue_valid;
    reg @{ groups.range }@ const_addr_q;
    wire [@{ lanes * const_bits - 1 }@:0] constants;

    sg_delay #(
        .Width (1),
        .Cycles(3)
    ) u_const_tag (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(start),
        .data_o(const_next)
    );

    sg_delay #(
        .Width (1),
        .Cycles(@{ behind }@)
    ) u_result_tag (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(const_next),
        .data_o(queue_valid)
    );

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            const_addr_q <= @{ groups.zero }@;
        end else if (const_next) begin
            const_addr_q <= (const_addr_q == @{ groups.last }@) ? @{ groups.zero }@ : const_addr_q + @{ groups.one }@;
        end
    end

    sg_rom #(
        .Width   (@{ lanes * const_bits }@),
        .Depth   (@{ groups.count }@),
        .AddrBits(@{ groups.bits }@),
        .File    ("mem/@{ module }@_const.hex"),
        .Style   ("@{ const_style }@")
    ) u_constants (
        .clk_i (clk_i),
        .en_i  (const_next),
        .addr_i(const_addr_q),
        .data_o(constants)
    );

    // ---- Multiply, + bias, requantize ----
    wire [@{ lanes * out_bits - 1 }@:0] queue_data;

    genvar c;
    generate
        for (c = 0; c < @{ lanes }@; c = c + 1) begin : gen_lane
            wire signed [@{ product_bits - 1 }@:0] product;
            wire unused_carry;
            wire [@{ const_bits - 1 }@:0] constant = constants[c*@{ const_bits }@+:@{ const_bits }@];
            wire signed [@{ acc_bits - 1 }@:0] term = @{ term_expr }@;
            wire signed [@{ acc_bits - 1 }@:0] bias = @{ bias_expr }@;
            reg signed [@{ acc_bits - 1 }@:0] acc_q;
            reg [@{ mul_bits - 1 }@:0] mul_q;
<%- if var_shift %>
            reg [5:0] shift_q;
<%- endif %>

            sg_dot #(
                .Taps      (1),
                .Chain     (1),
                .Segments  (1),
                .Levels    (0),
                .Pack      (1),
                .Offset    (@{ product_bits }@),
                .ActBits   (@{ act_bits }@),
                .ActSigned (@{ act_signed }@),
                .WeightBits(@{ weight_bits }@),
                .SumBits   (@{ product_bits }@),
                .Lut       (@{ lut_products }@)
            ) u_product (
                .clk_i   (clk_i),
                .act_i   (word_q[c*@{ act_bits }@+:@{ act_bits }@]),
                .weight_i(weights[c*@{ weight_bits }@+:@{ weight_bits }@]),
                .sum_o   (product),
                .carry_o (unused_carry)
            );

            always @(posedge clk_i) begin
                acc_q <= term + bias;
                mul_q <= constant[@{ bias_bits }@+:@{ mul_bits }@];
<%- if var_shift %>
                shift_q <= constant[@{ shift_at }@+:6];
<%- endif %>
            end

            sg_requant #(
                .AccBits  (@{ acc_bits }@),
                .MulBits  (@{ mul_bits }@),
                .ShiftBits(6),
                .OutBits  (@{ out_bits }@),
                .OutSigned(@{ out_signed }@),
                .VarShift (<% if var_shift %>1<% else %>0<% endif %>),
                .Shift    (6'd@{ shift }@)
            ) u_requant (
                .clk_i  (clk_i),
                .acc_i  (acc_q),
                .mul_i  (mul_q),
                .shift_i(<% if var_shift %>shift_q<% else %>6'd0<% endif %>),
                .data_o (queue_data[c*@{ out_bits }@+:@{ out_bits }@])
            );
        end
    endgenerate

@{ queue }@

endmodule

`default_nettype wire

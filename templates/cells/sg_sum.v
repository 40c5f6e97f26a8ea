// sg_sum: the sum of two signed values, clamped.
//
//   data_o(t+1) = clamp(a_i + b_i, lo, hi)(t)
//
// a_i, b_i  two's complement, one bit wider than the result
// data_o    Bits: 0 .. 2^b-1, or two's complement -2^(b-1) .. 2^(b-1)-1 where Signed is 1
`default_nettype none

module sg_sum #(
    parameter Bits   = 8,
    parameter Signed = 0
) (
    input  wire            clk_i,
    input  wire [  Bits:0] a_i,
    input  wire [  Bits:0] b_i,
    output reg  [Bits-1:0] data_o
);

    wire [Bits+1:0] sum = {a_i[Bits], a_i} + {b_i[Bits], b_i};
    wire            neg = sum[Bits+1];

    generate
        if (Signed != 0) begin : gen_signed
            // In range when all bits from the sign down to the result's sign bit are equal.
            wire fits = (sum[Bits+1:Bits-1] == {3{neg}});
            always @(posedge clk_i) begin
                data_o <= fits ? sum[Bits-1:0] : {neg, {(Bits - 1) {!neg}}};
            end
        end else begin : gen_unsigned
            always @(posedge clk_i) begin
                data_o <= neg ? {Bits{1'b0}} : (sum[Bits] ? {Bits{1'b1}} : sum[Bits-1:0]);
            end
        end
    endgenerate

endmodule

`default_nettype wire

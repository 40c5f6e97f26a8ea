// sg_mul_lut: a product made of adders, combinational, for lanes that get no multiplier block: p_o = a_i * b_i.
// All operands are two's complement. Written without `*`, because not every tool obeys an attribute against DSPs.
`default_nettype none

module sg_mul_lut #(
    parameter ABits = 9,
    parameter BBits = 8
) (
    input  wire signed [      ABits-1:0] a_i,
    input  wire signed [      BBits-1:0] b_i,
    output wire signed [ABits+BBits-1:0] p_o
);

    localparam Bits = ABits + BBits;

    wire [Bits-1:0] wide = {{BBits{a_i[ABits-1]}}, a_i};

    integer n;
    reg [Bits-1:0] sum;
    reg [Bits-1:0] term;

    always @* begin
        sum  = {Bits{1'b0}};
        term = {Bits{1'b0}};
        for (n = 0; n < BBits; n = n + 1) begin
            term = (wide << n) & {Bits{b_i[n]}};
            // The sign bit's weight is negative.
            sum  = (n == BBits - 1) ? sum - term : sum + term;
        end
    end

    assign p_o = sum;

endmodule

`default_nettype wire

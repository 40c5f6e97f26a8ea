// sg_booth: a product made of adders, combinational, for lanes that get no multiplier block:
//           p_o = sum_i + a_i * (b_i + inc_i).
//
// a_i    ABits, two's complement, not the most negative value
// b_i    2*Digits bits, two's complement
// sum_i  two's complement, ABits, no larger than a_i may be: what the digits below left over, or 0
// inc_i  1 adds one to b_i: the bit below b_i, where b_i is the upper part of a longer factor
//
// Radix-4 Booth digits: each two bits of b make one row, -2, -1, 0, 1 or 2 times a; a row's selection and its addition
// share their LUTs (six inputs: sum, a[i], a[i-1], three bits of b). Written without `*`, because not every tool obeys an
// attribute against multiplier blocks.
`default_nettype none

module sg_booth #(
    parameter ABits  = 9,
    parameter Digits = 2
) (
    input  wire [         ABits-1:0] a_i,
    input  wire [      2*Digits-1:0] b_i,
    input  wire                      inc_i,
    input  wire [         ABits-1:0] sum_i,
    output wire [ABits+2*Digits-1:0] p_o
);

    localparam RowBits = ABits + 2;

    wire [2*Digits:0] bits = {b_i, inc_i};
    wire [RowBits-1:0] one = {{2{a_i[ABits-1]}}, a_i};
    wire [RowBits-1:0] two = {a_i[ABits-1], a_i, 1'b0};

    integer n;
    reg is_one;
    reg is_two;
    reg [RowBits-1:0] row;
    reg [ABits-1:0] left;             // of the rows so far, from the next row's lowest bit on
    reg unused_carry;
    reg [ABits+2*Digits-1:0] product;

    always @* begin
        left    = sum_i;
        product = {(ABits + 2 * Digits) {1'b0}};
        for (n = 0; n < Digits; n = n + 1) begin
            is_one            = bits[2*n+1] ^ bits[2*n];
            is_two            = !is_one && (bits[2*n+2] ^ bits[2*n+1]);
            row               = (is_one ? one : (is_two ? two : {RowBits{1'b0}})) ^ {RowBits{bits[2*n+2]}};
            // The lowest position carries the 1 that completes a negative row.
            {left, product[2*n+:2], unused_carry} = {{2{left[ABits-1]}}, left, 1'b1} + {row, bits[2*n+2]};
        end
        product[2*Digits+:ABits] = left;
    end

    assign p_o = product;

endmodule

`default_nettype wire

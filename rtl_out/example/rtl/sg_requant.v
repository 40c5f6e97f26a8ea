// sg_requant: from an accumulator to an activation.
//
//   data_o(t+4) = clamp((acc_i * mul_i + 2^(s-1)) >>> s, lo, hi)(t)
//
// acc_i   signed, AccBits
// mul_i   unsigned, MulBits (at most 16)
// s       shift_i where VarShift is 1, else the constant Shift; 1 to 40. Computed as ((p >>> (s-1)) + 1) >>> 1.
// data_o  OutBits: 0 .. 2^b-1, or two's complement -2^(b-1) .. 2^(b-1)-1 where OutSigned is 1
//
// Latency 4 cycles, one value a cycle, never stalls.
`default_nettype none

module sg_requant #(
    parameter       AccBits   = 20,
    parameter       MulBits   = 16,
    parameter       ShiftBits = 6,
    parameter       OutBits   = 8,
    parameter       OutSigned = 0,
    parameter       VarShift  = 0,
    parameter [5:0] Shift     = 6'd1
) (
    input  wire                        clk_i,
    input  wire signed [  AccBits-1:0] acc_i,
    input  wire        [  MulBits-1:0] mul_i,
    input  wire        [ShiftBits-1:0] shift_i,
    output reg         [  OutBits-1:0] data_o
);

    // The product needs AccBits + MulBits; one bit more keeps the rounding carry and OutBits more the clamp's compare.
    localparam ProdBits = AccBits + MulBits + OutBits + 1;

    reg signed [AccBits-1:0] acc_q;
    reg        [MulBits-1:0] mul_q;

    always @(posedge clk_i) begin
        acc_q <= acc_i;
        mul_q <= mul_i;
    end

    wire signed [ProdBits-1:0] acc_ext = {{(ProdBits - AccBits) {acc_q[AccBits-1]}}, acc_q};
    wire signed [ProdBits-1:0] mul_ext = {{(ProdBits - MulBits) {1'b0}}, mul_q};
    reg signed  [ProdBits-1:0] prod_q;

    always @(posedge clk_i) begin
        prod_q <= acc_ext * mul_ext;
    end

    // Shift by s - 1, so that the bit to round with is the lowest one left.
    wire signed [ProdBits-1:0] shifted;

    generate
        if (VarShift != 0) begin : gen_var_shift
            reg [ShiftBits-1:0] less_one_q;
            reg [ShiftBits-1:0] less_one_q2;
            always @(posedge clk_i) begin
                less_one_q  <= shift_i - {{(ShiftBits - 1) {1'b0}}, 1'b1};
                less_one_q2 <= less_one_q;
            end
            assign shifted = prod_q >>> less_one_q2;
        end else begin : gen_const_shift
            wire [ShiftBits-1:0] unused_shift = shift_i;
            assign shifted = prod_q >>> (Shift - 6'd1);
        end
    endgenerate

    reg signed [ProdBits-1:0] shifted_q;

    always @(posedge clk_i) begin
        shifted_q <= shifted;
    end

    wire signed [ProdBits-1:0] one     = {{(ProdBits - 1) {1'b0}}, 1'b1};
    wire signed [ProdBits-1:0] rounded = (shifted_q + one) >>> 1;

    generate
        if (OutSigned != 0) begin : gen_signed
            // In range when all bits from the sign down to the output's sign bit are equal.
            wire fits = (rounded[ProdBits-1:OutBits-1] == {(ProdBits - OutBits + 1) {rounded[ProdBits-1]}});
            always @(posedge clk_i) begin
                data_o <= fits ? rounded[OutBits-1:0] : {rounded[ProdBits-1], {(OutBits - 1) {!rounded[ProdBits-1]}}};
            end
        end else begin : gen_unsigned
            wire over = |rounded[ProdBits-2:OutBits];
            always @(posedge clk_i) begin
                data_o <= rounded[ProdBits-1] ? {OutBits{1'b0}} : (over ? {OutBits{1'b1}} : rounded[OutBits-1:0]);
            end
        end
    endgenerate

endmodule

`default_nettype wire

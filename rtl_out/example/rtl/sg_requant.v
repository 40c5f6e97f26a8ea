// sg_requant: from an accumulator to an activation.
//
//   data_o(t+5) = clamp((acc_i * mul_i + 2^(s-1)) >>> s, lo, hi)(t)
//
// acc_i   signed, AccBits
// mul_i   unsigned, MulBits (at most 16)
// s       shift_i where VarShift is 1, else the constant Shift; 1 to 40. Computed as ((p >>> (s-1)) + 1) >>> 1.
// data_o  OutBits: 0 .. 2^b-1, or two's complement -2^(b-1) .. 2^(b-1)-1 where OutSigned is 1
//
// Latency 5 cycles, one value a cycle, never stalls: product (two), shift by eights, shift by ones, round and clamp. acc_i
// and mul_i should come from registers.
`default_nettype none

module sg_requant #(
    parameter       AccBits   = 20,
    parameter       MulBits   = 16,
    parameter       ShiftBits = 6,    // at most 6
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

    localparam ProdBits = AccBits + MulBits;
    // Bits that the rounding looks at, and those that the shift by ones selects them from.
    localparam Kept   = OutBits + 1;
    localparam Coarse = Kept + 7;
    localparam Wide   = (ProdBits > Coarse + 56) ? ProdBits : Coarse + 56;

    wire signed [ProdBits-1:0] prod;

    sg_times #(
        .AccBits(AccBits),
        .MulBits(MulBits)
    ) u_times (
        .clk_i (clk_i),
        .acc_i (acc_i),
        .mul_i (mul_i),
        .prod_o(prod)
    );

    // ---- s - 1, when the product is there, so that the bit to round with is the lowest one left ------------------------
    wire [31:0] eights;  // places of the shift by eights
    wire [31:0] ones;    // and of the one behind it

    generate
        if (VarShift != 0) begin : gen_var_shift
            reg [ShiftBits-1:0] less_one_q;
            reg [ShiftBits-1:0] less_one_q2;
            reg [2:0] ones_q;
            wire [6:0] less_one = {{(7 - ShiftBits) {1'b0}}, less_one_q2};
            wire unused_top = less_one[6];
            always @(posedge clk_i) begin
                less_one_q  <= shift_i - {{(ShiftBits - 1) {1'b0}}, 1'b1};
                less_one_q2 <= less_one_q;
                ones_q      <= less_one[2:0];
            end
            assign eights = {26'd0, less_one[5:3], 3'd0};
            assign ones   = {29'd0, ones_q};
        end else begin : gen_const_shift
            localparam [5:0] LessOne = Shift - 6'd1;
            wire [ShiftBits-1:0] unused_shift = shift_i;
            assign eights = {26'd0, LessOne[5:3], 3'd0};
            assign ones   = {29'd0, LessOne[2:0]};
        end
    endgenerate

    // ---- Shift; lost: the bits above those kept do not repeat the sign -------------------------------------------------
    reg [Coarse-1:0] coarse_q;
    reg [  Kept-1:0] kept_q;
    reg lost;
    reg lost_q;
    reg lost_q2;
    reg cut;
    reg sign_q;
    reg sign_q2;
    integer i;

    wire sign = prod[ProdBits-1];
    wire [  Wide-1:0] wide = {{(Wide - ProdBits) {sign}}, prod};
    wire [  Wide-1:0] by_eights = wide >> eights;
    wire [Coarse-1:0] by_ones = coarse_q >> ones;
    wire unused_high = &{1'b0, by_eights[Wide-1:Coarse], by_ones[Coarse-1:Kept]};

    always @* begin
        lost = 1'b0;
        for (i = Coarse; i < ProdBits; i = i + 1) begin
            lost = lost || ((i >= Coarse + eights) && (wide[i] != sign));
        end
    end

    always @* begin
        cut = 1'b0;
        for (i = Kept - OutSigned; i < Coarse; i = i + 1) begin
            cut = cut || ((i >= Kept - OutSigned + ones) && (coarse_q[i] != sign_q));
        end
    end

    always @(posedge clk_i) begin
        coarse_q <= by_eights[Coarse-1:0];
        sign_q   <= sign;
        lost_q   <= lost;
        kept_q   <= by_ones[Kept-1:0];
        sign_q2  <= sign_q;
        lost_q2  <= lost_q || cut;
    end

    // ---- Round and clamp ------------------------------------------------------------------------------------------------
    wire [Kept:0] rounded = {1'b0, kept_q} + {{Kept{1'b0}}, 1'b1};

    generate
        if (OutSigned != 0) begin : gen_signed
            wire over = lost_q2 || (!sign_q2 && rounded[OutBits]);
            wire unused_ends = &{1'b0, rounded[Kept], rounded[0]};
            always @(posedge clk_i) begin
                data_o <= over ? {sign_q2, {(OutBits - 1) {!sign_q2}}} : rounded[OutBits:1];
            end
        end else begin : gen_unsigned
            wire over = lost_q2 || rounded[Kept];
            wire unused_end = rounded[0];
            always @(posedge clk_i) begin
                data_o <= sign_q2 ? {OutBits{1'b0}} : (over ? {OutBits{1'b1}} : rounded[OutBits:1]);
            end
        end
    endgenerate

endmodule

`default_nettype wire

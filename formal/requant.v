// Proof of sg_requant for every accumulator, multiplier and shift of small widths: five cycles later its output is
// clamp((acc * mul + 2^(s-1)) >>> s, lo, hi), computed here as the network format writes it. The pipeline has no
// feedback, so a bounded proof of seven cycles from any state is a whole one.
`default_nettype none

module proof #(
    parameter AccBits   = 6,
    parameter OutSigned = 0,
    parameter VarShift  = 1,
    parameter Shift     = 3
) (
    input wire                      clk_i,
    input wire signed [AccBits-1:0] acc_i,
    input wire        [        3:0] mul_i,
    input wire        [        3:0] shift_i
);
    wire [2:0] data;

    sg_requant #(
        .AccBits  (AccBits),
        .MulBits  (4),
        .ShiftBits(4),
        .OutBits  (3),
        .OutSigned(OutSigned),
        .VarShift (VarShift),
        .Shift    (Shift)
    ) i_dut (
        .clk_i  (clk_i),
        .acc_i  (acc_i),
        .mul_i  (mul_i),
        .shift_i(shift_i),
        .data_o (data)
    );

    wire        [ 3:0] s       = (VarShift != 0) ? shift_i : Shift;
    wire signed [19:0] acc     = {{(20 - AccBits) {acc_i[AccBits-1]}}, acc_i};
    wire signed [19:0] mul     = {16'd0, mul_i};
    wire signed [19:0] half    = 20'sd1 <<< (s - 4'd1);
    wire signed [19:0] rounded = (acc * mul + half) >>> s;
    wire signed [19:0] lo      = (OutSigned != 0) ? -20'sd4 : 20'sd0;
    wire signed [19:0] hi      = (OutSigned != 0) ? 20'sd3 : 20'sd7;
    wire signed [19:0] clamped = (rounded < lo) ? lo : ((rounded > hi) ? hi : rounded);

    reg  [ 2:0] due_q  [0:4];
    reg  [ 2:0] cycles_q = 3'd0;

    always @(posedge clk_i) begin
        due_q[0] <= clamped[2:0];
        due_q[1] <= due_q[0];
        due_q[2] <= due_q[1];
        due_q[3] <= due_q[2];
        due_q[4] <= due_q[3];
        if (cycles_q != 3'd5) cycles_q <= cycles_q + 3'd1;
    end

    always @(*) begin
        assume (shift_i != 4'd0);
        if (cycles_q == 3'd5) assert (data == due_q[4]);
    end
endmodule

`default_nettype wire

// Proof of sg_requant for every accumulator, multiplier and shift of small widths: four cycles later its output is
// clamp((acc * mul + 2^(s-1)) >>> s, lo, hi), computed here as the network format writes it. The pipeline has no
// feedback, so a bounded proof of six cycles from any state is a whole one.
`default_nettype none

module proof #(
    parameter OutSigned = 0,
    parameter VarShift  = 1
) (
    input wire              clk_i,
    input wire signed [5:0] acc_i,
    input wire        [3:0] mul_i,
    input wire        [2:0] shift_i
);
    wire [2:0] data;

    sg_requant #(
        .AccBits  (6),
        .MulBits  (4),
        .ShiftBits(3),
        .OutBits  (3),
        .OutSigned(OutSigned),
        .VarShift (VarShift),
        .Shift    (6'd3)
    ) i_dut (
        .clk_i  (clk_i),
        .acc_i  (acc_i),
        .mul_i  (mul_i),
        .shift_i(shift_i),
        .data_o (data)
    );

    wire        [ 2:0] s       = (VarShift != 0) ? shift_i : 3'd3;
    wire signed [15:0] acc     = {{10{acc_i[5]}}, acc_i};
    wire signed [15:0] mul     = {12'd0, mul_i};
    wire signed [15:0] half    = 16'sd1 <<< (s - 3'd1);
    wire signed [15:0] rounded = (acc * mul + half) >>> s;
    wire signed [15:0] lo      = (OutSigned != 0) ? -16'sd4 : 16'sd0;
    wire signed [15:0] hi      = (OutSigned != 0) ? 16'sd3 : 16'sd7;
    wire signed [15:0] clamped = (rounded < lo) ? lo : ((rounded > hi) ? hi : rounded);

    reg  [ 2:0] due_q  [0:3];
    reg  [ 2:0] cycles_q = 3'd0;

    always @(posedge clk_i) begin
        due_q[0] <= clamped[2:0];
        due_q[1] <= due_q[0];
        due_q[2] <= due_q[1];
        due_q[3] <= due_q[2];
        if (cycles_q != 3'd4) cycles_q <= cycles_q + 3'd1;
    end

    always @(*) begin
        assume (shift_i != 3'd0);
        if (cycles_q == 3'd4) assert (data == due_q[3]);
    end
endmodule

`default_nettype wire

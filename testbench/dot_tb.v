// Two makings of the same sg_dot beside each other on random operands, compared in every cycle: `Dut` (say, with the named
// multiplier block) and `Reference`, modules of its ports that a script prepares.
`default_nettype none

module dot_tb;
    parameter Chain = 2;
    parameter Segments = 4;
    parameter Levels = 2;
    parameter Pack = 2;
    parameter Offset = 17;
    parameter ActBits = 8;
    parameter ActSigned = 0;
    parameter WeightBits = 8;
    localparam Taps = 7;
    localparam SumBits = 20;

    reg clk = 1'b0;
    reg [Taps*ActBits-1:0] act = 0;
    reg [Taps*Pack*WeightBits-1:0] weight = 0;
    wire [Pack*SumBits-1:0] sums[0:1];
    wire [Pack-1:0] carries[0:1];
    integer cycle;
    integer errors = 0;

    Dut #(
        .Taps(Taps), .Chain(Chain), .Segments(Segments), .Levels(Levels), .Pack(Pack), .Offset(Offset), .ActBits(ActBits),
        .ActSigned(ActSigned), .WeightBits(WeightBits), .SumBits(SumBits)
    ) u_dut (.clk_i(clk), .act_i(act), .weight_i(weight), .sum_o(sums[0]), .carry_o(carries[0]));
    Reference #(
        .Taps(Taps), .Chain(Chain), .Segments(Segments), .Levels(Levels), .Pack(Pack), .Offset(Offset), .ActBits(ActBits),
        .ActSigned(ActSigned), .WeightBits(WeightBits), .SumBits(SumBits)
    ) u_reference (.clk_i(clk), .act_i(act), .weight_i(weight), .sum_o(sums[1]), .carry_o(carries[1]));

    initial begin
        for (cycle = 0; cycle < 3000; cycle = cycle + 1) begin
            act    = {$random, $random};
            weight = {$random, $random, $random, $random};
            #5 clk = 1'b1;
            #5 clk = 1'b0;
            if (cycle > 20 && (sums[0] !== sums[1] || carries[0] !== carries[1])) errors = errors + 1;
        end
        $display("%0d errors", errors);
        $finish;
    end
endmodule

`default_nettype wire

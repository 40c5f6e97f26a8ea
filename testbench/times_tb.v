// sg_times against `*`: random operands and the extreme ones, two cycles behind. Prints the number of wrong products.
`default_nettype none

module times_tb #(
    parameter AccBits = 14,
    parameter MulBits = 16
);
    localparam Cycles = 4000;

    reg                              clk_i = 1'b0;
    reg  signed [       AccBits-1:0] acc_i;
    reg         [       MulBits-1:0] mul_i;
    wire signed [AccBits+MulBits-1:0] prod_o;
    reg  signed [AccBits+MulBits-1:0] next;
    reg  signed [AccBits+MulBits-1:0] expected;
    integer i, seed, errors;

    sg_times #(
        .AccBits(AccBits),
        .MulBits(MulBits)
    ) u_dut (
        .clk_i (clk_i),
        .acc_i (acc_i),
        .mul_i (mul_i),
        .prod_o(prod_o)
    );

    always #5 clk_i = !clk_i;

    initial begin
        errors = 0;
        seed   = 1;
        for (i = 0; i < Cycles; i = i + 1) begin
            @(negedge clk_i);
            if (i > 2 && prod_o !== expected) errors = errors + 1;
            expected = next;
            acc_i    = $random(seed);
            mul_i    = $random(seed);
            if (i % 7 == 0) acc_i = {1'b1, {(AccBits - 1) {1'b0}}};
            if (i % 13 == 0) acc_i = {1'b0, {(AccBits - 1) {1'b1}}};
            if (i % 11 == 0) mul_i = {MulBits{1'b1}};
            next = $signed({{MulBits{acc_i[AccBits-1]}}, acc_i}) * $signed({{AccBits{1'b0}}, mul_i});
        end
        $display("%0d errors", errors);
        $finish(0);
    end
endmodule

`default_nettype wire

// Proof of sg_credit: as long as takes wait for grant_o and only booked beats come back, it never grants more beats than
// the queue has free, and grants whenever it has enough. Every state is reached within six cycles of reset, so a bounded
// proof of twelve is a whole one.
`default_nettype none

module proof (
    input wire clk_i,
    input wire rst_ni,
    input wire take_i,
    input wire give_i,
    input wire drop_i
);
    wire grant;

    sg_credit #(
        .Beats(6),
        .Take (2),
        .Bits (3)
    ) i_dut (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .take_i (take_i),
        .give_i (give_i),
        .drop_i (drop_i),
        .grant_o(grant)
    );

    reg  [3:0] booked_q = 4'd0;
    reg        begun_q  = 1'b0;
    wire [3:0] back     = {3'd0, give_i} + {3'd0, drop_i};

    always @(posedge clk_i) begin
        begun_q  <= 1'b1;
        booked_q <= rst_ni ? booked_q + (take_i ? 4'd2 : 4'd0) - back : 4'd0;
    end

    always @(*) begin
        if (!begun_q) assume (!rst_ni);
        if (take_i) assume (grant);
        assume (back <= booked_q);
        if (begun_q) begin
            assert (booked_q <= 4'd6);
            assert (grant == (booked_q <= 4'd4));
        end
    end
endmodule

`default_nettype wire

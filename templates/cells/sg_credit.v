// sg_credit: counts the free beats of an output queue, so that an engine that cannot stall starts work only when its
// results have room. take_i (allowed while grant_o) books Take beats; give_i returns one when it leaves the queue, drop_i
// one that was booked but never enters it. grant_o is a register.
`default_nettype none

module sg_credit #(
    parameter Beats = 16,  // beats the queue holds
    parameter Take  = 4,   // beats one start books
    parameter Bits  = 5    // holds Beats
) (
    input  wire clk_i,
    input  wire rst_ni,
    input  wire take_i,
    input  wire give_i,
    input  wire drop_i,
    output wire grant_o
);

    localparam Once  = Take;
    localparam Twice = 2 * Take;

    reg  [Bits-1:0] free_q;
    reg             grant_q;   // free_q >= Take
    wire [Bits-1:0] taken = take_i ? Take[Bits-1:0] : {Bits{1'b0}};
    wire [  Bits:0] held = {1'b0, free_q} + {{Bits{1'b0}}, give_i} + {{Bits{1'b0}}, drop_i};
    wire            unused_carry = held[Bits];

    assign grant_o = grant_q;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            free_q  <= Beats[Bits-1:0];
            grant_q <= 1'b1;
        end else begin
            free_q  <= held[Bits-1:0] - taken;
            grant_q <= take_i ? (held >= Twice[Bits:0]) : (held >= Once[Bits:0]);
        end
    end

endmodule

`default_nettype wire

// sg_credit: counts the free beats of an output queue, so that an engine that cannot stall starts work only when its
// results have room. take_i (allowed while grant_o) books Take beats; give_i returns one when it leaves the queue, drop_i
// one that was booked but never enters it.
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

    localparam One = 1;

    reg  [Bits-1:0] free_q;
    wire [Bits-1:0] taken = take_i ? Take[Bits-1:0] : {Bits{1'b0}};
    wire [Bits-1:0] given = give_i ? One[Bits-1:0] : {Bits{1'b0}};
    wire [Bits-1:0] dropped = drop_i ? One[Bits-1:0] : {Bits{1'b0}};

    assign grant_o = (free_q >= Take[Bits-1:0]);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            free_q <= Beats[Bits-1:0];
        end else begin
            free_q <= free_q - taken + given + dropped;
        end
    end

endmodule

`default_nettype wire

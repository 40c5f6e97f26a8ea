// sg_fork: gives each beat of one stream to Ways consumers, to each once, and takes the next when all have it.
//
// A consumer that is ready gets the beat at once, whatever the others do. out_valid_o depends on registers and in_valid_i
// alone, so that no consumer's ready reaches a valid. Throughput: one beat a cycle.
`default_nettype none

module sg_fork #(
    parameter Ways = 2
) (
    input  wire            clk_i,
    input  wire            rst_ni,
    input  wire            in_valid_i,
    output wire            in_ready_o,
    output wire [Ways-1:0] out_valid_o,
    input  wire [Ways-1:0] out_ready_i
);

    reg  [Ways-1:0] done_q;  // consumers that have the beat
    wire [Ways-1:0] done = done_q | out_ready_i;

    assign out_valid_o = {Ways{in_valid_i}} & ~done_q;
    assign in_ready_o  = &done;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            done_q <= {Ways{1'b0}};
        end else if (in_valid_i) begin
            done_q <= in_ready_o ? {Ways{1'b0}} : done;
        end
    end

endmodule

`default_nettype wire

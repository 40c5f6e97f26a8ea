// sg_acc: Lanes accumulators of Bits: sum_o += data_i + carry_i. first_i starts a sum, last_i ends it; sum_o is valid with
// done_o, one cycle later.
`default_nettype none

module sg_acc #(
    parameter Lanes = 8,
    parameter Bits  = 20
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    input  wire                  valid_i,
    input  wire                  first_i,
    input  wire                  last_i,
    input  wire [Lanes*Bits-1:0] data_i,
    input  wire [     Lanes-1:0] carry_i,
    output reg                   done_o,
    output wire [Lanes*Bits-1:0] sum_o
);

    genvar i;
    generate
        for (i = 0; i < Lanes; i = i + 1) begin : gen_lane
            reg [Bits-1:0] sum_q;
            // a - ~b is a + b + 1: below the sum a position that makes the carry. A subtraction's operands keep their order
            // in synthesis, and it is the second one whose gates share the adder's LUTs.
            wire [Bits:0] next = {data_i[i*Bits+:Bits], 1'b0} - ~{sum_q & {Bits{!first_i}}, carry_i[i]};
            wire unused_next = next[0];
            always @(posedge clk_i) begin
                if (valid_i) begin
                    sum_q <= next[Bits:1];
                end
            end
            assign sum_o[i*Bits+:Bits] = sum_q;
        end
    endgenerate

    always @(posedge clk_i) begin
        done_o <= rst_ni && valid_i && last_i;
    end

endmodule

`default_nettype wire

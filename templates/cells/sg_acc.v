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
            always @(posedge clk_i) begin
                if (valid_i) begin
                    sum_q <= (first_i ? {Bits{1'b0}} : sum_q) + data_i[i*Bits+:Bits] + {{(Bits - 1) {1'b0}}, carry_i[i]};
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

// sg_skew: operands of chained multipliers. Value i comes out (i + Skip) % Chain cycles later than it went in.
//
// data_i, data_o   Taps values of Bits, value i in bits [i*Bits +: Bits]
//
// No reset, so that shift registers (SRL) can hold the delays.
`default_nettype none

module sg_skew #(
    parameter Taps  = 9,
    parameter Bits  = 8,
    parameter Chain = 4,
    parameter Skip  = 3
) (
    input  wire                 clk_i,
    input  wire [Taps*Bits-1:0] data_i,
    output wire [Taps*Bits-1:0] data_o
);

    genvar i;
    generate
        for (i = 0; i < Taps; i = i + 1) begin : gen_tap
            localparam Late = (i + Skip) % Chain;
            if (Late == 0) begin : gen_wire
                assign data_o[i*Bits+:Bits] = data_i[i*Bits+:Bits];
            end else if (Late == 1) begin : gen_one
                reg [Bits-1:0] line_q;
                always @(posedge clk_i) begin
                    line_q <= data_i[i*Bits+:Bits];
                end
                assign data_o[i*Bits+:Bits] = line_q;
            end else begin : gen_many
                reg [Late*Bits-1:0] line_q;
                always @(posedge clk_i) begin
                    line_q <= {line_q[(Late-1)*Bits-1:0], data_i[i*Bits+:Bits]};
                end
                assign data_o[i*Bits+:Bits] = line_q[Late*Bits-1-:Bits];
            end
        end
    endgenerate

endmodule

`default_nettype wire

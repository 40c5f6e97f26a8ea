// sg_mac: one lane's dot product.
//
//   sum_o(t + 2 + Levels) = sum over i of act_i[i] * weight_i[i] (t)
//
// act_i     Taps values of ActBits, two's complement where ActSigned is 1; value i in bits [i*ActBits +: ActBits]
// weight_i  Taps values of WeightBits, two's complement
// sum_o     SumBits, two's complement; the caller chooses it wide enough for every partial sum
//
// The products of the first LutTaps taps are made of LUTs (sg_mul_lut), the others as the tool likes: in DSPs.
// Operand register, product register, then an adder tree with a register a level: Levels = ceil(log2(Taps)).
`default_nettype none

module sg_mac #(
    parameter Taps       = 4,
    parameter Levels     = 2,
    parameter ActBits    = 4,
    parameter ActSigned  = 0,
    parameter WeightBits = 4,
    parameter SumBits    = 12,
    parameter LutTaps    = 0
) (
    input  wire                              clk_i,
    input  wire        [   Taps*ActBits-1:0] act_i,
    input  wire        [Taps*WeightBits-1:0] weight_i,
    output wire signed [        SumBits-1:0] sum_o
);

    localparam Leaves = 1 << Levels;
    localparam ActExt = ActBits + 1;
    localparam ProdBits = ActExt + WeightBits;

    // Node n of the tree (1 is the root, slice n-1) sums nodes 2n and 2n+1; the leaves are nodes Leaves .. 2*Leaves-1.
    wire [(2*Leaves-1)*SumBits-1:0] node;

    genvar i;
    generate
        for (i = 0; i < Leaves; i = i + 1) begin : gen_leaf
            if (i < Taps) begin : gen_product
                wire sign = (ActSigned != 0) && act_i[i*ActBits+ActBits-1];
                reg signed [ActExt-1:0] act_q;
                reg signed [WeightBits-1:0] weight_q;
                reg signed [ProdBits-1:0] prod_q;
                wire signed [ProdBits-1:0] prod;

                if (i < LutTaps) begin : gen_lut
                    sg_mul_lut #(
                        .ABits(ActExt),
                        .BBits(WeightBits)
                    ) u_mul (
                        .a_i(act_q),
                        .b_i(weight_q),
                        .p_o(prod)
                    );
                end else begin : gen_dsp
                    wire signed [ProdBits-1:0] act_wide = {{WeightBits{act_q[ActExt-1]}}, act_q};
                    wire signed [ProdBits-1:0] weight_wide = {{ActExt{weight_q[WeightBits-1]}}, weight_q};
                    assign prod = act_wide * weight_wide;
                end

                always @(posedge clk_i) begin
                    act_q    <= {sign, act_i[i*ActBits+:ActBits]};
                    weight_q <= weight_i[i*WeightBits+:WeightBits];
                    prod_q   <= prod;
                end

                if (SumBits > ProdBits) begin : gen_extend
                    assign node[(Leaves+i-1)*SumBits+:SumBits] = {{(SumBits - ProdBits) {prod_q[ProdBits-1]}}, prod_q};
                end else if (SumBits == ProdBits) begin : gen_same
                    assign node[(Leaves+i-1)*SumBits+:SumBits] = prod_q;
                end else begin : gen_cut
                    // The caller proved that SumBits hold every partial sum.
                    wire [ProdBits-SumBits-1:0] unused_high = prod_q[ProdBits-1:SumBits];
                    assign node[(Leaves+i-1)*SumBits+:SumBits] = prod_q[SumBits-1:0];
                end
            end else begin : gen_none
                assign node[(Leaves+i-1)*SumBits+:SumBits] = {SumBits{1'b0}};
            end
        end

        for (i = 1; i < Leaves; i = i + 1) begin : gen_add
            reg [SumBits-1:0] sum_q;
            always @(posedge clk_i) begin
                sum_q <= node[(2*i-1)*SumBits+:SumBits] + node[2*i*SumBits+:SumBits];
            end
            assign node[(i-1)*SumBits+:SumBits] = sum_q;
        end
    endgenerate

    assign sum_o = node[SumBits-1:0];

endmodule

`default_nettype wire

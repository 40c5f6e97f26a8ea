// sg_dot: dot products of Pack output channels with the same activations, one multiplier block for each activation.
//
//   sum_o[k] + carry_o[k] = sum over i of act_i[i] * weight_i[i][k]
//
// act_i     Taps values of ActBits, two's complement where ActSigned is 1; value i in bits [i*ActBits +: ActBits]
// weight_i  Pack weights of WeightBits a value, two's complement: the values that come first first, then those that come a
//           cycle late, and so on. Ready for packing: weight k less 1 where the stored weight k - 1 is negative
// sum_o     Pack values of SumBits, two's complement; the caller chooses them wide enough for every partial sum
// carry_o   what is to be added to each; left to the next adder, which does it for nothing
//
// Packing: the weights of an activation stand Offset bits apart in one operand, so that one product holds Pack of them, each
// in a field of Offset bits (AMD WP486, WP521). A negative field borrows from the one above it: hence the carries, and the
// ready weights. The caller sees to it that Offset bits hold the sum of Chain products. Lut = 1: no packing, made of adders.
//
// Time: multipliers stand in chains of Chain, each adding its product to the sum of the one before it, which DSP blocks do
// without fabric. Operand i comes (i + Skip) % Chain cycles late, Skip = Segments*Chain - Taps: the first chain is the
// short one, and all end together. An adder tree sums the Segments chains. Sums are out 2 + Chain + Levels cycles after the
// operands that are not late; Levels = ceil(log2(Segments)).
`default_nettype none

module sg_dot #(
    parameter Taps       = 9,
    parameter Chain      = 4,
    parameter Segments   = 3,
    parameter Levels     = 2,
    parameter Pack       = 2,
    parameter Offset     = 19,
    parameter ActBits    = 8,
    parameter ActSigned  = 0,
    parameter WeightBits = 8,
    parameter SumBits    = 20,
    parameter Lut        = 0
) (
    input  wire                            clk_i,
    input  wire [        Taps*ActBits-1:0] act_i,
    input  wire [Taps*Pack*WeightBits-1:0] weight_i,
    output wire [        Pack*SumBits-1:0] sum_o,
    output wire [                Pack-1:0] carry_o
);

    localparam Skip = Segments * Chain - Taps;
    localparam Leaves = 1 << Levels;
    // Bits of a chain's sum, in a field that may be wider.
    localparam ChainBits = ActBits + WeightBits + $clog2(Chain);
    localparam LeafBits = (ChainBits < Offset) ? ChainBits : Offset;
`ifdef SG_DSP48E2
    localparam Link = 48;
`else
    localparam Link = Pack * Offset;
`endif

    // Ends of the chains; the tree's leaves past the last are 0.
    wire [Leaves*Link-1:0] ends;

    genvar s;
    genvar j;
    genvar k;
    generate
        for (s = 0; s < Leaves; s = s + 1) begin : gen_segment
            if (s < Segments) begin : gen_chain
                wire [(Chain+1)*Link-1:0] links;
                assign links[0+:Link]      = {Link{1'b0}};
                assign ends[s*Link+:Link] = links[Chain*Link+:Link];
                wire unused_links = &{1'b0, links};
                for (j = 0; j < Chain; j = j + 1) begin : gen_block
                    if (s * Chain + j < Skip) begin : gen_none
                        assign links[(j+1)*Link+:Link] = {Link{1'b0}};
                    end else begin : gen_product
                        localparam Place = (j < Skip) ? j * (Segments - 1) + s - 1 : j * Segments - Skip + s;
                        sg_product #(
                            .Pack      (Pack),
                            .Offset    (Offset),
                            .Link      (Link),
                            .ActBits   (ActBits),
                            .ActSigned (ActSigned),
                            .WeightBits(WeightBits),
                            .First     ((j == 0) || (s * Chain + j == Skip)),
                            .Lut       (Lut)
                        ) u_product (
                            .clk_i   (clk_i),
                            .act_i   (act_i[(s*Chain+j-Skip)*ActBits+:ActBits]),
                            .weight_i(weight_i[Place*Pack*WeightBits+:Pack*WeightBits]),
                            .sum_i   (links[j*Link+:Link]),
                            .sum_o   (links[(j+1)*Link+:Link])
                        );
                    end
                end
            end else begin : gen_zero
                assign ends[s*Link+:Link] = {Link{1'b0}};
            end
        end

        for (k = 0; k < Pack; k = k + 1) begin : gen_field
            // Node n of the tree (1 is the root) adds nodes 2n and 2n+1; nodes Leaves .. 2*Leaves-1 are the chains' ends. A
            // node has as many bits as its sum can have; above them stand copies of the sign.
            wire [2*Leaves*SumBits-1:0] node;
            wire [2*Leaves-1:0] carry;
            assign node[0+:SumBits] = {SumBits{1'b0}};
            assign carry[0]         = 1'b0;
            wire unused_node = &{1'b0, node, carry[0]};
            for (s = 0; s < Leaves; s = s + 1) begin : gen_leaf
                if (SumBits > LeafBits) begin : gen_extend
                    assign node[(Leaves+s)*SumBits+:SumBits] = {{(SumBits - LeafBits) {ends[s*Link+k*Offset+LeafBits-1]}}, ends[s*Link+k*Offset+:LeafBits]};
                end else begin : gen_cut
                    assign node[(Leaves+s)*SumBits+:SumBits] = ends[s*Link+k*Offset+:SumBits];
                end
                if (k == 0) begin : gen_lowest
                    assign carry[Leaves+s] = 1'b0;
                end else begin : gen_borrowed
                    assign carry[Leaves+s] = ends[s*Link+k*Offset-1];
                end
            end
            for (j = 1; j <= Levels; j = j + 1) begin : gen_level
                localparam Grown = LeafBits + j;
                localparam Bits = (Grown < SumBits) ? Grown : SumBits;
                for (s = Leaves >> j; s < (Leaves >> (j - 1)); s = s + 1) begin : gen_add
                    reg [Bits-1:0] sum_q;
                    reg carry_q;
                    // Below the sum a position that makes the carry.
                    wire [Bits:0] next = {node[2*s*SumBits+:Bits], 1'b1} + {node[(2*s+1)*SumBits+:Bits], carry[2*s]};
                    wire unused_next = next[0];
                    always @(posedge clk_i) begin
                        sum_q   <= next[Bits:1];
                        carry_q <= carry[2*s+1];
                    end
                    if (Bits < SumBits) begin : gen_extend
                        assign node[s*SumBits+:SumBits] = {{(SumBits - Bits) {sum_q[Bits-1]}}, sum_q};
                    end else begin : gen_whole
                        assign node[s*SumBits+:SumBits] = sum_q;
                    end
                    assign carry[s] = carry_q;
                end
            end
            assign sum_o[k*SumBits+:SumBits] = node[SumBits+:SumBits];
            assign carry_o[k]                = carry[1];
        end
    endgenerate

endmodule

`default_nettype wire

// sg_tree: the sum of Terms values, an adder tree with a register a level: sum_o(t + Levels) = sum of data_i(t).
// All are two's complement; a level's registers are a bit wider than those before, at most OutBits wide.
`default_nettype none

module sg_tree #(
    parameter Terms   = 4,
    parameter Levels  = 2,   // ceil(log2(Terms))
    parameter InBits  = 12,
    parameter OutBits = 14   // holds every partial sum; at least InBits
) (
    input  wire                    clk_i,
    input  wire [Terms*InBits-1:0] data_i,
    output wire [     OutBits-1:0] sum_o
);

    localparam Leaves = 1 << Levels;

    // Node n of the tree (1 is the root, slice n-1) sums nodes 2n and 2n+1; the leaves are nodes Leaves .. 2*Leaves-1.
    wire [(2*Leaves-1)*OutBits-1:0] node;

    genvar i;
    genvar level;
    generate
        for (i = 0; i < Leaves; i = i + 1) begin : gen_leaf
            if (i >= Terms) begin : gen_none
                assign node[(Leaves+i-1)*OutBits+:OutBits] = {OutBits{1'b0}};
            end else if (OutBits > InBits) begin : gen_extend
                assign node[(Leaves+i-1)*OutBits+:OutBits] = {{(OutBits - InBits) {data_i[i*InBits+InBits-1]}}, data_i[i*InBits+:InBits]};
            end else begin : gen_same
                assign node[(Leaves+i-1)*OutBits+:OutBits] = data_i[i*InBits+:InBits];
            end
        end

        if (Levels == 0) begin : gen_no_level
            wire unused_clk = clk_i;
        end

        // The root is the only node of level Levels; level 1 sums pairs of leaves.
        for (level = 1; level <= Levels; level = level + 1) begin : gen_level
            for (i = Leaves >> level; i < (Leaves >> (level - 1)); i = i + 1) begin : gen_add
                localparam Bits = (InBits + level < OutBits) ? InBits + level : OutBits;
                wire [OutBits-1:0] sum = node[(2*i-1)*OutBits+:OutBits] + node[2*i*OutBits+:OutBits];
                reg [Bits-1:0] sum_q;
                always @(posedge clk_i) begin
                    sum_q <= sum[Bits-1:0];
                end
                if (OutBits > Bits) begin : gen_extend
                    wire unused_high = &{1'b0, sum[OutBits-1:Bits]};
                    assign node[(i-1)*OutBits+:OutBits] = {{(OutBits - Bits) {sum_q[Bits-1]}}, sum_q};
                end else begin : gen_same
                    assign node[(i-1)*OutBits+:OutBits] = sum_q;
                end
            end
        end
    endgenerate

    assign sum_o = node[OutBits-1:0];

endmodule

`default_nettype wire

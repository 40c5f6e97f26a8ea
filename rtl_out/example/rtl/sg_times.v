// sg_times: the product of an accumulator and a multiplier: prod_o(t+2) = acc_i(t) * mul_i(t).
//
// acc_i   two's complement, AccBits
// mul_i   unsigned, MulBits (at most 16)
// prod_o  two's complement, AccBits + MulBits
//
// Both inputs should come from registers. The two registers behind the product lie in the multiplier block on AMD. Lattice's
// blocks are narrower: a synthesis for them defines SG_MULT_BITS as the bits of an operand, and the product is that of the
// accumulator's low bits, in one block, plus that of the others; in as many cycles. A synthesis without blocks defines
// SG_MULT_ROWS: the product is made of Booth rows, half of them a cycle, with a third of the LUTs that Yosys makes of a `*`.
`default_nettype none

module sg_times #(
    parameter AccBits = 20,
    parameter MulBits = 16
) (
    input  wire                              clk_i,
    input  wire signed [        AccBits-1:0] acc_i,
    input  wire        [        MulBits-1:0] mul_i,
    output wire signed [AccBits+MulBits-1:0] prod_o
);

`ifdef SG_MULT_ROWS
    localparam Rows  = (AccBits > 2) ? 1 : 0;
    localparam Block = AccBits;
`else
    localparam Rows  = 0;
`ifdef SG_MULT_BITS
    localparam Block = `SG_MULT_BITS;
`else
    localparam Block = AccBits;
`endif
`endif
    localparam ProdBits = AccBits + MulBits;

    reg signed [ProdBits-1:0] prod_q;

    generate
        if (Rows != 0) begin : gen_rows
            localparam LowDigits  = (AccBits + 1) / 4;
            localparam HighDigits = (AccBits + 1) / 2 - LowDigits;
            localparam Low        = 2 * LowDigits;
            localparam High       = 2 * HighDigits;
            // The digits need an even number of bits.
            wire    [     AccBits:0] acc = {acc_i[AccBits-1], acc_i};
            wire    [ MulBits+Low:0] low;
            wire    [MulBits+High:0] high;
            reg     [ MulBits+Low:0] low_q;
            reg     [        High:0] acc_q;  // of the high digits, and the bit below
            reg     [   MulBits-1:0] mul_q;
            wire                     unused = &{1'b0, acc, high};

            sg_booth #(
                .ABits (MulBits + 1),
                .Digits(LowDigits)
            ) u_low (
                .a_i  ({1'b0, mul_i}),
                .b_i  (acc_i[Low-1:0]),
                .inc_i(1'b0),
                .sum_i({(MulBits + 1) {1'b0}}),
                .p_o  (low)
            );

            sg_booth #(
                .ABits (MulBits + 1),
                .Digits(HighDigits)
            ) u_high (
                .a_i  ({1'b0, mul_q}),
                .b_i  (acc_q[High:1]),
                .inc_i(acc_q[0]),
                .sum_i(low_q[MulBits+Low:Low]),
                .p_o  (high)
            );

            always @(posedge clk_i) begin
                low_q  <= low;
                acc_q  <= acc[Low-1+:High+1];
                mul_q  <= mul_i;
                prod_q <= {high[ProdBits-Low-1:0], low_q[Low-1:0]};
            end
        end else if (AccBits > Block) begin : gen_split
            localparam HighBits = AccBits - Block;
            localparam LowProd  = Block + MulBits;
            localparam HighProd = HighBits + MulBits;
            reg [ LowProd-1:0] low_q;
            reg [HighProd-1:0] high_q;
            wire [LowProd-1:0] low_acc = {{MulBits{1'b0}}, acc_i[Block-1:0]};
            wire [LowProd-1:0] low_mul = {{Block{1'b0}}, mul_i};
            wire [HighProd-1:0] high;

            if (HighBits <= 4) begin : gen_few
                // Few bits: a row or two of adders instead of a block.
                localparam Digits = (HighBits + 1) / 2;
                wire [HighBits:0] factor = {acc_i[AccBits-1], acc_i[AccBits-1:Block]};
                wire [MulBits+2*Digits:0] rows;
                wire unused_rows = &{1'b0, factor, rows};

                sg_booth #(
                    .ABits (MulBits + 1),
                    .Digits(Digits)
                ) u_rows (
                    .a_i  ({1'b0, mul_i}),
                    .b_i  (factor[2*Digits-1:0]),
                    .inc_i(1'b0),
                    .sum_i({(MulBits + 1) {1'b0}}),
                    .p_o  (rows)
                );
                assign high = rows[HighProd-1:0];
            end else begin : gen_block
                wire signed [HighProd-1:0] high_acc = {{MulBits{acc_i[AccBits-1]}}, acc_i[AccBits-1:Block]};
                wire signed [HighProd-1:0] high_mul = {{HighBits{1'b0}}, mul_i};
                assign high = high_acc * high_mul;
            end

            always @(posedge clk_i) begin
                low_q  <= low_acc * low_mul;
                high_q <= high;
                prod_q <= {high_q, {Block{1'b0}}} + {{HighBits{1'b0}}, low_q};
            end
        end else begin : gen_whole
            wire signed [ProdBits-1:0] acc_wide = {{MulBits{acc_i[AccBits-1]}}, acc_i};
            wire signed [ProdBits-1:0] mul_wide = {{AccBits{1'b0}}, mul_i};
`ifdef SG_MULT_BITS
            // Registers before and behind: Yosys joins two behind a product of iCE40's block wrongly.
            reg signed [ProdBits-1:0] acc_q;
            reg signed [ProdBits-1:0] mul_q;

            always @(posedge clk_i) begin
                acc_q  <= acc_wide;
                mul_q  <= mul_wide;
                prod_q <= acc_q * mul_q;
            end
`else
            reg signed [ProdBits-1:0] whole_q;

            always @(posedge clk_i) begin
                whole_q <= acc_wide * mul_wide;
                prod_q  <= whole_q;
            end
`endif
        end
    endgenerate

    assign prod_o = prod_q;

endmodule

`default_nettype wire

// sg_product: one multiplier of a chain: sum_o(t+3) = sum_i(t+2) + act_i(t) * packed weights(t).
//
// act_i      ActBits, two's complement where ActSigned is 1
// weight_i   Pack weights of WeightBits, see sg_dot; in the operand they stand Offset bits apart
// sum_i      sum_o of the multiplier before; not read where First is 1
// sum_o      Pack fields of Offset bits, then copies of the sign or nothing, up to Link bits
//
// Operand, product and sum registers and the adder lie in the DSP block. Yosys infers that for AMD's 7 series. For
// UltraScale+ it infers the bare product only, so a synthesis that defines SG_DSP48E2 gets the block by name (AMD UG579);
// Link is 48 then. Lattice's blocks do not add up, so the planner makes chains of one product there. On ECP5, where
// SG_MULT18X18D is defined, the first product of a chain is a block by name with the last two registers (Lattice
// FPGA-TN-02205) if its operands have at most 18 bits; the first register stands halfway from the memories. On iCE40
// (SG_MULT_BITS, see sg_times) it takes two registers before the block, where they are fewer and Yosys does not join them
// wrongly. Lut = 1 (Pack is 1): made of adders, in as many cycles; operands then come from registers, since the first
// adders follow at once.
`default_nettype none

module sg_product #(
    parameter Pack       = 2,
    parameter Offset     = 19,
    parameter Link       = 38,
    parameter ActBits    = 8,
    parameter ActSigned  = 0,
    parameter WeightBits = 8,
    parameter First      = 0,
    parameter Lut        = 0
) (
    input  wire                       clk_i,
    input  wire [        ActBits-1:0] act_i,
    input  wire [Pack*WeightBits-1:0] weight_i,
    input  wire [           Link-1:0] sum_i,
    output wire [           Link-1:0] sum_o
);

    localparam ActExt = ActBits + 1;
    localparam PackBits = (Pack - 1) * Offset + WeightBits;
    localparam Wide = Link + PackBits + ActExt;

    wire sign = (ActSigned != 0) && act_i[ActBits-1];
    wire [ActExt-1:0] act = {sign, act_i};
    wire [PackBits-1:0] weight;
    wire [Link-1:0] so_far = (First != 0) ? {Link{1'b0}} : sum_i;

    genvar k;
    generate
        for (k = 0; k < Pack - 1; k = k + 1) begin : gen_field
            assign weight[k*Offset+:Offset] = {{(Offset - WeightBits) {weight_i[(k+1)*WeightBits-1]}}, weight_i[k*WeightBits+:WeightBits]};
        end
        assign weight[(Pack-1)*Offset+:WeightBits] = weight_i[(Pack-1)*WeightBits+:WeightBits];

        if (Lut != 0) begin : gen_lut
            // The product in Booth rows, no cycle with more than half of them: the rows of the low digits, then on top of
            // their sum those of the high ones.
            localparam LowDigits = (WeightBits + 2) / 4;
            localparam HighDigits = (WeightBits + 1) / 2 - LowDigits;
            localparam Low = 2 * LowDigits;
            localparam ProdBits = ActExt + 2 * (LowDigits + HighDigits);
            reg [ActExt-1:0] act_q;
            reg [ProdBits-1:0] prod_q;
            reg [Link-1:0] sum_q;
            wire [ProdBits-1:0] prod;
            wire [Wide-1:0] prod_wide = {{(Wide - ProdBits) {prod_q[ProdBits-1]}}, prod_q};
            wire unused_wide = &{1'b0, prod_wide[Wide-1:Link]};

            if (HighDigits > 0) begin : gen_two
                localparam HighBits = 2 * HighDigits;
                // The digits need an even number of bits.
                wire [WeightBits:0] weight_even = {weight[WeightBits-1], weight};
                wire unused_even = &{1'b0, weight_even};
                wire [ActExt+Low-1:0] low;
                reg [ActExt+Low-1:0] low_q;
                reg [HighBits:0] high_q;

                sg_booth #(
                    .ABits (ActExt),
                    .Digits(LowDigits)
                ) u_low (
                    .a_i  (act),
                    .b_i  (weight[Low-1:0]),
                    .inc_i(1'b0),
                    .sum_i({ActExt{1'b0}}),
                    .p_o  (low)
                );

                always @(posedge clk_i) begin
                    low_q  <= low;
                    high_q <= weight_even[Low-1+:HighBits+1];
                end

                sg_booth #(
                    .ABits (ActExt),
                    .Digits(HighDigits)
                ) u_high (
                    .a_i  (act_q),
                    .b_i  (high_q[HighBits:1]),
                    .inc_i(high_q[0]),
                    .sum_i(low_q[Low+:ActExt]),
                    .p_o  (prod[Low+:ActExt+HighBits])
                );
                assign prod[Low-1:0] = low_q[Low-1:0];
            end else begin : gen_one
                reg [WeightBits-1:0] weight_q;
                always @(posedge clk_i) begin
                    weight_q <= weight;
                end

                sg_booth #(
                    .ABits (ActExt),
                    .Digits(LowDigits)
                ) u_low (
                    .a_i  (act_q),
                    .b_i  (weight_q[Low-1:0]),
                    .inc_i(1'b0),
                    .sum_i({ActExt{1'b0}}),
                    .p_o  (prod)
                );
            end

            always @(posedge clk_i) begin
                act_q  <= act;
                prod_q <= prod;
                sum_q  <= so_far + prod_wide[Link-1:0];
            end
            assign sum_o = sum_q;
        end else begin : gen_dsp
`ifdef SG_DSP48E2
            DSP48E2 #(
                .ADREG        (0),
                .ALUMODEREG   (0),
                .CARRYINREG   (0),
                .CARRYINSELREG(0),
                .CREG         (0),
                .DREG         (0),
                .INMODEREG    (0),
                .OPMODEREG    (0)
            ) u_block (
                .CLK        (clk_i),
                .A          ({{(30 - PackBits) {weight[PackBits-1]}}, weight}),
                .B          ({{(18 - ActExt) {act[ActExt-1]}}, act}),
                .C          (48'd0),
                .D          (27'd0),
                .PCIN       (so_far),
                .PCOUT      (sum_o),
                .OPMODE     ((First != 0) ? 9'b000000101 : 9'b000010101),  // product, or product + PCIN
                .ALUMODE    (4'b0000),
                .INMODE     (5'b00000),
                .CARRYIN    (1'b0),
                .CARRYINSEL (3'b000),
                .CEA1       (1'b0),
                .CEA2       (1'b1),
                .CEB1       (1'b0),
                .CEB2       (1'b1),
                .CEM        (1'b1),
                .CEP        (1'b1)
            );
`else
`ifdef SG_MULT_BITS
            localparam Early = (First != 0);
`else
            localparam Early = 0;
`endif
`ifdef SG_MULT18X18D
            localparam Named = (First != 0) && (PackBits <= 18) && (ActExt <= 18);
`else
            localparam Named = 0;
`endif
            if (Named != 0) begin : gen_named
`ifdef SG_MULT18X18D
                reg [PackBits-1:0] weight_q;
                reg [ActExt-1:0] act_q;
                wire [PackBits+17:0] a = {{18{weight_q[PackBits-1]}}, weight_q};
                wire [ActExt+17:0] b = {{18{act_q[ActExt-1]}}, act_q};
                wire [35:0] p;
                wire [Link+35:0] p_wide = {{Link{p[35]}}, p};

                always @(posedge clk_i) begin
                    weight_q <= weight;
                    act_q    <= act;
                end

                MULT18X18D #(
                    .REG_INPUTA_CLK("CLK0"),
                    .REG_INPUTB_CLK("CLK0"),
                    .REG_OUTPUT_CLK("CLK0")
                ) u_block (
                    .CLK0(clk_i), .CE0(1'b1), .RST0(1'b0),
                    .SIGNEDA(1'b1), .SIGNEDB(1'b1), .SOURCEA(1'b0), .SOURCEB(1'b0),
                    .A0(a[0]), .A1(a[1]), .A2(a[2]), .A3(a[3]), .A4(a[4]), .A5(a[5]),
                    .A6(a[6]), .A7(a[7]), .A8(a[8]), .A9(a[9]), .A10(a[10]), .A11(a[11]),
                    .A12(a[12]), .A13(a[13]), .A14(a[14]), .A15(a[15]), .A16(a[16]), .A17(a[17]),
                    .B0(b[0]), .B1(b[1]), .B2(b[2]), .B3(b[3]), .B4(b[4]), .B5(b[5]),
                    .B6(b[6]), .B7(b[7]), .B8(b[8]), .B9(b[9]), .B10(b[10]), .B11(b[11]),
                    .B12(b[12]), .B13(b[13]), .B14(b[14]), .B15(b[15]), .B16(b[16]), .B17(b[17]),
                    .C0(1'b0), .C1(1'b0), .C2(1'b0), .C3(1'b0), .C4(1'b0), .C5(1'b0), .C6(1'b0), .C7(1'b0), .C8(1'b0),
                    .C9(1'b0), .C10(1'b0), .C11(1'b0), .C12(1'b0), .C13(1'b0), .C14(1'b0), .C15(1'b0), .C16(1'b0), .C17(1'b0),
                    .P0(p[0]), .P1(p[1]), .P2(p[2]), .P3(p[3]), .P4(p[4]), .P5(p[5]),
                    .P6(p[6]), .P7(p[7]), .P8(p[8]), .P9(p[9]), .P10(p[10]), .P11(p[11]),
                    .P12(p[12]), .P13(p[13]), .P14(p[14]), .P15(p[15]), .P16(p[16]), .P17(p[17]),
                    .P18(p[18]), .P19(p[19]), .P20(p[20]), .P21(p[21]), .P22(p[22]), .P23(p[23]),
                    .P24(p[24]), .P25(p[25]), .P26(p[26]), .P27(p[27]), .P28(p[28]), .P29(p[29]),
                    .P30(p[30]), .P31(p[31]), .P32(p[32]), .P33(p[33]), .P34(p[34]), .P35(p[35])
                );
                assign sum_o = p_wide[Link-1:0];
`endif
            end else begin : gen_inferred
                reg signed [ActExt-1:0] act_q;
                reg signed [PackBits-1:0] weight_q;
                reg [Link-1:0] sum_q;
                wire signed [PackBits+ActExt-1:0] prod;
                wire [Wide-1:0] prod_wide = {{Link{prod[PackBits+ActExt-1]}}, prod};
                wire unused_wide = &{1'b0, prod_wide[Wide-1:Link]};

                if (Early) begin : gen_early
                    reg signed [ActExt-1:0] act_q2;
                    reg signed [PackBits-1:0] weight_q2;
                    always @(posedge clk_i) begin
                        act_q2    <= act_q;
                        weight_q2 <= weight_q;
                    end
                    assign prod = act_q2 * weight_q2;
                end else begin : gen_late
                    reg signed [PackBits+ActExt-1:0] prod_q;
                    always @(posedge clk_i) begin
                        prod_q <= act_q * weight_q;
                    end
                    assign prod = prod_q;
                end

                always @(posedge clk_i) begin
                    act_q    <= act;
                    weight_q <= weight;
                    sum_q    <= so_far + prod_wide[Link-1:0];
                end
                assign sum_o = sum_q;
            end
`endif
        end
    endgenerate

endmodule

`default_nettype wire

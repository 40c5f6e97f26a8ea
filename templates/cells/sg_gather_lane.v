// sg_gather_lane: one multiply-accumulate of the sparse convolution engine. It works through its program, one entry a cycle,
// and leaves the sum of each of its rows in a memory.
//
//   sum of a row = sum over the row's entries of weight * value of the column
//
// Columns  the window's values of one slot, two pages of Columns values of ActBits (two's complement where ActSigned is 1);
//          a window is written to one page while the program reads the other
// Entry    {last of its row, column, weight}, weight in the low bits, two's complement; the first row's entries come first
// Sums     two pages of Rows sums of SumBits, two's complement; the caller chooses SumBits wide enough for every partial sum
//
// An entry that is there in cycle t is multiplied in t+1 and added in t+2; mac_i marks t+2, store_i t+3, and store_end_i the
// t+3 of the window's last entry. Entries of weight 0 behind the last row do nothing. A sum leaves a cycle after read_i.
`default_nettype none

module sg_gather_lane #(
    parameter ActBits    = 5,
    parameter ActSigned  = 0,
    parameter WeightBits = 4,
    parameter Columns    = 9,
    parameter ColumnBits = 4,   // holds Columns - 1
    parameter Rows       = 8,
    parameter RowBits    = 3,   // holds Rows - 1
    parameter SumBits    = 12,
    parameter RamStyle   = "distributed",  // of its memories, see sg_ram
    parameter UseLut     = 1    // 1: product made of LUTs (sg_booth); 0: as the tool likes, in a DSP
) (
    input  wire                           clk_i,
    input  wire                           rst_ni,
    input  wire                           write_i,          // a value of the next window
    input  wire [           ColumnBits:0] write_place_i,    // {column, page}
    input  wire [            ActBits-1:0] write_data_i,
    input  wire                           entry_valid_i,
    input  wire                           entry_page_i,
    input  wire [WeightBits+ColumnBits:0] entry_i,
    input  wire                           mac_i,
    input  wire                           store_i,
    input  wire                           store_page_i,
    input  wire                           store_end_i,
    input  wire                           read_i,
    input  wire [              RowBits:0] read_place_i,     // {row, page}
    output wire [            SumBits-1:0] sum_o
);

    localparam One      = 1;
    localparam ActExt   = ActBits + 1;
    localparam ProdBits = ActExt + WeightBits;

    // Words of the memories: what LUT RAM has anyway, 32 or so many times 64.
    localparam ColumnDepth = (Columns <= 16) ? (2 << ColumnBits) : (2 * Columns + 63) / 64 * 64;
    localparam RowDepth    = (Rows <= 16) ? (2 << RowBits) : (2 * Rows + 63) / 64 * 64;

    // ---- Operands -------------------------------------------------------------------------------------------------
    wire [ActBits-1:0] value;
    reg signed [WeightBits-1:0] weight_q;
    reg last_q;
    reg last_q2;

    sg_ram #(
        .Width   (ActBits),
        .Depth   (ColumnDepth),
        .AddrBits(ColumnBits + 1),
        .Style   (RamStyle)
    ) u_columns (
        .clk_i       (clk_i),
        .write_en_i  (write_i),
        .write_addr_i(write_place_i),
        .write_data_i(write_data_i),
        .read_en_i   (entry_valid_i),
        .read_addr_i ({entry_i[WeightBits+:ColumnBits], entry_page_i}),
        .read_data_o (value)
    );

    always @(posedge clk_i) begin
        weight_q <= entry_i[WeightBits-1:0];
        last_q   <= entry_i[WeightBits+ColumnBits];
        last_q2  <= last_q;
    end

    // ---- Product --------------------------------------------------------------------------------------------------
    wire signed [ActExt-1:0] act = {(ActSigned != 0) && value[ActBits-1], value};
    wire signed [ProdBits-1:0] prod;
    reg signed [ProdBits-1:0] prod_q;

    generate
        if (UseLut != 0) begin : gen_lut
            localparam Digits = (WeightBits + 1) / 2;
            wire [WeightBits:0] weight = {weight_q[WeightBits-1], weight_q};
            wire [ActExt+2*Digits-1:0] wide;
            wire unused_wide = &{1'b0, weight, wide};

            sg_booth #(
                .ABits (ActExt),
                .Digits(Digits)
            ) u_booth (
                .a_i  (act),
                .b_i  (weight[2*Digits-1:0]),
                .inc_i(1'b0),
                .sum_i({ActExt{1'b0}}),
                .p_o  (wide)
            );
            assign prod = wide[ProdBits-1:0];
        end else begin : gen_dsp
            wire signed [ProdBits-1:0] act_wide = {{WeightBits{act[ActExt-1]}}, act};
            wire signed [ProdBits-1:0] weight_wide = {{ActExt{weight_q[WeightBits-1]}}, weight_q};
            assign prod = act_wide * weight_wide;
        end
    endgenerate

    always @(posedge clk_i) begin
        prod_q <= prod;
    end

    wire [SumBits-1:0] term;

    generate
        if (SumBits > ProdBits) begin : gen_extend
            assign term = {{(SumBits - ProdBits) {prod_q[ProdBits-1]}}, prod_q};
        end else if (SumBits == ProdBits) begin : gen_same
            assign term = prod_q;
        end else begin : gen_cut
            // The caller proved that SumBits hold every partial sum.
            wire [ProdBits-SumBits-1:0] unused_high = prod_q[ProdBits-1:SumBits];
            assign term = prod_q[SumBits-1:0];
        end
    endgenerate

    // ---- Sum of a row: the entry behind a last one starts the next --------------------------------------------------
    reg [SumBits-1:0] sum_q;
    reg               done_q;
    wire [RowBits-1:0] row;

    always @(posedge clk_i) begin
        if (mac_i) begin
            sum_q <= (done_q ? {SumBits{1'b0}} : sum_q) + term;
        end
    end

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            done_q <= 1'b1;
        end else if (mac_i) begin
            done_q <= last_q2;
        end
    end

    generate
        if (Rows > 1) begin : gen_row
            reg [RowBits-1:0] row_q;
            always @(posedge clk_i) begin
                if (!rst_ni || (store_i && store_end_i)) begin
                    row_q <= {RowBits{1'b0}};
                end else if (store_i && done_q) begin
                    row_q <= row_q + One[RowBits-1:0];
                end
            end
            assign row = row_q;
        end else begin : gen_one_row
            wire unused_end = store_end_i;
            assign row = {RowBits{1'b0}};
        end
    endgenerate

    sg_ram #(
        .Width   (SumBits),
        .Depth   (RowDepth),
        .AddrBits(RowBits + 1),
        .Style   (RamStyle)
    ) u_sums (
        .clk_i       (clk_i),
        .write_en_i  (store_i && done_q),
        .write_addr_i({row, store_page_i}),
        .write_data_i(sum_q),
        .read_en_i   (read_i),
        .read_addr_i (read_place_i),
        .read_data_o (sum_o)
    );

endmodule

`default_nettype wire

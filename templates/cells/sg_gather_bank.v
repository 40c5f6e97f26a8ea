// sg_gather_bank: the lanes of the sparse convolution engine that read one slot of the window and serve one exit. Each row
// of the exit that has weights in the slot is worked on in one of them (sg_gather_lane has the formats and the timing).
//
//   sum_o(t+1) = the sum at read_place_i of lane select_i(t), or 0 where select_i is Lanes: no lane has that row
`default_nettype none

module sg_gather_bank #(
    parameter Lanes      = 2,
    parameter LutLanes   = 2,   // the first of them multiply in LUTs
    parameter Choices    = 3,   // values of select_i: Lanes, and one more where some row is in no lane
    parameter SelectBits = 2,   // holds Choices - 1
    parameter ActBits    = 5,
    parameter ActSigned  = 0,
    parameter WeightBits = 4,
    parameter Columns    = 9,
    parameter ColumnBits = 4,
    parameter Rows       = 8,
    parameter RowBits    = 3,
    parameter SumBits    = 12,
    parameter RamStyle   = "distributed"  // of the lanes' memories, see sg_ram
) (
    input  wire                                       clk_i,
    input  wire                                       rst_ni,
    input  wire                                       write_i,
    input  wire [                       ColumnBits:0] write_place_i,
    input  wire [                        ActBits-1:0] write_data_i,
    input  wire                                       entry_valid_i,
    input  wire                                       entry_page_i,
    input  wire [Lanes*(WeightBits+ColumnBits+1)-1:0] entries_i,
    input  wire                                       mac_i,
    input  wire                                       store_i,
    input  wire                                       store_page_i,
    input  wire                                       store_end_i,
    input  wire                                       read_i,
    input  wire [                          RowBits:0] read_place_i,
    input  wire [                     SelectBits-1:0] select_i,
    output wire [                        SumBits-1:0] sum_o
);

    localparam EntryBits = WeightBits + ColumnBits + 1;

    wire [Choices*SumBits-1:0] sums;

    genvar n;
    generate
        for (n = 0; n < Lanes; n = n + 1) begin : gen_lane
            sg_gather_lane #(
                .ActBits   (ActBits),
                .ActSigned (ActSigned),
                .WeightBits(WeightBits),
                .Columns   (Columns),
                .ColumnBits(ColumnBits),
                .Rows      (Rows),
                .RowBits   (RowBits),
                .SumBits   (SumBits),
                .RamStyle  (RamStyle),
                .UseLut    ((n < LutLanes) ? 1 : 0)
            ) u_lane (
                .clk_i        (clk_i),
                .rst_ni       (rst_ni),
                .write_i      (write_i),
                .write_place_i(write_place_i),
                .write_data_i (write_data_i),
                .entry_valid_i(entry_valid_i),
                .entry_page_i (entry_page_i),
                .entry_i      (entries_i[n*EntryBits+:EntryBits]),
                .mac_i        (mac_i),
                .store_i      (store_i),
                .store_page_i (store_page_i),
                .store_end_i  (store_end_i),
                .read_i       (read_i),
                .read_place_i (read_place_i),
                .sum_o        (sums[n*SumBits+:SumBits])
            );
        end

        if (Choices > Lanes) begin : gen_none
            assign sums[Lanes*SumBits+:SumBits] = {SumBits{1'b0}};
        end

        if (Choices > 1) begin : gen_pick
            reg [SelectBits-1:0] select_q;
            always @(posedge clk_i) begin
                select_q <= select_i;
            end
            sg_pick #(
                .Width  (SumBits),
                .Count  (Choices),
                .SelBits(SelectBits)
            ) u_pick (
                .data_i(sums),
                .sel_i (select_q),
                .data_o(sum_o)
            );
        end else begin : gen_single
            wire [SelectBits-1:0] unused_select = select_i;
            assign sum_o = sums;
        end
    endgenerate

endmodule

`default_nettype wire

// sg_sparse_bank: one accumulator bank of a sparse fully connected engine.
//
//   acc[page][row] += weight * activation, for every entry {weight, row} of every live job
//
// Items come from the bank's queue (format: sg_sparse_front). Jobs run back to back, one entry a cycle:
// address, entry memory (latency 1), product and read of the accumulator, sum and write, so that neither a repeated row
// nor a new column costs a bubble. An image's last item without a live job costs one cycle.
//
// Two pages: while one fills, the other is drained. Draining reads a row and writes its bias back, which leaves the
// page ready for the next image. After reset both pages count as full: the drain writes the first biases.
// activation  unsigned, or two's complement where ActSigned is 1; weight two's complement; acc two's complement.
`default_nettype none

module sg_sparse_bank #(
    parameter Lanes      = 1,
    parameter ActBits    = 4,
    parameter ActSigned  = 0,
    parameter CountBits  = 4,
    parameter AddrBits   = 8,
    parameter JobBits    = 17,  // 1 + ActBits + AddrBits + CountBits
    parameter WeightBits = 4,
    parameter RowBits    = 4,
    parameter AccBits    = 16,
    parameter UseDsp     = 1,   // multiply in a DSP block, else in LUTs
    parameter SumStyle   = "auto"  // what the accumulators are made of, see sg_ram
) (
    input  wire                          clk_i,
    input  wire                          rst_ni,
    input  wire [       Lanes*JobBits:0] item_i,
    input  wire                          item_valid_i,
    output wire                          item_ready_o,
    output wire [          AddrBits-1:0] addr_o,        // entry memory
    input  wire [WeightBits+RowBits-1:0] entry_i,       // {weight, row}, one cycle after addr_o
    output wire                          full_o,        // the oldest page is complete
    input  wire                          free_i,        // the oldest page is being drained to its end
    input  wire                          drain_i,       // read a row; its bias is written back a cycle later
    input  wire                          drain_page_i,
    input  wire [           RowBits-1:0] drain_row_i,
    input  wire [           AccBits-1:0] drain_bias_i,  // in the cycle after drain_i
    output wire [           AccBits-1:0] drain_acc_o    // in the cycle after drain_i, else 0
);

    localparam ProdBits = ActBits + 1 + WeightBits;

    // Job sequencer: the lowest live lane of the front item that is not done yet.
    reg  [    Lanes-1:0] done_q;
    reg                  run_q;
    reg                  last_q;
    reg  [  ActBits-1:0] act_q;
    reg  [ AddrBits-1:0] addr_q;
    reg  [CountBits-1:0] left_q;
    reg                  page_q;
    reg  [          1:0] ahead_q;    // pages in use: being drained, or waiting for it
    reg  [          1:0] complete_q; // the same, once their last sum is written

    wire [   Lanes-1:0] live;
    wire [   Lanes-1:0] todo = live & ~done_q;
    wire [   Lanes-1:0] pick = todo & (~todo + {{(Lanes - 1) {1'b0}}, 1'b1});
    wire                rest = |(todo & ~pick);
    wire                idle = ~run_q | (left_q == {{(CountBits - 1) {1'b0}}, 1'b1});
    wire                room = ~ahead_q[1];
    wire                load = item_valid_i & idle & room;
    wire                pop_last = load & ~rest & item_i[Lanes*JobBits];
    reg  [ JobBits-1:0] job;

    genvar g;
    generate
        for (g = 0; g < Lanes; g = g + 1) begin : gen_live
            assign live[g] = item_i[(g+1)*JobBits-1];
        end
    endgenerate

    integer l;
    always @(*) begin
        job = {JobBits{1'b0}};
        for (l = 0; l < Lanes; l = l + 1) begin
            job = job | (item_i[l*JobBits+:JobBits] & {JobBits{pick[l]}});
        end
    end

    assign item_ready_o = idle & room & ~rest;
    assign addr_o = addr_q;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            done_q <= {Lanes{1'b0}};
            run_q  <= 1'b0;
            last_q <= 1'b0;
            page_q <= 1'b0;
        end else if (load) begin
            done_q <= rest ? (done_q | pick) : {Lanes{1'b0}};
            run_q  <= job[JobBits-1];
            last_q <= pop_last;
        end else if (idle) begin
            run_q  <= 1'b0;
            last_q <= 1'b0;
        end
        if (rst_ni && last_q && idle) begin
            page_q <= ~page_q;
        end
    end

    always @(posedge clk_i) begin
        if (load) begin
            act_q  <= job[CountBits+AddrBits+:ActBits];
            addr_q <= job[CountBits+:AddrBits];
            left_q <= job[CountBits-1:0];
        end else begin
            addr_q <= addr_q + {{(AddrBits - 1) {1'b0}}, 1'b1};
            left_q <= left_q - {{(CountBits - 1) {1'b0}}, 1'b1};
        end
    end

    // Pages in use. `complete` follows the last entry's address by two cycles; the drain comes two later, when its sum is
    // written.
    reg finished_q;
    always @(posedge clk_i) begin
        if (!rst_ni) begin
            finished_q <= 1'b0;
            ahead_q    <= 2'd2;
            complete_q <= 2'd2;
        end else begin
            finished_q <= last_q & idle;
            if (pop_last != free_i) begin
                ahead_q <= pop_last ? ahead_q + 2'd1 : ahead_q - 2'd1;
            end
            if (finished_q != free_i) begin
                complete_q <= finished_q ? complete_q + 2'd1 : complete_q - 2'd1;
            end
        end
    end
    assign full_o = |complete_q;

    // Entry: 2 its word arrives, 3 product and accumulator are read, 4 the sum is written.
    reg                        run_q2;
    reg                        run_q3;
    reg                        run_q4;
    reg                        page_q2;
    reg                        page_q3;
    reg                        page_q4;
    reg         [ ActBits-1:0] act_q2;
    reg         [ ActBits-1:0] act_q3;
    reg         [ RowBits-1:0] row_q3;
    reg         [ RowBits-1:0] row_q4;
    reg       [WeightBits-1:0] weight_q3;
    wire signed [ProdBits-1:0] prod_q4;
    wire                       act_sign = (ActSigned != 0) & act_q3[ActBits-1];
    wire signed [ProdBits-1:0] act_ext = {{(ProdBits - ActBits) {act_sign}}, act_q3};

    always @(posedge clk_i) begin
        run_q2    <= run_q & rst_ni;
        run_q3    <= run_q2 & rst_ni;
        run_q4    <= run_q3 & rst_ni;
        page_q2   <= page_q;
        page_q3   <= page_q2;
        page_q4   <= page_q3;
        act_q2    <= act_q;
        act_q3    <= act_q2;
        row_q3    <= entry_i[RowBits-1:0];
        row_q4    <= row_q3;
        weight_q3 <= entry_i[RowBits+:WeightBits];
    end

    // Left to itself synthesis takes a DSP block for the smallest product, hence the explicit partial products.
    generate
        if (UseDsp != 0) begin : gen_dsp
            wire signed [ProdBits-1:0] weight_ext = {
                {(ProdBits - WeightBits) {weight_q3[WeightBits-1]}}, weight_q3
            };
            reg signed [ProdBits-1:0] prod_q;
            always @(posedge clk_i) begin
                prod_q <= act_ext * weight_ext;
            end
            assign prod_q4 = prod_q;
        end else begin : gen_lut
            reg signed [ProdBits-1:0] prod_d;
            reg signed [ProdBits-1:0] prod_q;
            integer b;
            always @(*) begin
                prod_d = {ProdBits{1'b0}};
                for (b = 0; b < WeightBits - 1; b = b + 1) begin
                    prod_d = prod_d + ((act_ext <<< b) & {ProdBits{weight_q3[b]}});
                end
                prod_d = prod_d - ((act_ext <<< (WeightBits - 1)) & {ProdBits{weight_q3[WeightBits-1]}});
            end
            always @(posedge clk_i) begin
                prod_q <= prod_d;
            end
            assign prod_q4 = prod_q;
        end
    endgenerate

    // Accumulators, one RAM a page: accumulating or draining, never both. A sum that the next entry needs goes straight on.
    wire [AccBits-1:0] prod_acc;
    wire [AccBits-1:0] read0;
    wire [AccBits-1:0] read1;
    reg  [AccBits-1:0] sum_q;
    reg                again_q;
    reg                drain_q;
    reg                drain_page_q;
    reg  [RowBits-1:0] drain_row_q;
    wire               again = run_q4 & (row_q4 == row_q3) & (page_q4 == page_q3);
    wire [AccBits-1:0] base = again_q ? sum_q : (page_q4 ? read1 : read0);
    wire [AccBits-1:0] sum = base + prod_acc;
    wire               read_add0 = run_q3 & ~page_q3;
    wire               read_add1 = run_q3 & page_q3;
    wire               add0 = run_q4 & ~page_q4;
    wire               add1 = run_q4 & page_q4;

    always @(posedge clk_i) begin
        again_q      <= again;
        sum_q        <= sum;
        drain_q      <= drain_i & rst_ni;
        drain_page_q <= drain_page_i;
        drain_row_q  <= drain_row_i;
    end

    generate
        if (AccBits > ProdBits) begin : gen_extend
            assign prod_acc = {{(AccBits - ProdBits) {prod_q4[ProdBits-1]}}, prod_q4};
        end else begin : gen_narrow
            // The sum fits by contract, so the product's upper bits only repeat its sign.
            assign prod_acc = prod_q4[AccBits-1:0];
            if (AccBits < ProdBits) begin : gen_unused
                wire [ProdBits-AccBits-1:0] unused_upper = prod_q4[ProdBits-1:AccBits];
            end
        end
    endgenerate

    sg_ram #(
        .Width   (AccBits),
        .Depth   (1 << RowBits),
        .AddrBits(RowBits),
        .Style   (SumStyle)
    ) i_page0 (
        .clk_i       (clk_i),
        .write_en_i  (add0 | (drain_q & ~drain_page_q)),
        .write_addr_i(add0 ? row_q4 : drain_row_q),
        .write_data_i(add0 ? sum : drain_bias_i),
        .read_en_i   (1'b1),
        .read_addr_i (read_add0 ? row_q3 : drain_row_i),
        .read_data_o (read0)
    );

    sg_ram #(
        .Width   (AccBits),
        .Depth   (1 << RowBits),
        .AddrBits(RowBits),
        .Style   (SumStyle)
    ) i_page1 (
        .clk_i       (clk_i),
        .write_en_i  (add1 | (drain_q & drain_page_q)),
        .write_addr_i(add1 ? row_q4 : drain_row_q),
        .write_data_i(add1 ? sum : drain_bias_i),
        .read_en_i   (1'b1),
        .read_addr_i (read_add1 ? row_q3 : drain_row_i),
        .read_data_o (read1)
    );

    assign drain_acc_o = drain_q ? (drain_page_q ? read1 : read0) : {AccBits{1'b0}};

endmodule

`default_nettype wire

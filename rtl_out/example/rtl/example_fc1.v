// example_fc1: sparse fully connected layer, 24 inputs, 12 outputs, 68 nonzero weights.
//
//   out[r] = requantize(bias[r] + sum over c of weight[r][c] * in[c])
//
// in   1 activation(s) a beat in stream order, 4 bits unsigned; 24 beats an image
// out  one value a beat, row 0 first, 4 bits unsigned
// weights two's complement, 4 bits; accumulators two's complement, 10 bits
//
// Every bank of accumulators has its own entry memory and its own queue of work, so that a column that loads one bank
// more than the others stalls none (EIE: Han et al., ISCA 2016). A zero activation costs no bank a cycle.
// Cycles an image: at most 68 (when no activation is zero).
`default_nettype none

module example_fc1 (
    input  wire       clk_i,
    input  wire       rst_ni,
    input  wire [3:0] in_data_i,
    input  wire       in_valid_i,
    output wire       in_ready_o,
    output wire [3:0] out_data_o,
    output wire       out_valid_o,
    input  wire       out_ready_i
);

    // Each beat's entry counts, in a register before the beat comes: the table reads two beats ahead.
    reg  [4:0] fetch_q;  // the word that the table reads next
    reg  [1:0] primed_q;
    reg        last_q;   // of the word behind the table
    reg        last_q2;  // and of the one in the register
    reg  [2:0] counts_q;
    wire [2:0] counts;
    wire       beat       = in_valid_i & in_ready_o;
    wire       fetch      = beat | ~primed_q[1];
    wire       fetch_last = (fetch_q == 5'd23);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            fetch_q  <= 5'd0;
            primed_q <= 2'b00;
            last_q   <= 1'b0;
            last_q2  <= 1'b0;
        end else begin
            primed_q <= {primed_q[0], 1'b1};
            if (fetch) begin
                fetch_q <= fetch_last ? 5'd0 : fetch_q + 5'd1;
                last_q  <= fetch_last;
                last_q2 <= last_q;
            end
        end
    end

    sg_rom #(
        .Width   (3),
        .Depth   (24),
        .AddrBits(5),
        .File    ("mem/example_fc1_counts.hex"),
        .Style   ("distributed")
    ) i_counts (
        .clk_i (clk_i),
        .en_i  (fetch),
        .addr_i(fetch_q),
        .data_o(counts)
    );

    always @(posedge clk_i) begin
        if (fetch) begin
            counts_q <= counts;
        end
    end

    // Row table: {bias, multiplier, shift, bank, row in the bank}, as far as they vary.
    wire        full;
    wire        free;
    wire        read;
    wire        page;
    wire        push;
    wire  [3:0] row_addr;
    wire [21:0] row_read;
    reg  [21:0] row_word_q;

    sg_sparse_drain #(
        .LastRow (11),
        .AddrBits(4),
        .Delay   (7),
        .SlotBits(4)
    ) i_drain (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .full_i (full),
        .taken_i(out_valid_o & out_ready_i),
        .addr_o (row_addr),
        .free_o (free),
        .read_o (read),
        .page_o (page),
        .push_o (push)
    );

    sg_rom #(
        .Width   (22),
        .Depth   (12),
        .AddrBits(4),
        .File    ("mem/example_fc1_rows.hex"),
        .Style   ("distributed")
    ) i_rows (
        .clk_i (clk_i),
        .en_i  (1'b1),
        .addr_i(row_addr),
        .data_o(row_read)
    );

    always @(posedge clk_i) begin
        row_word_q <= row_read;
    end

    wire [9:0] bias      = row_word_q[21:12];
    wire [3:0] local_row = row_word_q[3:0];
    reg  [9:0] bias_q;

    always @(posedge clk_i) begin
        bias_q <= bias;
    end

    // Bank 0: 68 entries, 12 rows.
    wire [15:0] item0;
    wire        push0;
    wire        ready0;
    wire [15:0] head0;
    wire        head_valid0;
    wire        head_ready0;
    wire  [6:0] addr0;
    wire  [7:0] entry0;
    wire        full0;
    wire  [9:0] acc0;

    sg_sparse_front #(
        .Lanes    (1),
        .ActBits  (4),
        .CountBits(3),
        .AddrBits (7),
        .JobBits  (15)
    ) i_front0 (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .beat_i  (beat),
        .last_i  (last_q2),
        .data_i  (in_data_i),
        .counts_i(counts_q[2:0]),
        .item_o  (item0),
        .push_o  (push0)
    );

    sg_fifo_a2 #(
        .Width(16)
    ) i_queue0 (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (item0),
        .in_valid_i (push0),
        .in_ready_o (ready0),
        .out_data_o (head0),
        .out_valid_o(head_valid0),
        .out_ready_i(head_ready0)
    );

    sg_rom #(
        .Width   (8),
        .Depth   (68),
        .AddrBits(7),
        .File    ("mem/example_fc1_bank0.hex"),
        .Style   ("distributed")
    ) u_bank0 (
        .clk_i (clk_i),
        .en_i  (1'b1),
        .addr_i(addr0),
        .data_o(entry0)
    );

    sg_sparse_bank #(
        .Lanes     (1),
        .ActBits   (4),
        .ActSigned (0),
        .CountBits (3),
        .AddrBits  (7),
        .JobBits   (15),
        .WeightBits(4),
        .RowBits   (4),
        .AccBits   (10),
        .UseDsp    (0),
        .SumStyle  ("distributed")
    ) i_bank0 (
        .clk_i       (clk_i),
        .rst_ni      (rst_ni),
        .item_i      (head0),
        .item_valid_i(head_valid0),
        .item_ready_o(head_ready0),
        .addr_o      (addr0),
        .entry_i     (entry0),
        .full_o      (full0),
        .free_i      (free),
        .drain_i     (read),
        .drain_page_i(page),
        .drain_row_i (local_row),
        .drain_bias_i(bias_q),
        .drain_acc_o (acc0)
    );

    assign in_ready_o = primed_q[1] & ready0;
    assign full = full0;

    // From the bank that holds the row to the output.
    reg  [9:0] acc_q;
    wire [3:0] value;

    always @(posedge clk_i) begin
        acc_q <= acc0;
    end

    reg [7:0] mul_q;
    reg [7:0] mul_q2;
    reg [5:0] shift_q;
    reg [5:0] shift_q2;

    always @(posedge clk_i) begin
        mul_q    <= row_word_q[11:4];
        mul_q2   <= mul_q;
        shift_q  <= 6'd0;
        shift_q2 <= shift_q;
    end

    sg_requant #(
        .AccBits  (10),
        .MulBits  (8),
        .ShiftBits(6),
        .OutBits  (4),
        .OutSigned(0),
        .VarShift (0),
        .Shift    (6'd8)
    ) i_requant (
        .clk_i  (clk_i),
        .acc_i  (acc_q),
        .mul_i  (mul_q2),
        .shift_i(shift_q2),
        .data_o (value)
    );

    // A row starts only when this FIFO has room for it.
    wire unused_ready;

    sg_fifo_a4 #(
        .Width(4)
    ) i_out (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (value),
        .in_valid_i (push),
        .in_ready_o (unused_ready),
        .out_data_o (out_data_o),
        .out_valid_o(out_valid_o),
        .out_ready_i(out_ready_i)
    );

endmodule

`default_nettype wire

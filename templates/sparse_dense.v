// @{ module }@: sparse fully connected layer, @{ columns }@ inputs, @{ rows }@ outputs, @{ nonzeros }@ nonzero weights.
//
//   out[r] = @{ formula }@
//
// in   @{ in_lanes }@ activation(s) a beat in stream order, @{ act_format }@; @{ beats }@ beats an image
// out  one value a beat, row 0 first, @{ out_format }@
// weights two's complement, @{ weight_bits }@ bits; accumulators two's complement, @{ acc_bits }@ bits
//
// Every bank of accumulators has its own entry memory and its own queue of work, so that a column that loads one bank
// more than the others stalls none (EIE: Han et al., ISCA 2016). A zero activation costs no bank a cycle.
// Cycles an image: at most @{ bound }@ (when no activation is zero).
`default_nettype none

module @{ module }@ (
    input  wire        clk_i,
    input  wire        rst_ni,
    input  wire [@{ in_msb }@:0] in_data_i,
    input  wire        in_valid_i,
    output wire        in_ready_o,
    output wire [@{ out_msb }@:0] out_data_o,
    output wire        out_valid_o,
    input  wire        out_ready_i
);

    // Each beat's entry counts, in a register before the beat comes: the table reads two beats ahead.
    reg  [@{ beat_msb }@:0] fetch_q;   // the word that the table reads next
    reg  [1:0] primed_q;
    reg         last_q;    // of the word behind the table
    reg         last_q2;   // and of the one in the register
    reg  [@{ counts_msb }@:0] counts_q;
    wire [@{ counts_msb }@:0] counts;
    wire        beat = in_valid_i & in_ready_o;
    wire        fetch = beat | ~primed_q[1];
    wire        fetch_last = (fetch_q == @{ last_beat }@);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            fetch_q  <= @{ beat_zero }@;
            primed_q <= 2'b00;
            last_q   <= 1'b0;
            last_q2  <= 1'b0;
        end else begin
            primed_q <= {primed_q[0], 1'b1};
            if (fetch) begin
                fetch_q <= fetch_last ? @{ beat_zero }@ : fetch_q + @{ beat_one }@;
                last_q  <= fetch_last;
                last_q2 <= last_q;
            end
        end
    end

    sg_rom #(
        .Width   (@{ counts_width }@),
        .Depth   (@{ beats }@),
        .AddrBits(@{ beat_bits }@),
        .File    ("@{ counts_file }@"),
        .Style   ("@{ counts_style }@")
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
    wire [@{ row_addr_msb }@:0] row_addr;
    wire [@{ row_table_msb }@:0] row_read;
    reg  [@{ row_table_msb }@:0] row_word_q;

    sg_sparse_drain #(
        .LastRow (@{ last_row }@),
        .AddrBits(@{ row_addr_bits }@),
        .Delay   (@{ push_delay }@),
        .SlotBits(@{ slot_bits }@)
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
        .Width   (@{ row_table_width }@),
        .Depth   (@{ rows }@),
        .AddrBits(@{ row_addr_bits }@),
        .File    ("@{ row_file }@"),
        .Style   ("@{ row_style }@")
    ) i_rows (
        .clk_i (clk_i),
        .en_i  (1'b1),
        .addr_i(row_addr),
        .data_o(row_read)
    );

    always @(posedge clk_i) begin
        row_word_q <= row_read;
    end

    wire [@{ acc_msb }@:0] bias = row_word_q@{ bias_slice }@;
    wire [@{ local_msb }@:0] local_row = row_word_q@{ local_slice }@;
    reg  [@{ acc_msb }@:0] bias_q;

    always @(posedge clk_i) begin
        bias_q <= bias;
    end
<% for bank in banks %>
    // Bank @{ bank.index }@: @{ bank.entries }@ entries, @{ bank.rows }@ rows.
    wire [@{ bank.item_msb }@:0] item@{ bank.index }@;
    wire        push@{ bank.index }@;
    wire        ready@{ bank.index }@;
    wire [@{ bank.item_msb }@:0] head@{ bank.index }@;
    wire        head_valid@{ bank.index }@;
    wire        head_ready@{ bank.index }@;
    wire [@{ bank.addr_msb }@:0] addr@{ bank.index }@;
    wire [@{ entry_msb }@:0] entry@{ bank.index }@;
    wire        full@{ bank.index }@;
    wire [@{ acc_msb }@:0] acc@{ bank.index }@;

    sg_sparse_front #(
        .Lanes    (@{ in_lanes }@),
        .ActBits  (@{ act_bits }@),
        .CountBits(@{ count_bits }@),
        .AddrBits (@{ bank.addr_bits }@),
        .JobBits  (@{ bank.job_bits }@)
    ) i_front@{ bank.index }@ (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .beat_i  (beat),
        .last_i  (last_q2),
        .data_i  (in_data_i),
        .counts_i(counts_q@{ bank.counts_slice }@),
        .item_o  (item@{ bank.index }@),
        .push_o  (push@{ bank.index }@)
    );

    @{ queue }@ #(
        .Width(@{ bank.item_width }@)
    ) i_queue@{ bank.index }@ (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (item@{ bank.index }@),
        .in_valid_i (push@{ bank.index }@),
        .in_ready_o (ready@{ bank.index }@),
        .out_data_o (head@{ bank.index }@),
        .out_valid_o(head_valid@{ bank.index }@),
        .out_ready_i(head_ready@{ bank.index }@)
    );

@{ bank.rom }@

    sg_sparse_bank #(
        .Lanes     (@{ in_lanes }@),
        .ActBits   (@{ act_bits }@),
        .ActSigned (@{ act_signed }@),
        .CountBits (@{ count_bits }@),
        .AddrBits  (@{ bank.addr_bits }@),
        .JobBits   (@{ bank.job_bits }@),
        .WeightBits(@{ weight_bits }@),
        .RowBits   (@{ local_bits }@),
        .AccBits   (@{ acc_bits }@),
        .UseDsp    (@{ use_dsp }@),
        .SumStyle  ("@{ bank.sum_style }@")
    ) i_bank@{ bank.index }@ (
        .clk_i       (clk_i),
        .rst_ni      (rst_ni),
        .item_i      (head@{ bank.index }@),
        .item_valid_i(head_valid@{ bank.index }@),
        .item_ready_o(head_ready@{ bank.index }@),
        .addr_o      (addr@{ bank.index }@),
        .entry_i     (entry@{ bank.index }@),
        .full_o      (full@{ bank.index }@),
        .free_i      (free),
        .drain_i     (@{ bank.drain }@),
        .drain_page_i(page),
        .drain_row_i (local_row),
        .drain_bias_i(bias_q),
        .drain_acc_o (acc@{ bank.index }@)
    );
<% endfor %>
    assign in_ready_o = primed_q[1]<% for bank in banks %> & ready@{ bank.index }@<% endfor %>;
    assign full = <% for bank in banks %><% if bank.index > 0 %> & <% endif %>full@{ bank.index }@<% endfor %>;

    // From the bank that holds the row to the output.
    reg  [@{ acc_msb }@:0] acc_q;
    wire [@{ out_msb }@:0] value;

    always @(posedge clk_i) begin
        acc_q <= <% for bank in banks %><% if bank.index > 0 %> | <% endif %>acc@{ bank.index }@<% endfor %>;
    end
<% if raw %>
    assign value = acc_q;
<% else %>
    reg  [@{ mul_msb }@:0] mul_q;
    reg  [@{ mul_msb }@:0] mul_q2;
    reg  [5:0] shift_q;
    reg  [5:0] shift_q2;

    always @(posedge clk_i) begin
        mul_q    <= row_word_q@{ mul_slice }@;
        mul_q2   <= mul_q;
        shift_q  <= @{ shift_source }@;
        shift_q2 <= shift_q;
    end

    sg_requant #(
        .AccBits  (@{ acc_bits }@),
        .MulBits  (@{ mul_bits }@),
        .ShiftBits(6),
        .OutBits  (@{ out_bits }@),
        .OutSigned(@{ out_signed }@),
        .VarShift (@{ var_shift }@),
        .Shift    (6'd@{ shift }@)
    ) i_requant (
        .clk_i  (clk_i),
        .acc_i  (acc_q),
        .mul_i  (mul_q2),
        .shift_i(shift_q2),
        .data_o (value)
    );
<% endif %>
    // A row starts only when this FIFO has room for it.
    wire unused_ready;

    sg_fifo_a@{ slot_bits }@ #(
        .Width(@{ out_width }@)
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

// @{ module }@: line buffer and window generator of @{ node }@, @{ text::count(*plan.k_par, "tap") }@ a cycle.
//
// Input    @{ height }@ rows x @{ width }@ columns x @{ groups }@ words of @{ word_bits }@ bits, raster order.
// Windows  @{ kernel_h }@ x @{ kernel_w }@, stride @{ stride_h }@ x @{ stride_w }@, padding @{ pad_h }@ x @{ pad_w }@: @{ out_h }@ x @{ out_w }@ of them an image.
// Output   @{ text::count(*plan.k_par, "word") }@ a cycle, one of each tap, first tap in the low bits: for each window, for each of @{ text::count(*folds.count, "fold") }@,
//          for each of @{ text::count(*banked.phase.count, "group") }@ of taps, @{ text::count(*inner.count, "word") }@ a tap. A tap in the padding reads @{ pad_word }@;
//          taps past the last read 0. The words leave 4 cycles after their step.
// Storage  @{ rows }@ row slots, a ring that runs on from image to image: while a window row is read, the rows of the
//          next one arrive. Column x of a slot lies in bank x mod @{ kernel_w }@, each a memory of its own: any window
//          finds its taps in different memories, and reads them all in one cycle.
//          A fold starts when grant_i is high and its rows are complete; then it never pauses.
`default_nettype none

module @{ module }@ (
    input  wire clk_i,
    input  wire rst_ni,

    input  wire @{ word }@ in_data_i,
    input  wire in_valid_i,
    output wire in_ready_o,

    input  wire grant_i,      // the consumer has room for one fold's results
    output wire start_o,      // a fold starts: takes the grant
    output wire step_o,       // words are being read (one cycle before they are out)
    output reg  @{ banked.taps_word }@ tap_data_o,
    output wire tap_valid_o,
    output wire tap_first_o,  // first words of a fold
    output wire tap_last_o    // last words of a fold
);

    // ---- Write side -------------------------------------------------------------------------------------------
    reg  @{ addr.range }@ write_slot_q;
    reg  @{ banked.bank.range }@ write_bank_q;
    reg  @{ banked.place.range }@ write_addr_q;  // word in the bank
    reg  @{ inner.range }@ write_group_q; // word in its pixel
    reg  @{ col.range }@ write_col_q;     // word in its row
    reg  @{ row.range }@ write_row_q;     // row in its image
    reg  @{ slots.range }@ held_q;        // row slots complete and not yet given back

    wire take       = in_valid_i && in_ready_o;
    wire write_en   = take<% if let Some(used) = used_rows %> && (write_row_q < @{ used }@)<% endif %>;<% if used_rows.is_some() %>  // rows below the last window are dropped<% endif %>
    wire pixel_done = (write_group_q == @{ inner.last }@);
    wire bank_last  = (write_bank_q == @{ banked.bank.last }@);
    wire row_last   = (write_col_q == @{ col.last }@);
    wire row_done   = take && row_last;
    wire row_kept   = write_en && row_last;
    wire image_done = row_done && (write_row_q == @{ row.last }@);

    assign in_ready_o = (held_q != @{ slots.last }@);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            write_slot_q  <= @{ addr.zero }@;
            write_bank_q  <= @{ banked.bank.zero }@;
            write_addr_q  <= @{ banked.place.zero }@;
            write_group_q <= @{ inner.zero }@;
            write_col_q   <= @{ col.zero }@;
            write_row_q   <= @{ row.zero }@;
        end else if (take) begin
            write_group_q <= pixel_done ? @{ inner.zero }@ : write_group_q + @{ inner.one }@;
            write_addr_q  <= (pixel_done && !bank_last) ? write_addr_q - @{ banked.back_words }@ : write_addr_q + @{ banked.place.one }@;
            if (pixel_done) begin
                write_bank_q <= bank_last ? @{ banked.bank.zero }@ : write_bank_q + @{ banked.bank.one }@;
            end
            write_col_q <= row_done ? @{ col.zero }@ : write_col_q + @{ col.one }@;
            if (row_done) begin
                write_bank_q <= @{ banked.bank.zero }@;
                write_addr_q <= @{ banked.place.zero }@;
                write_row_q  <= image_done ? @{ row.zero }@ : write_row_q + @{ row.one }@;
                if (write_en) begin
                    write_slot_q <= (write_slot_q == @{ addr.last }@) ? @{ addr.zero }@ : write_slot_q + @{ addr.one }@;
                end
            end
        end
    end

    // ---- Read side: where the next words stand ----------------------------------------------------------------
    reg  @{ inner.range }@ group_q;
    reg  @{ banked.phase.range }@ phase_q;                // group of taps
    reg  @{ folds.range }@ fold_q;
    reg  @{ ox.range }@ ox_q;
    reg  @{ oy.range }@ oy_q;
    reg  start_q;                                  // the next words open a fold
    reg  @{ slots.range }@ ready_rows_q;           // complete rows, as the reader sees them
    reg  @{ slots.range }@ need_rows_q;            // rows that this row of windows needs
<%- if padded %>
    reg  signed @{ y.range }@ top_y_q;             // image row of the windows' first tap
    reg  signed @{ x.range }@ left_x_q;            // image column of the window's first tap
<%- endif %>
    reg  @{ addr.range }@ first_addr_q;            // slot of the image's row 0
    reg  @{ addr.range }@ top_addr_q;              // slot of the windows' first row
    reg  @{ banked.bank.range }@ left_bank_q;             // bank of the window's first column
    reg  @{ banked.place.range }@ left_addr_q;            // first word of its pixel in the bank
    reg  @{ banked.place.range }@ word_addr_q;            // the word to read there

    wire step = !start_q || (grant_i && (ready_rows_q >= need_rows_q));

    wire end_group  = (group_q == @{ inner.last }@);
    wire end_fold   = end_group && (phase_q == @{ banked.phase.last }@);
    wire end_window = end_fold && (fold_q == @{ folds.last }@);
    wire end_row    = end_window && (ox_q == @{ ox.last }@);

<% include "window_next.v" %>
    wire end_image = end_row && last_row;

    wire @{ banked.bank_wide.range }@ bank_sum = {1'b0, left_bank_q} + @{ banked.stride_bank }@;
    wire bank_wraps = (bank_sum >= @{ banked.banks }@);
    wire @{ banked.bank_wide.range }@ bank_cut = bank_wraps ? bank_sum - @{ banked.banks }@ : bank_sum;
    wire unused_bank = bank_cut[@{ banked.bank.bits }@];
    wire @{ banked.place.range }@ right_addr = left_addr_q + (bank_wraps ? @{ banked.stride_place_more }@ : @{ banked.stride_place }@);
    wire @{ banked.place.range }@ next_left_addr = end_row ? @{ banked.start_place }@ : (end_window ? right_addr : left_addr_q);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            start_q      <= 1'b1;
            group_q      <= @{ inner.zero }@;
            phase_q      <= @{ banked.phase.zero }@;
            fold_q       <= @{ folds.zero }@;
            ox_q         <= @{ ox.zero }@;
            oy_q         <= @{ oy.zero }@;
            need_rows_q  <= @{ first_need }@;
<%- if padded %>
            top_y_q      <= @{ start_y }@;
            left_x_q     <= @{ start_x }@;
<%- endif %>
            first_addr_q <= @{ addr.zero }@;
            top_addr_q   <= @{ first_top }@;
            left_bank_q  <= @{ banked.start_bank }@;
            left_addr_q  <= @{ banked.start_place }@;
            word_addr_q  <= @{ banked.start_place }@;
        end else if (step) begin
            start_q     <= end_fold;
            group_q     <= end_group ? @{ inner.zero }@ : group_q + @{ inner.one }@;
            word_addr_q <= end_group ? next_left_addr : word_addr_q + @{ banked.place.one }@;
            left_addr_q <= next_left_addr;
            top_addr_q  <= next_top;
            if (end_group) begin
                phase_q <= end_fold ? @{ banked.phase.zero }@ : phase_q + @{ banked.phase.one }@;
            end
            if (end_fold) begin
                fold_q <= end_window ? @{ folds.zero }@ : fold_q + @{ folds.one }@;
            end
            if (end_window) begin
                ox_q        <= end_row ? @{ ox.zero }@ : ox_q + @{ ox.one }@;
<%- if padded %>
                left_x_q    <= end_row ? @{ start_x }@ : left_x_q + @{ stride_x }@;
<%- endif %>
                left_bank_q <= end_row ? @{ banked.start_bank }@ : bank_cut[@{ banked.bank.msb }@:0];
            end
            if (end_row) begin
                oy_q        <= end_image ? @{ oy.zero }@ : oy_q + @{ oy.one }@;
<%- if padded %>
                top_y_q     <= next_y;
<%- endif %>
                need_rows_q <= next_need;
            end
            if (end_image) begin
                first_addr_q <= first_addr;
            end
        end
    end

<% include "window_slots.v" %>

<% include "window_order.v" %>

    reg  [2:0] tag_q4;
    wire [2:0] tag_q3;

    sg_delay #(
        .Width (3),
        .Cycles(2)
    ) u_tags (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(tag_q),
        .data_o(tag_q3)
    );

    always @(posedge clk_i) begin
        tag_q4 <= rst_ni ? tag_q3 : 3'b000;
    end

    assign start_o     = step && start_q;
    assign step_o      = tag_q3[2];
    assign tap_valid_o = tag_q4[2];
    assign tap_first_o = tag_q4[1];
    assign tap_last_o  = tag_q4[0];

endmodule

`default_nettype wire

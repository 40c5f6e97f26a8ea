// @{ module }@: line buffer and window generator of @{ node }@.
//
// Input    @{ height }@ rows x @{ width }@ columns x @{ groups }@ words of @{ word_bits }@ bits, raster order.
// Windows  @{ kernel_h }@ x @{ kernel_w }@, stride @{ stride_h }@ x @{ stride_w }@, padding @{ pad_h }@ x @{ pad_w }@: @{ out_h }@ x @{ out_w }@ of them an image.
// Output   one word a cycle: for each window, for each of @{ text::count(*folds.count, "fold") }@, row by row of the window, @{ text::count(*inner.count, "word") }@ a tap.
//          A tap in the padding reads @{ pad_word }@. The word leaves 3 cycles after its step.
// Storage  @{ rows }@ row slots, a ring that runs on from image to image: while a window row is read, the rows of the
//          next one arrive. A fold starts when grant_i is high and its rows are complete; then it never pauses.
`default_nettype none

module @{ module }@ (
    input  wire clk_i,
    input  wire rst_ni,

    input  wire @{ word }@ in_data_i,
    input  wire in_valid_i,
    output wire in_ready_o,

    input  wire grant_i,      // the consumer has room for one fold's results
    output wire start_o,      // a fold starts: takes the grant
    output wire step_o,       // a word is being read (one cycle before it is out)
    output wire @{ word }@ tap_data_o,
    output wire tap_valid_o,
    output wire tap_first_o,  // first word of a fold
    output wire tap_last_o    // last word of a fold
);

    // ---- Write side -------------------------------------------------------------------------------------------
    reg  @{ addr.range }@ write_addr_q;
    reg  @{ col.range }@ write_col_q;  // word in its row
    reg  @{ row.range }@ write_row_q;  // row in its image
    reg  @{ slots.range }@ held_q;     // row slots complete and not yet given back

    wire take       = in_valid_i && in_ready_o;
    wire write_en   = take<% if let Some(used) = used_rows %> && (write_row_q < @{ used }@)<% endif %>;<% if used_rows.is_some() %>  // rows below the last window are dropped<% endif %>
    wire row_last   = (write_col_q == @{ col.last }@);
    wire row_done   = take && row_last;
    wire row_kept   = write_en && row_last;
    wire image_done = row_done && (write_row_q == @{ row.last }@);

    assign in_ready_o = (held_q != @{ slots.last }@);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            write_addr_q <= @{ addr.zero }@;
            write_col_q  <= @{ col.zero }@;
            write_row_q  <= @{ row.zero }@;
        end else if (take) begin
            if (write_en) begin
                write_addr_q <= (write_addr_q == @{ addr.last }@) ? @{ addr.zero }@ : write_addr_q + @{ addr.one }@;
            end
            write_col_q <= row_done ? @{ col.zero }@ : write_col_q + @{ col.one }@;
            if (row_done) begin
                write_row_q <= image_done ? @{ row.zero }@ : write_row_q + @{ row.one }@;
            end
        end
    end

    // ---- Read side: where the next word stands ----------------------------------------------------------------
    reg  @{ inner.range }@ group_q;
    reg  @{ kx.range }@ kx_q;
    reg  @{ ky.range }@ ky_q;
    reg  @{ folds.range }@ fold_q;
    reg  @{ ox.range }@ ox_q;
    reg  @{ oy.range }@ oy_q;
    reg  start_q;                                  // the next word opens a fold
    reg  @{ slots.range }@ ready_rows_q;           // complete rows, as the reader sees them
    reg  @{ slots.range }@ need_rows_q;            // rows that this row of windows needs
<%- if padded %>
    reg  signed @{ y.range }@ top_y_q;             // image row of the windows' first tap
    reg  signed @{ y.range }@ tap_y_q;
    reg  signed @{ x.range }@ left_x_q;            // image column of the window's first tap
    reg  signed @{ x.range }@ tap_x_q;
<%- endif %>
    reg  @{ addr.range }@ first_addr_q;            // where the image's row 0 stands
    reg  @{ addr.range }@ top_addr_q;              // where the windows' first row stands
    reg  @{ addr.range }@ row_addr_q;              // where the tap's row stands
    reg  signed @{ off.range }@ left_off_q;        // the window's first column, in words
    reg  signed @{ off.range }@ off_q;             // word in the row

    wire step = !start_q || (grant_i && (ready_rows_q >= need_rows_q));

    wire end_tap    = (group_q == @{ inner.last }@);
    wire end_line   = end_tap && (kx_q == @{ kx.last }@);
    wire end_fold   = end_line && (ky_q == @{ ky.last }@);
    wire end_window = end_fold && (fold_q == @{ folds.last }@);
    wire end_row    = end_window && (ox_q == @{ ox.last }@);

<% include "window_next.v" %>
    wire end_image = end_row && last_row;

    wire @{ addr.range }@ down_addr = @{ down_addr }@;

<%- if padded %>
    wire signed @{ x.range }@ next_left_x = end_row ? @{ start_x }@ : (end_window ? left_x_q + @{ stride_x }@ : left_x_q);
<%- endif %>
    wire signed @{ off.range }@ next_left_off = end_row ? @{ start_off }@ : (end_window ? left_off_q + @{ stride_off }@ : left_off_q);
    wire @{ folds.range }@ next_fold = end_window ? @{ folds.zero }@ : (end_fold ? fold_q + @{ folds.one }@ : fold_q);

<%- if fold_offset != "" %>
    wire @{ folds.range }@ fold_word = next_fold;  // the pass's word in the pixel
<%- endif %>

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            start_q      <= 1'b1;
            group_q      <= @{ inner.zero }@;
            kx_q         <= @{ kx.zero }@;
            ky_q         <= @{ ky.zero }@;
            fold_q       <= @{ folds.zero }@;
            ox_q         <= @{ ox.zero }@;
            oy_q         <= @{ oy.zero }@;
            need_rows_q  <= @{ first_need }@;
<%- if padded %>
            top_y_q      <= @{ start_y }@;
            tap_y_q      <= @{ start_y }@;
            left_x_q     <= @{ start_x }@;
            tap_x_q      <= @{ start_x }@;
<%- endif %>
            first_addr_q <= @{ addr.zero }@;
            top_addr_q   <= @{ first_top }@;
            row_addr_q   <= @{ first_top }@;
            left_off_q   <= @{ start_off }@;
            off_q        <= @{ start_off }@;
        end else if (step) begin
            start_q <= end_fold;
            group_q <= end_tap ? @{ inner.zero }@ : group_q + @{ inner.one }@;
            fold_q  <= next_fold;
            if (end_tap) begin
                kx_q <= end_line ? @{ kx.zero }@ : kx_q + @{ kx.one }@;
            end
            if (end_line) begin
                ky_q <= end_fold ? @{ ky.zero }@ : ky_q + @{ ky.one }@;
            end
            if (end_window) begin
                ox_q       <= end_row ? @{ ox.zero }@ : ox_q + @{ ox.one }@;
                left_off_q <= next_left_off;
<%- if padded %>
                left_x_q   <= next_left_x;
<%- endif %>
            end
            if (end_row) begin
                oy_q        <= end_image ? @{ oy.zero }@ : oy_q + @{ oy.one }@;
                top_addr_q  <= next_top;
                need_rows_q <= next_need;
<%- if padded %>
                top_y_q     <= next_y;
<%- endif %>
            end
            if (end_image) begin
                first_addr_q <= first_addr;
            end
            // The word to read: along the line, else at its start.
            if (!end_line) begin
                off_q <= off_q + @{ tap_jump }@;
            end else begin
                off_q      <= next_left_off@{ fold_offset }@;
                row_addr_q <= end_fold ? next_top : down_addr;
            end
<%- if padded %>
            if (end_line) begin
                tap_x_q <= next_left_x;
                tap_y_q <= end_fold ? (end_row ? next_y : top_y_q) : tap_y_q + @{ y.one }@;
            end else if (end_tap) begin
                tap_x_q <= tap_x_q + @{ x.one }@;
            end
<%- endif %>
        end
    end

<% include "window_slots.v" %>

    // ---- Read pipeline: address, memory, and a register behind it, since block RAM is slow ----
    reg @{ addr.range }@ read_addr_q;
    reg [2:0] tag_q;   // valid, first, last
    reg [2:0] tag_q2;
    reg [2:0] tag_q3;
    wire @{ word }@ read_data;
    reg @{ word }@ read_q;
    wire unused_off = @{ unused_off }@;

    always @(posedge clk_i) begin
        read_addr_q <= row_addr_q + off_q[@{ addr.msb }@:0];
    end

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            tag_q  <= 3'b000;
            tag_q2 <= 3'b000;
            tag_q3 <= 3'b000;
        end else begin
            tag_q  <= {step, start_q, end_fold};
            tag_q2 <= tag_q;
            tag_q3 <= tag_q2;
        end
    end

    sg_ram #(
        .Width   (@{ word_bits }@),
        .Depth   (@{ ram_depth }@),
        .AddrBits(@{ addr.bits }@),
        .Style   ("@{ ram_style }@")
    ) u_rows (
        .clk_i       (clk_i),
        .write_en_i  (write_en),
        .write_addr_i(write_addr_q),
        .write_data_i(in_data_i),
        .read_en_i   (tag_q[2]),
        .read_addr_i (read_addr_q),
        .read_data_o (read_data)
    );

    always @(posedge clk_i) begin
        read_q <= read_data;
    end

    assign start_o     = step && start_q;
    assign step_o      = tag_q2[2];
    assign tap_valid_o = tag_q3[2];
    assign tap_first_o = tag_q3[1];
    assign tap_last_o  = tag_q3[0];

<%- if padded %>

    // Taps outside the image.
    reg inside_q;
    reg inside_q2;
    reg inside_q3;

    always @(posedge clk_i) begin
        inside_q  <= !tap_y_q[@{ y.msb }@] && (tap_y_q < @{ rows_y }@) && !tap_x_q[@{ x.msb }@] && (tap_x_q < @{ cols_x }@);
        inside_q2 <= inside_q;
        inside_q3 <= inside_q2;
    end

    assign tap_data_o = inside_q3 ? read_q : @{ pad_word }@;
<%- else %>

    assign tap_data_o = read_q;
<%- endif %>

endmodule

`default_nettype wire

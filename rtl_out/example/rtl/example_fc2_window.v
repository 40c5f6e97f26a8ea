// example_fc2_window: line buffer and window generator of fc2.
//
// Input    1 rows x 1 columns x 12 words of 4 bits, raster order.
// Windows  1 x 1, stride 1 x 1, padding 0 x 0: 1 x 1 of them an image.
// Output   one word a cycle: for each window, for each of 4 folds, row by row of the window, 12 words a tap.
//          A tap in the padding reads 4'd0. The word leaves 3 cycles after its step.
// Storage  2 row slots, a ring that runs on from image to image: while a window row is read, the rows of the
//          next one arrive. A fold starts when grant_i is high and its rows are complete; then it never pauses.
`default_nettype none

module example_fc2_window (
    input wire clk_i,
    input wire rst_ni,

    input  wire [3:0] in_data_i,
    input  wire       in_valid_i,
    output wire       in_ready_o,

    input  wire       grant_i,      // the consumer has room for one fold's results
    output wire       start_o,      // a fold starts: takes the grant
    output wire       step_o,       // a word is being read (one cycle before it is out)
    output wire [3:0] tap_data_o,
    output wire       tap_valid_o,
    output wire       tap_first_o,  // first word of a fold
    output wire       tap_last_o    // last word of a fold
);

    // ---- Write side -------------------------------------------------------------------------------------------------
    reg [4:0] write_addr_q;
    reg [3:0] write_col_q;  // word in its row
    reg [0:0] write_row_q;  // row in its image
    reg [1:0] held_q;       // row slots complete and not yet given back

    wire take       = in_valid_i && in_ready_o;
    wire write_en   = take;
    wire row_last   = (write_col_q == 4'd11);
    wire row_done   = take && row_last;
    wire row_kept   = write_en && row_last;
    wire image_done = row_done && (write_row_q == 1'd0);

    assign in_ready_o = (held_q != 2'd2);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            write_addr_q <= 5'd0;
            write_col_q  <= 4'd0;
            write_row_q  <= 1'd0;
        end else if (take) begin
            if (write_en) begin
                write_addr_q <= (write_addr_q == 5'd23) ? 5'd0 : write_addr_q + 5'd1;
            end
            write_col_q <= row_done ? 4'd0 : write_col_q + 4'd1;
            if (row_done) begin
                write_row_q <= image_done ? 1'd0 : write_row_q + 1'd1;
            end
        end
    end

    // ---- Read side: where the next word stands ----------------------------------------------------------------------
    reg        [3:0] group_q;
    reg        [0:0] kx_q;
    reg        [0:0] ky_q;
    reg        [1:0] fold_q;
    reg        [0:0] ox_q;
    reg        [0:0] oy_q;
    reg              start_q;       // the next word opens a fold
    reg        [1:0] ready_rows_q;  // complete rows, as the reader sees them
    reg        [1:0] need_rows_q;   // rows that this row of windows needs
    reg        [4:0] first_addr_q;  // where the image's row 0 stands
    reg        [4:0] top_addr_q;    // where the windows' first row stands
    reg        [4:0] row_addr_q;    // where the tap's row stands
    reg signed [6:0] left_off_q;    // the window's first column, in words
    reg signed [6:0] off_q;         // word in the row

    wire step = !start_q || (grant_i && (ready_rows_q >= need_rows_q));

    wire end_tap    = (group_q == 4'd11);
    wire end_line   = end_tap && (kx_q == 1'd0);
    wire end_fold   = end_line && (ky_q == 1'd0);
    wire end_window = end_fold && (fold_q == 2'd3);
    wire end_row    = end_window && (ox_q == 1'd0);

    // need: rows that must be complete before the next row of windows starts, counted from the first that is kept for it;
    // spare: rows that are kept no longer when this one ends. Made a cycle ahead: they depend on the row alone.
    wire       last_row = (oy_q == 1'd0);
    wire [1:0] need     = 2'd1;
    wire [1:0] spare    = 2'd1;

    wire [4:0] below_addr = (top_addr_q >= 5'd12) ? top_addr_q - 5'd12 : top_addr_q + 5'd12;
    wire [4:0] first_addr = (first_addr_q >= 5'd12) ? first_addr_q - 5'd12 : first_addr_q + 5'd12;
    wire [4:0] lead_addr  = (first_addr_q >= 5'd12) ? first_addr_q - 5'd12 : first_addr_q + 5'd12;
    wire [4:0] after_top  = last_row ? lead_addr : below_addr;

    reg [1:0] next_need_q;
    reg [1:0] free_rows_q;
    reg [4:0] row_top_q;

    always @(posedge clk_i) begin
        next_need_q <= need;
        free_rows_q <= spare;
        row_top_q   <= after_top;
    end

    wire [1:0] next_need = next_need_q;
    wire [1:0] free_rows = free_rows_q;
    wire [4:0] row_top   = row_top_q;
    wire [4:0] next_top  = end_row ? row_top : top_addr_q;
    wire       end_image = end_row && last_row;

    wire        [4:0] down_addr     = (row_addr_q >= 5'd12) ? row_addr_q - 5'd12 : row_addr_q + 5'd12;
    wire signed [6:0] next_left_off = end_row ? 7'sd0 : (end_window ? left_off_q + 7'sd12 : left_off_q);
    wire        [1:0] next_fold     = end_window ? 2'd0 : (end_fold ? fold_q + 2'd1 : fold_q);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            start_q      <= 1'b1;
            group_q      <= 4'd0;
            kx_q         <= 1'd0;
            ky_q         <= 1'd0;
            fold_q       <= 2'd0;
            ox_q         <= 1'd0;
            oy_q         <= 1'd0;
            need_rows_q  <= 2'd1;
            first_addr_q <= 5'd0;
            top_addr_q   <= 5'd0;
            row_addr_q   <= 5'd0;
            left_off_q   <= 7'sd0;
            off_q        <= 7'sd0;
        end else if (step) begin
            start_q <= end_fold;
            group_q <= end_tap ? 4'd0 : group_q + 4'd1;
            fold_q  <= next_fold;
            if (end_tap) begin
                kx_q <= end_line ? 1'd0 : kx_q + 1'd1;
            end
            if (end_line) begin
                ky_q <= end_fold ? 1'd0 : ky_q + 1'd1;
            end
            if (end_window) begin
                ox_q       <= end_row ? 1'd0 : ox_q + 1'd1;
                left_off_q <= next_left_off;
            end
            if (end_row) begin
                oy_q        <= end_image ? 1'd0 : oy_q + 1'd1;
                top_addr_q  <= next_top;
                need_rows_q <= next_need;
            end
            if (end_image) begin
                first_addr_q <= first_addr;
            end
            // The word to read: along the line, else at its start.
            if (!end_line) begin
                off_q <= off_q + 7'sd1;
            end else begin
                off_q      <= next_left_off;
                row_addr_q <= end_fold ? next_top : down_addr;
            end
        end
    end

    // ---- Row slots: the writer gets them back two cycles late, when their last word has been read -------------------
    wire [1:0] freed = (step && end_row) ? free_rows : 2'd0;
    reg  [1:0] freed_q;
    reg  [1:0] freed_q2;
    wire [1:0] kept  = row_kept ? 2'd1 : 2'd0;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            ready_rows_q <= 2'd0;
            held_q       <= 2'd0;
            freed_q      <= 2'd0;
            freed_q2     <= 2'd0;
        end else begin
            ready_rows_q <= ready_rows_q + kept - freed;
            held_q       <= held_q + kept - freed_q2;
            freed_q      <= freed;
            freed_q2     <= freed_q;
        end
    end

    // ---- Read pipeline: address, memory, and a register behind it, since block RAM is slow --------------------------
    reg  [4:0] read_addr_q;
    reg  [2:0] tag_q;  // valid, first, last
    reg  [2:0] tag_q2;
    reg  [2:0] tag_q3;
    wire [3:0] read_data;
    reg  [3:0] read_q;
    wire       unused_off = &{1'b0, off_q[6:5]};

    always @(posedge clk_i) begin
        read_addr_q <= row_addr_q + off_q[4:0];
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
        .Width   (4),
        .Depth   (24),
        .AddrBits(5),
        .Style   ("distributed")
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

    assign tap_data_o = read_q;

endmodule

`default_nettype wire

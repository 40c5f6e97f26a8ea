// example_conv2_window: line buffer and window generator of conv2.
//
// Input    4 rows x 4 columns x 4 words of 4 bits, raster order.
// Windows  3 x 3, stride 1 x 1, padding 1 x 1: 4 x 4 of them an image.
// Output   one word a cycle: for each window, for each of 2 folds, row by row of the window, 4 words a tap.
//          A tap in the padding reads 4'd0. The word leaves 3 cycles after its step.
// Storage  4 row slots, a ring that runs on from image to image: while a window row is read, the rows of the
//          next one arrive. A fold starts when grant_i is high and its rows are complete; then it never pauses.
`default_nettype none

module example_conv2_window (
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
    reg [5:0] write_addr_q;
    reg [3:0] write_col_q;  // word in its row
    reg [1:0] write_row_q;  // row in its image
    reg [2:0] held_q;       // row slots complete and not yet given back

    wire take       = in_valid_i && in_ready_o;
    wire write_en   = take;
    wire row_last   = (write_col_q == 4'd15);
    wire row_done   = take && row_last;
    wire row_kept   = write_en && row_last;
    wire image_done = row_done && (write_row_q == 2'd3);

    assign in_ready_o = (held_q != 3'd4);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            write_addr_q <= 6'd0;
            write_col_q  <= 4'd0;
            write_row_q  <= 2'd0;
        end else if (take) begin
            if (write_en) begin
                write_addr_q <= (write_addr_q == 6'd63) ? 6'd0 : write_addr_q + 6'd1;
            end
            write_col_q <= row_done ? 4'd0 : write_col_q + 4'd1;
            if (row_done) begin
                write_row_q <= image_done ? 2'd0 : write_row_q + 2'd1;
            end
        end
    end

    // ---- Read side: where the next word stands ----------------------------------------------------------------------
    reg        [1:0] group_q;
    reg        [1:0] kx_q;
    reg        [1:0] ky_q;
    reg        [0:0] fold_q;
    reg        [1:0] ox_q;
    reg        [1:0] oy_q;
    reg              start_q;       // the next word opens a fold
    reg        [2:0] ready_rows_q;  // complete rows, as the reader sees them
    reg        [2:0] need_rows_q;   // rows that this row of windows needs
    reg signed [4:0] top_y_q;       // image row of the windows' first tap
    reg signed [4:0] tap_y_q;
    reg signed [4:0] left_x_q;      // image column of the window's first tap
    reg signed [4:0] tap_x_q;
    reg        [5:0] first_addr_q;  // where the image's row 0 stands
    reg        [5:0] top_addr_q;    // where the windows' first row stands
    reg        [5:0] row_addr_q;    // where the tap's row stands
    reg signed [6:0] left_off_q;    // the window's first column, in words
    reg signed [6:0] off_q;         // word in the row

    wire step = !start_q || (grant_i && (ready_rows_q >= need_rows_q));

    wire end_tap    = (group_q == 2'd3);
    wire end_line   = end_tap && (kx_q == 2'd2);
    wire end_fold   = end_line && (ky_q == 2'd2);
    wire end_window = end_fold && (fold_q == 1'd1);
    wire end_row    = end_window && (ox_q == 2'd3);

    // need: rows that must be complete before the next row of windows starts, counted from the first that is kept for it;
    // spare: rows that are kept no longer when this one ends. Made a cycle ahead: they depend on the row alone.
    wire       last_row = (oy_q == 2'd3);
    reg  [2:0] need;
    reg  [2:0] spare;

    always @* begin
        case (oy_q)
            2'd0: begin
                need  = 3'd3;
                spare = 3'd0;
            end
            2'd1: begin
                need  = 3'd3;
                spare = 3'd1;
            end
            2'd2: begin
                need  = 3'd2;
                spare = 3'd1;
            end
            default: begin
                need  = 3'd2;
                spare = 3'd2;
            end
        endcase
    end

    wire        [5:0] below_addr = top_addr_q + 6'd16;
    wire        [5:0] first_addr = first_addr_q;
    wire        [5:0] lead_addr  = first_addr_q + 6'd48;
    wire        [5:0] after_top  = last_row ? lead_addr : below_addr;
    wire signed [4:0] after_y    = last_row ? -5'sd1 : top_y_q + 5'sd1;

    reg        [2:0] next_need_q;
    reg        [2:0] free_rows_q;
    reg        [5:0] row_top_q;
    reg signed [4:0] next_y_q;

    always @(posedge clk_i) begin
        next_need_q <= need;
        free_rows_q <= spare;
        row_top_q   <= after_top;
        next_y_q    <= after_y;
    end

    wire        [2:0] next_need = next_need_q;
    wire        [2:0] free_rows = free_rows_q;
    wire        [5:0] row_top   = row_top_q;
    wire signed [4:0] next_y    = next_y_q;
    wire        [5:0] next_top  = end_row ? row_top : top_addr_q;
    wire              end_image = end_row && last_row;

    wire        [5:0] down_addr     = row_addr_q + 6'd16;
    wire signed [4:0] next_left_x   = end_row ? -5'sd1 : (end_window ? left_x_q + 5'sd1 : left_x_q);
    wire signed [6:0] next_left_off = end_row ? -7'sd4 : (end_window ? left_off_q + 7'sd4 : left_off_q);
    wire        [0:0] next_fold     = end_window ? 1'd0 : (end_fold ? fold_q + 1'd1 : fold_q);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            start_q      <= 1'b1;
            group_q      <= 2'd0;
            kx_q         <= 2'd0;
            ky_q         <= 2'd0;
            fold_q       <= 1'd0;
            ox_q         <= 2'd0;
            oy_q         <= 2'd0;
            need_rows_q  <= 3'd2;
            top_y_q      <= -5'sd1;
            tap_y_q      <= -5'sd1;
            left_x_q     <= -5'sd1;
            tap_x_q      <= -5'sd1;
            first_addr_q <= 6'd0;
            top_addr_q   <= 6'd48;
            row_addr_q   <= 6'd48;
            left_off_q   <= -7'sd4;
            off_q        <= -7'sd4;
        end else if (step) begin
            start_q <= end_fold;
            group_q <= end_tap ? 2'd0 : group_q + 2'd1;
            fold_q  <= next_fold;
            if (end_tap) begin
                kx_q <= end_line ? 2'd0 : kx_q + 2'd1;
            end
            if (end_line) begin
                ky_q <= end_fold ? 2'd0 : ky_q + 2'd1;
            end
            if (end_window) begin
                ox_q       <= end_row ? 2'd0 : ox_q + 2'd1;
                left_off_q <= next_left_off;
                left_x_q   <= next_left_x;
            end
            if (end_row) begin
                oy_q        <= end_image ? 2'd0 : oy_q + 2'd1;
                top_addr_q  <= next_top;
                need_rows_q <= next_need;
                top_y_q     <= next_y;
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
            if (end_line) begin
                tap_x_q <= next_left_x;
                tap_y_q <= end_fold ? (end_row ? next_y : top_y_q) : tap_y_q + 5'sd1;
            end else if (end_tap) begin
                tap_x_q <= tap_x_q + 5'sd1;
            end
        end
    end

    // ---- Row slots: the writer gets them back two cycles late, when their last word has been read -------------------
    wire [2:0] freed = (step && end_row) ? free_rows : 3'd0;
    reg  [2:0] freed_q;
    reg  [2:0] freed_q2;
    wire [2:0] kept  = row_kept ? 3'd1 : 3'd0;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            ready_rows_q <= 3'd0;
            held_q       <= 3'd0;
            freed_q      <= 3'd0;
            freed_q2     <= 3'd0;
        end else begin
            ready_rows_q <= ready_rows_q + kept - freed;
            held_q       <= held_q + kept - freed_q2;
            freed_q      <= freed;
            freed_q2     <= freed_q;
        end
    end

    // ---- Read pipeline: address, memory, and a register behind it, since block RAM is slow --------------------------
    reg  [5:0] read_addr_q;
    reg  [2:0] tag_q;  // valid, first, last
    reg  [2:0] tag_q2;
    reg  [2:0] tag_q3;
    wire [3:0] read_data;
    reg  [3:0] read_q;
    wire       unused_off = &{1'b0, off_q[6:6]};

    always @(posedge clk_i) begin
        read_addr_q <= row_addr_q + off_q[5:0];
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
        .Depth   (64),
        .AddrBits(6),
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

    // Taps outside the image.
    reg inside_q;
    reg inside_q2;
    reg inside_q3;

    always @(posedge clk_i) begin
        inside_q  <= !tap_y_q[4] && (tap_y_q < 5'sd4) && !tap_x_q[4] && (tap_x_q < 5'sd4);
        inside_q2 <= inside_q;
        inside_q3 <= inside_q2;
    end

    assign tap_data_o = inside_q3 ? read_q : 4'd0;

endmodule

`default_nettype wire

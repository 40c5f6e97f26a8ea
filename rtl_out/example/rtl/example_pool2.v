// example_pool2: maximum of 2 x 2 windows, 1 channel a cycle.
//
//   out = max over the window; padding never wins
//
// Input    4 x 4 pixels of 6 channels, unsigned 4 bits, 1 a beat
// Output   2 x 2 pixels of 6 channels, unsigned 4 bits, 1 a beat
// Cycles   96 an image
// Windows tile the image: one row of partial results is kept, and every beat is taken as it comes.
`default_nettype none

module example_pool2 (
    input  wire       clk_i,
    input  wire       rst_ni,
    input  wire [3:0] in_data_i,
    input  wire       in_valid_i,
    output wire       in_ready_o,
    output wire [3:0] out_data_o,
    output wire       out_valid_o,
    input  wire       out_ready_i
);

    wire       grant;
    wire       start;
    wire       done;  // a window is reduced
    wire [3:0] reduced;

    // ---- Where the beat stands --------------------------------------------------------------------------------------
    reg [2:0] group_q;
    reg [1:0] col_q;   // column in the image
    reg [1:0] row_q;   // row in the image
    reg [0:0] kx_q;    // column in the window
    reg [0:0] ky_q;    // row in the window
    reg [3:0] addr_q;  // the window's group among the partial results
    reg [3:0] left_q;  // the window's first group

    wire take      = in_valid_i && in_ready_o;
    wire end_pixel = (group_q == 3'd5);
    wire end_row   = end_pixel && (col_q == 2'd3);
    wire end_image = end_row && (row_q == 2'd3);
    wire end_kx    = end_pixel && (kx_q == 1'd1);
    wire used      = 1'b1;  // floor mode: what fills no window is dropped
    wire first     = (kx_q == 1'd0) && (ky_q == 1'd0);
    wire last      = (kx_q == 1'd1) && (ky_q == 1'd1);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            group_q <= 3'd0;
            col_q   <= 2'd0;
            row_q   <= 2'd0;
            kx_q    <= 1'd0;
            ky_q    <= 1'd0;
            addr_q  <= 4'd0;
            left_q  <= 4'd0;
        end else if (take) begin
            group_q <= end_pixel ? 3'd0 : group_q + 3'd1;
            addr_q  <= addr_q + 4'd1;
            if (end_pixel) begin
                col_q  <= end_row ? 2'd0 : col_q + 2'd1;
                kx_q   <= (end_row || end_kx) ? 1'd0 : kx_q + 1'd1;
                addr_q <= end_row ? 4'd0 : (end_kx ? addr_q + 4'd1 : left_q);
                left_q <= end_row ? 4'd0 : (end_kx ? addr_q + 4'd1 : left_q);
            end
            if (end_row) begin
                row_q <= end_image ? 2'd0 : row_q + 2'd1;
                ky_q  <= (end_image || (ky_q == 1'd1)) ? 1'd0 : ky_q + 1'd1;
            end
        end
    end

    // ---- Two cycles later, when its partial result is read: reduce --------------------------------------------------
    reg  [3:0] data_q;
    reg  [3:0] data_q2;
    reg  [3:0] write_addr_q;
    reg  [3:0] write_addr_q2;
    reg        write_q;
    reg        write_q2;
    reg        first_q;
    reg        first_q2;
    reg        last_q;
    reg        last_q2;
    reg  [3:0] partial_q;
    wire [3:0] partial;
    wire [3:0] held;
    wire [3:0] value;

    always @(posedge clk_i) begin
        write_q       <= rst_ni && take && used;
        write_q2      <= rst_ni && write_q;
        last_q        <= rst_ni && start;
        last_q2       <= rst_ni && last_q;
        first_q       <= first;
        first_q2      <= first_q;
        data_q        <= in_data_i;
        data_q2       <= data_q;
        write_addr_q  <= addr_q;
        write_addr_q2 <= write_addr_q;
    end

    always @(posedge clk_i) begin
        partial_q <= partial;
    end

    assign held = partial_q;

    sg_ram #(
        .Width   (4),
        .Depth   (12),
        .AddrBits(4),
        .Style   ("distributed")
    ) u_partial (
        .clk_i       (clk_i),
        .write_en_i  (write_q2),
        .write_addr_i(write_addr_q2),
        .write_data_i(value),
        .read_en_i   (1'b1),
        .read_addr_i (addr_q),
        .read_data_o (partial)
    );

    sg_reduce #(
        .Lanes    (1),
        .InBits   (4),
        .Signed   (0),
        .Max      (1),
        .ValueBits(4)
    ) u_reduce (
        .first_i(first_q2),
        .data_i (data_q2),
        .value_i(held),
        .value_o(value)
    );

    assign in_ready_o = grant;
    assign start      = take && used && last;
    assign done       = last_q2;
    assign reduced    = value;

    wire       queue_valid = done;
    wire [3:0] queue_data  = reduced;

    // ---- Output queue: work starts only when there is room for its 1 beat -------------------------------------------
    wire queue_ready;
    wire unused_queue_ready = queue_ready;

    sg_credit #(
        .Beats(16),
        .Take (1),
        .Bits (5)
    ) u_credit (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .take_i (start),
        .give_i (out_valid_o && out_ready_i),
        .drop_i (1'b0),
        .grant_o(grant)
    );

    sg_fifo_a4 #(
        .Width(4)
    ) u_queue (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (queue_data),
        .in_valid_i (queue_valid),
        .in_ready_o (queue_ready),
        .out_data_o (out_data_o),
        .out_valid_o(out_valid_o),
        .out_ready_i(out_ready_i)
    );

endmodule

`default_nettype wire

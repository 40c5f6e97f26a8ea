// Proof of a window generator, for the geometry in the parameters (WINDOW names its module; formal.sh sets both).
//
// One word of one image, chosen freely, is 1 and all others are 0. Every tap must then show 1 exactly where the windows
// of that image have that word, and 0 elsewhere: so no row is overwritten while a window needs it, none is read before it
// has arrived, padding reads 0, and words come in their order (window, fold, group of taps, word). A fold that has
// started never pauses, starts only with grant_i, and the generator never waits while the writer waits for it.
`default_nettype none

module proof #(
    parameter Height    = 4,
    parameter Width     = 4,
    parameter Groups    = 1,
    parameter KernelH   = 3,
    parameter KernelW   = 3,
    parameter StrideH   = 1,
    parameter StrideW   = 1,
    parameter PadH      = 1,
    parameter PadW      = 1,
    parameter OutH      = 4,
    parameter OutW      = 4,
    parameter Folds     = 1,
    parameter Depthwise = 0,
    parameter KPar      = 1
) (
    input wire       clk_i,
    input wire       rst_ni,
    input wire       in_valid_i,
    input wire       grant_i,
    input wire       choose_i,  // the image that begins is the chosen one
    input wire [7:0] mark_i     // the chosen word
);
    localparam Words  = Height * Width * Groups;
    localparam Inner  = (Depthwise != 0) ? 1 : Groups;
    localparam Phases = (KernelH * KernelW + KPar - 1) / KPar;

    wire            in_ready;
    wire            start;
    wire            step;
    wire [KPar-1:0] taps;
    wire            tap_valid;
    wire            tap_first;
    wire            tap_last;
    reg             begun_q = 1'b0;
    reg  [7:0]      mark_q;

    // ---- Write side: the word that enters, and whether it is the chosen one.
    reg  [7:0] word_q;
    reg  [1:0] write_image_q;
    reg  [1:0] chosen_q;       // that image
    reg        active_q;       // it was chosen, and is not read to its end yet
    reg        done_q;
    wire       take     = in_valid_i && in_ready;
    wire       chooses  = (word_q == 8'd0) && choose_i && !active_q && !done_q;
    wire       in_image = chooses || (active_q && (chosen_q == write_image_q));
    wire       in_data  = in_image && (word_q == mark_q);
    wire       end_read;

    always @(posedge clk_i) begin
        begun_q <= 1'b1;
        if (!rst_ni) begin
            word_q        <= 8'd0;
            write_image_q <= 2'd0;
            chosen_q      <= 2'd0;
            active_q      <= 1'b0;
            done_q        <= 1'b0;
            mark_q        <= mark_i;
        end else begin
            if (take) begin
                word_q <= (word_q == Words - 1) ? 8'd0 : word_q + 8'd1;
                if (word_q == Words - 1) write_image_q <= write_image_q + 2'd1;
                if (chooses) chosen_q <= write_image_q;
                if (chooses) active_q <= 1'b1;
            end
            if (end_read) active_q <= 1'b0;
            if (end_read) done_q <= 1'b1;
        end
    end

    `WINDOW i_dut (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (in_data),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready),
        .grant_i    (grant_i),
        .start_o    (start),
        .step_o     (step),
        .tap_data_o (taps),
        .tap_valid_o(tap_valid),
        .tap_first_o(tap_first),
        .tap_last_o (tap_last)
    );

    // ---- Read side: where the words that come stand.
    reg  [7:0] group_q;
    reg  [7:0] phase_q;
    reg  [7:0] fold_q;
    reg  [7:0] ox_q;
    reg  [7:0] oy_q;
    reg  [1:0] read_image_q;
    reg        in_fold_q;     // words of this fold have come, and more must
    wire       end_group  = (group_q == Inner - 1);
    wire       end_fold   = end_group && (phase_q == Phases - 1);
    wire       end_window = end_fold && (fold_q == Folds - 1);
    wire       end_row    = end_window && (ox_q == OutW - 1);
    wire       end_image  = end_row && (oy_q == OutH - 1);
    assign     end_read   = tap_valid && end_image && active_q && (chosen_q == read_image_q);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            {group_q, phase_q, fold_q, ox_q, oy_q} <= 40'd0;
            read_image_q <= 2'd0;
            in_fold_q    <= 1'b0;
        end else if (tap_valid) begin
            group_q <= end_group ? 8'd0 : group_q + 8'd1;
            if (end_group) phase_q <= end_fold ? 8'd0 : phase_q + 8'd1;
            if (end_fold) fold_q <= end_window ? 8'd0 : fold_q + 8'd1;
            if (end_window) ox_q <= end_row ? 8'd0 : ox_q + 8'd1;
            if (end_row) oy_q <= end_image ? 8'd0 : oy_q + 8'd1;
            if (end_image) read_image_q <= read_image_q + 2'd1;
            in_fold_q <= !end_fold;
        end
    end

    wire [7:0]      word_group = (Depthwise != 0) ? fold_q : group_q;
    wire [KPar-1:0] expected;
    genvar k;
    generate
        for (k = 0; k < KPar; k = k + 1) begin : gen_tap
            // Narrow words keep the division small for the prover: no geometry here has 32 taps or positions.
            wire        [4:0] tap = phase_q[4:0] * KPar[4:0] + k[4:0];
            wire signed [6:0] y   = $signed({2'd0, oy_q[4:0]}) * StrideH + $signed({2'd0, tap / KernelW[4:0]}) - PadH;
            wire signed [6:0] x   = $signed({2'd0, ox_q[4:0]}) * StrideW + $signed({2'd0, tap % KernelW[4:0]}) - PadW;
            wire inside = (tap < KernelH * KernelW) && (y >= 0) && (y < Height) && (x >= 0) && (x < Width);
            wire        [7:0] word = (y[5:0] * Width[7:0] + x[5:0]) * Groups[7:0] + word_group;
            assign expected[k] = inside && active_q && (chosen_q == read_image_q) && (word == mark_q);
        end
    endgenerate

    // ---- The reader may only wait for a row while the writer can bring it (a freed slot takes it two cycles to see).
    reg [7:0] running_q;  // words of the fold that are still to be read
    reg [2:0] waiting_q;  // cycles in which both waited
    wire      idle = (running_q == 8'd0) && !start;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            running_q <= 8'd0;
            waiting_q <= 3'd0;
        end else begin
            running_q <= start ? Phases * Inner - 1 : (running_q == 8'd0) ? 8'd0 : running_q - 8'd1;
            waiting_q <= (idle && grant_i && !in_ready) ? waiting_q + 3'd1 : 3'd0;
        end
    end

    always @(*) begin
        if (!begun_q) assume (!rst_ni);
        if (begun_q) assume (rst_ni);
        assume (mark_q < Words);
        if (begun_q) begin
            if (tap_valid) assert (taps == expected);
            if (tap_valid) assert (tap_first == ((group_q == 8'd0) && (phase_q == 8'd0)));
            if (tap_valid) assert (tap_last == end_fold);
            if (in_fold_q) assert (tap_valid);
            if (start) assert (grant_i && (running_q == 8'd0));
            assert (waiting_q <= 3'd2);
        end
    end
endmodule

`default_nettype wire

// The four-state twin of tb.cpp, for Icarus Verilog: the same vectors, passes and checks, and an X counts as wrong.
//
//   vvp tb.vvp +vectors=FILE [+stall=P] [+seed=S] [+timeout=CYCLES] [+first=I] [+count=N] [+main_only]
//       [+reset_test] [+tlast_test] [+first_difference] [+trace=FILE]
//
// Compile with -DTOP=<module> -DCHANNELS=<of a pixel> -DCLASSES=<scores an image>. Prints one JSON object; ends by
// $fatal (exit status 1) on a difference, a broken AXI rule or a deadlock. Inputs change at the falling edge; what the
// design offers is sampled just before the rising edge.
`timescale 1ns / 1ns

module tb;

    localparam integer Channels       = `CHANNELS;
    localparam integer Classes        = `CLASSES;
    localparam integer UserBits       = (Classes > 2) ? $clog2(Classes) : 1;
    localparam integer ResetCycles    = 8;
    localparam integer DrainCycles    = 64;
    localparam integer MeasuredImages = 16;
    localparam integer FullImages     = 1000; // the most that a pass may need to fill every queue ...
    localparam integer Fills          = 3;    // ... so many times
    localparam integer LongCycles     = 100000; // about as long is the source slow, for 2 to 8 images; and 3 to 10 resets
    localparam integer Listed         = 10;

    reg                   clk_i = 1'b0;
    reg                   rst_ni = 1'b0;
    reg  [8*Channels-1:0] s_axis_tdata;
    reg                   s_axis_tvalid = 1'b0;
    wire                  s_axis_tready;
    reg                   s_axis_tlast = 1'b0;
    wire [31:0]           m_axis_tdata;
    wire                  m_axis_tvalid;
    reg                   m_axis_tready = 1'b0;
    wire                  m_axis_tlast;
    wire [UserBits-1:0]   m_axis_tuser;
    wire                  err_tlast_o;

    `TOP dut (
        .clk_i         (clk_i),
        .rst_ni        (rst_ni),
        .s_axis_tdata  (s_axis_tdata),
        .s_axis_tvalid (s_axis_tvalid),
        .s_axis_tready (s_axis_tready),
        .s_axis_tlast  (s_axis_tlast),
        .m_axis_tdata  (m_axis_tdata),
        .m_axis_tvalid (m_axis_tvalid),
        .m_axis_tready (m_axis_tready),
        .m_axis_tlast  (m_axis_tlast),
        .m_axis_tuser  (m_axis_tuser),
        .err_tlast_o   (err_tlast_o)
    );

    always #5 clk_i = !clk_i;

    // ---- The vector file (testbench/vectors.h).

    integer        first, images, pixels;   // image 0 here is image `first` of the file
    reg     [7:0]  pixel_bytes [];
    reg signed [31:0] scores [];

    function automatic [31:0] read_word(input integer file);
        integer i;
        for (i = 0; i < 4; i = i + 1) read_word[8*i +: 8] = $fgetc(file);
    endfunction

    task load_vectors(input [8*1024-1:0] path, input integer count);
        integer file, i, all, skip;
        file = $fopen(path, "rb");
        if (file == 0) $fatal(1, "%0s: cannot be opened", path);
        if (read_word(file) != 32'h31564753) $fatal(1, "%0s: is no SGV1 vector file", path);
        all    = read_word(file);
        images = (count > 0 && count < all - first) ? count : all - first;
        pixels = read_word(file);
        if (read_word(file) != Channels) $fatal(1, "%0s: built for %0d channels", path, Channels);
        if (read_word(file) != Classes) $fatal(1, "%0s: built for %0d classes", path, Classes);
        if (images <= 0) $fatal(1, "%0s: has no image %0d", path, first);
        pixel_bytes = new[images * pixels * Channels];
        scores      = new[images * Classes];
        skip = $fseek(file, 20 + first * pixels * Channels, 0);
        for (i = 0; i < images * pixels * Channels; i = i + 1) pixel_bytes[i] = $fgetc(file);
        skip = $fseek(file, 20 + all * pixels * Channels + first * Classes * 4, 0);
        for (i = 0; i < images * Classes; i = i + 1) scores[i] = read_word(file);
        if ($feof(file)) $fatal(1, "%0s: ends too early", path);
        $fclose(file);
    endtask

    function automatic integer arg_max(input integer image);
        integer c;
        arg_max = 0;
        for (c = 1; c < Classes; c = c + 1)
            if (scores[image*Classes + c] > scores[image*Classes + arg_max]) arg_max = c;
    endfunction

    // ---- What was found.

    integer cycle = 0, images_run = 0, mismatches = 0, wrong_beats = 0, protocol_errors = 0;
    integer latency_cycles = -1, interval_cycles = 0, interval_images = 0;
    reg     deadlock = 1'b0;
    reg     stop_at_first = 1'b0;   // +first_difference: for mutants, of which most are wrong at once

    task broken_rule(input [8*16-1:0] pass, input [8*64-1:0] rule);
        protocol_errors = protocol_errors + 1;
        if (protocol_errors <= Listed) $display("tb: %0s: cycle %0d: %0s", pass, cycle, rule);
        if (stop_at_first) $fatal(1, "the design is wrong");
    endtask

    task wrong(input [8*16-1:0] pass, input integer image, input integer cls, input [8*16-1:0] name,
               input [31:0] expected, input [31:0] found);
        wrong_beats = wrong_beats + 1;
        if (wrong_beats <= Listed)
            $display("tb: %0s: image %0d, class %0d: %0s is %0d, expected %0d", pass, first + image, cls, name,
                     $signed(found), $signed(expected));
        if (stop_at_first) $fatal(1, "the design is wrong");
    endtask

    // ---- Stimulus.

    real    stall;
    real    starve = 0.0;       // how often the source alone holds back, at least
    integer seed, time_limit;
    integer from = 0;           // the image of the file that comes first
    integer in_image, in_pixel, in_total, out_image, out_class, out_total, fills;
    integer first_pixel, first_tlast, last_tlast, last_move, right;
    reg     held, image_ok, taken, given, open;
    reg [31:0]         held_data;
    reg [UserBits-1:0] held_user;
    reg                held_last;

    function automatic reg chance(input real p);
        chance = (p > 0.0) && (($random(seed) & 32'h7fffffff) < p * 2147483648.0);
    endfunction

    task drive_source(input real p, input integer total, input integer flip);
        integer c, at;
        reg     offer, last;
        if (!s_axis_tvalid && in_total < total) begin
            offer = !chance(p);
            last  = in_pixel == pixels - 1;
            at    = (in_image * pixels + in_pixel) * Channels;
            // While idle the wires carry the complement: data without tvalid must not matter.
            for (c = 0; c < Channels; c = c + 1)
                s_axis_tdata[8*c +: 8] = offer ? pixel_bytes[at + c] : ~pixel_bytes[at + c];
            s_axis_tvalid = offer;
            s_axis_tlast  = offer ? (last != (in_total == flip)) : !last;
        end
    endtask

    // What was offered and not taken must stay.
    task check_held(input [8*16-1:0] pass);
        if (m_axis_tvalid !== 1'b0 && m_axis_tvalid !== 1'b1) broken_rule(pass, "m_axis_tvalid is X");
        if (s_axis_tready !== 1'b0 && s_axis_tready !== 1'b1) broken_rule(pass, "s_axis_tready is X");
        if (held && m_axis_tvalid !== 1'b1) broken_rule(pass, "m_axis_tvalid fell before m_axis_tready");
        else if (held && (held_data !== m_axis_tdata || held_user !== m_axis_tuser || held_last !== m_axis_tlast))
            broken_rule(pass, "m_axis payload changed while stalled");
        held      = m_axis_tvalid && !m_axis_tready;
        held_data = m_axis_tdata;
        held_user = m_axis_tuser;
        held_last = m_axis_tlast;
    endtask

    task check_beat(input [8*16-1:0] pass);
        reg                last;
        reg [31:0]         score;
        reg [UserBits-1:0] user;
        last  = out_class == Classes - 1;
        score = scores[out_image*Classes + out_class];
        user  = last ? arg_max(out_image) : 0;
        if (m_axis_tdata !== score) wrong(pass, out_image, out_class, "score", score, m_axis_tdata);
        if (m_axis_tlast !== last) wrong(pass, out_image, out_class, "tlast", last, m_axis_tlast);
        if (m_axis_tuser !== user) wrong(pass, out_image, out_class, "tuser", user, m_axis_tuser);
        if (m_axis_tdata !== score || m_axis_tlast !== last || m_axis_tuser !== user) image_ok = 1'b0;
    endtask

    task take_beat(input [8*16-1:0] pass, input integer total);
        if (out_total >= total) begin
            wrong(pass, out_image, out_class, "extra beat", 0, m_axis_tdata);
        end else begin
            check_beat(pass);
            out_total = out_total + 1;
            out_class = out_class + 1;
            if (out_class == Classes) begin
                if (image_ok) right = right + 1;
                if (out_total == Classes) first_tlast = cycle;
                last_tlast = cycle;
                image_ok   = 1'b1;
                if (fills < Fills) open = 1'b0;
                out_class  = 0;
                out_image  = (out_image + 1) % images;
            end
        end
    endtask

    // One stretch of stimulus: see `Pass` in testbench/bench.h. An abort (0: none) leaves in the middle.
    task run_pass(input [8*16-1:0] pass, input integer most, input real p, input reg late, input integer flip,
                  input integer fill, input integer abort_pixels, input integer abort_beats);
        reg     running;
        integer count;
        count = most;
        fills = 0;
        in_image = from % images; in_pixel = 0; in_total = 0; out_image = in_image; out_class = 0; out_total = 0;
        right = 0; image_ok = 1'b1; held = 1'b0; open = 1'b0; last_move = cycle; running = !deadlock;
        while (running) begin
            if (fill > 0 && !open && cycle - last_move >= fill) begin
                open  = 1'b1;
                fills = fills + 1;
                if (fills == Fills && in_total / pixels + 1 < count) count = in_total / pixels + 1;
            end
            drive_source((p > starve) ? p : starve, count * pixels, flip);
            m_axis_tready = (fill > 0) ? open : (late ? held : !chance(p));
            #4;
            check_held(pass);
            taken = s_axis_tvalid && s_axis_tready;
            given = m_axis_tvalid && m_axis_tready;
            if (given) take_beat(pass, count * Classes);
            if (taken && in_total == 0) first_pixel = cycle;
            @(negedge clk_i);
            cycle = cycle + 1;
            if (taken) begin
                s_axis_tvalid = 1'b0;
                in_total = in_total + 1;
                in_pixel = in_pixel + 1;
                if (in_pixel == pixels) begin
                    in_pixel = 0;
                    in_image = (in_image + 1) % images;
                end
            end
            if (taken || given) last_move = cycle;
            // The scores may be out while pixels that no window uses still wait: the pass ends when those are in, too.
            if (in_total >= count * pixels && out_total >= count * Classes) running = cycle - last_move <= DrainCycles;
            if ((abort_pixels > 0 && in_total >= abort_pixels) || (abort_beats > 0 && out_total >= abort_beats))
                running = 1'b0;
            if (running && cycle - last_move > time_limit) begin
                deadlock = 1'b1;
                running  = 1'b0;
                $display("tb: %0s: deadlock: no beat moved for %0d cycles; next in: image %0d, pixel %0d; next out: image %0d, class %0d",
                         pass, time_limit, first + in_image, in_pixel, first + out_image, out_class);
            end
        end
        s_axis_tvalid = 1'b0;
        m_axis_tready = 1'b0;
        if (abort_pixels == 0 && abort_beats == 0) begin
            if (fill > 0 && in_total / pixels + 1 < count) count = in_total / pixels + 1;
            images_run = images_run + count;
            mismatches = mismatches + count - right;
        end
    endtask

    task reset;
        rst_ni        = 1'b0;
        s_axis_tvalid = 1'b0;
        s_axis_tlast  = 1'b0;
        m_axis_tready = 1'b0;
        repeat (ResetCycles) @(negedge clk_i);
        cycle = cycle + ResetCycles;
        if (m_axis_tvalid !== 1'b0) broken_rule("reset", "m_axis_tvalid is not low in reset");
        if (err_tlast_o !== 1'b0) broken_rule("reset", "err_tlast_o is not cleared by reset");
        rst_ni = 1'b1;
    endtask

    task measured_run(input [8*16-1:0] pass, input integer count);
        run_pass(pass, count, 0.0, 1'b0, -1, 0, 0, 0);
        interval_cycles = last_tlast - first_tlast;
        interval_images = count - 1;
    endtask

    // How often a stretch of a few images' time may be repeated.
    function automatic integer repeats(input integer least, input integer most);
        repeats = LongCycles / (2 * (latency_cycles + pixels) + 1);
        repeats = (repeats < least) ? least : (repeats > most) ? most : repeats;
    endfunction

    // Each time another image is the first one, which alone sees what a reset leaves.
    task reset_test(input integer resets);
        integer i, next;
        next = 1;
        for (i = 0; i < resets; i = i + 1) begin
            run_pass("reset", 4, stall, 1'b0, -1, 0,
                     (i == 0) ? 1 + pixels / 2 :
                     (i == 1) ? 0 : 1 + ($random(seed) & 32'h7fffffff) % ((i == 2) ? 3 * pixels : pixels),
                     (i == 1) ? (Classes + 1) / 2 : 0);
            reset;
            from = next;
            run_pass("after reset", (i < 3) ? 2 : 1, stall, 1'b0, -1, 0, 0, 0);
            next = next + ((i < 3) ? 2 : 1);
            from = 0;
        end
        if (err_tlast_o !== 1'b0) broken_rule("after reset", "err_tlast_o is high though every s_axis_tlast was right");
    endtask

    task tlast_test;
        integer i, at;
        for (i = 0; i < 2; i = i + 1) begin
            at = (i == 0) ? pixels / 2 - 1 : pixels - 1;
            if (at >= 0) begin
                run_pass("wrong tlast", 3, 0.0, 1'b0, at, 0, 0, 0);
                if (err_tlast_o !== 1'b1) broken_rule("wrong tlast", "err_tlast_o stays low after a wrong s_axis_tlast");
                reset;
            end
        end
    endtask

    // ---- The run.

    reg [8*1024-1:0] path;
    integer          count, fill;
    reg              main_only, main_measures;

    initial begin
        if (!$value$plusargs("vectors=%s", path)) $fatal(1, "+vectors=FILE is missing");
        if (!$value$plusargs("stall=%f", stall)) stall = 0.0;
        if (!$value$plusargs("seed=%d", seed)) seed = 1;
        if (!$value$plusargs("timeout=%d", time_limit)) time_limit = 1000000;
        if (!$value$plusargs("first=%d", first)) first = 0;
        if (!$value$plusargs("count=%d", count)) count = 0;
        load_vectors(path, count);
        if ($value$plusargs("trace=%s", path)) begin
            $dumpfile(path);
            $dumpvars(0, dut);
        end
        stop_at_first = $test$plusargs("first_difference");
        main_only     = $test$plusargs("main_only");
        main_measures = stall == 0.0 && (main_only || images >= MeasuredImages);
        @(negedge clk_i);
        reset;
        if (!main_only) begin
            run_pass("latency", 1, 0.0, 1'b0, -1, 0, 0, 0);
            if (!deadlock) latency_cycles = last_tlast - first_pixel;
            run_pass("late tready", 2, 0.0, 1'b1, -1, 0, 0, 0);
            fill = latency_cycles + DrainCycles;
            run_pass("full", FullImages, 0.0, 1'b0, -1, (fill < time_limit / 2) ? fill : time_limit / 2, 0, 0);
            // Pixels so far apart that every engine waits for its rows.
            starve = 2.0 * (latency_cycles + pixels) / pixels;
            if (starve > time_limit / 50.0) starve = time_limit / 50.0;
            starve = (starve > 1.0) ? 1.0 - 1.0 / starve : 0.0;
            run_pass("starved", repeats(2, 8), 0.0, 1'b0, -1, 0, 0, 0);
            starve = 0.0;
            if (!main_measures) measured_run("throughput", MeasuredImages);
        end
        if (main_measures) measured_run("main", images);
        else run_pass("main", images, stall, 1'b0, -1, 0, 0, 0);
        if (err_tlast_o !== 1'b0) broken_rule("main", "err_tlast_o is high though every s_axis_tlast was right");
        if ($test$plusargs("reset_test") && !deadlock) reset_test(main_only ? 3 : repeats(3, 10));
        if ($test$plusargs("tlast_test") && !deadlock) tlast_test;
        $display("{\"images\":%0d,\"mismatches\":%0d,\"wrong_beats\":%0d,\"protocol_errors\":%0d,\"latency_cycles\":%0d,\"interval_cycles\":%0d,\"interval_images\":%0d,\"cycles\":%0d,\"deadlocked\":%0d}",
                 images_run, mismatches, wrong_beats, protocol_errors, latency_cycles, interval_cycles,
                 interval_images, cycle, deadlock);
        if (mismatches != 0 || wrong_beats != 0 || protocol_errors != 0 || deadlock) $fatal(1, "the design is wrong");
        $finish(0);
    end

endmodule

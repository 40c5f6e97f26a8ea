// @{ module }@: @{ title }@, every weight a constant
//
//   acc[o] = bias[o] + sum over i, ky, kx of weight[o][i][ky][kx] * x[i][y*Sh + ky - Ph][x*Sw + kx - Pw], made of shifted additions
//   @{ formula }@
//
// Input    @{ input_text }@
// Output   @{ output_text }@
// Weights  @{ nonzeros }@ that are not 0: @{ text::count(*adders, "adder") }@, what several outputs have in common made once
// Window   @{ text::count(*words, "word") }@ of @{ text::count(*values, "value") }@; x<i><% if tap_names %>_<ky>_<kx><% endif %> is @{ input_name }@
// Pipeline @{ text::count(*stage_count, "stage") }@ of at most two adders; n<k>_q<s> is n<k> of s cycles ago
<%- if let Some(digits) = digits %>
// Digits   sums are added @{ text::count(*digits.bits, "bit") }@ a cycle in @{ digits.count }@ cycles, low bits first, and gathered behind the last stage; init_<s> starts
//          a new sum in stage s, <node>_carry_q goes from digit to digit, <node>_past_q has the bits before
<%- endif %>
// Cycles   @{ cycles }@ an image = @{ text::count(*windows, "window") }@ x @{ window_cycles }@
// Results  leave @{ text::count(*step, "channel") }@ a cycle into a queue of @{ queue_beats }@ beats
`default_nettype none

module @{ module }@ (
    input  wire clk_i,
    input  wire rst_ni,
    input  wire @{ word_range }@ in_data_i,
    input  wire in_valid_i,
    output wire in_ready_o,
    output wire @{ out_range }@ out_data_o,
    output wire out_valid_o,
    input  wire out_ready_i
);

    // ---- Windows: one starts when the queue has room for its results, every @{ text::count(*window_cycles, "cycle") }@ at most --------------------
    wire grant;
    wire start;
    wire tap_valid;
    wire tap_last;
    wire @{ taps_range }@ tap_data;
<%- if pauses %>
    wire pausing;
    wire unused_pause_active;
    wire unused_pause_last;
    wire @{ pause.range }@ unused_pause;

    sg_burst #(
        .Count    (@{ pause.count }@),
        .IndexBits(@{ pause.bits }@)
    ) u_pause (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .go_i    (@{ paced }@),
        .busy_o  (pausing),
        .active_o(unused_pause_active),
        .last_o  (unused_pause_last),
        .index_o (unused_pause)
    );
<%- endif %>
<%- if direct %>

<%- if words > 1 %>

    reg @{ word.range }@ word_q;  // word of the window
    wire opens = (word_q == @{ word.zero }@);

    assign tap_last   = (word_q == @{ word.last }@);
    assign in_ready_o = (!opens || grant)<% if pauses %> && (!tap_last || !pausing)<% endif %>;
    assign start      = tap_valid && opens;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            word_q <= @{ word.zero }@;
        end else if (tap_valid) begin
            word_q <= tap_last ? @{ word.zero }@ : word_q + @{ word.one }@;
        end
    end
<%- else %>

    assign tap_last   = 1'b1;
    assign in_ready_o = @{ granted }@;
    assign start      = tap_valid;
<%- endif %>

    assign tap_valid = in_valid_i && in_ready_o;
    assign tap_data  = in_data_i;
<%- else %>
    wire unused_step;
    wire unused_first;
<%- let grant = granted %><% let step_wire = "unused_step" %><% let first_wire = "unused_first" %>

<% include "window_instance.v" %>
<%- endif %>

<%- if gathers %>

    // The window's words, the first one lowest.
    reg @{ window_range }@ window;
    wire window_valid;

    always @(posedge clk_i) begin
        if (tap_valid) begin
            window <= @{ gathered }@;
        end
    end

    sg_delay #(
        .Width (1),
        .Cycles(1)
    ) u_window_valid (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(tap_valid && tap_last),
        .data_o(window_valid)
    );
<%- else %>

    wire @{ window_range }@ window = tap_data;
    wire window_valid = tap_valid && tap_last;
<%- endif %>

<%- if let Some(digits) = digits %>

    // ---- Digits of the window's values ----
    wire init_1;
    wire @{ digits.values_range }@ digits;
    wire unused_digits = &{1'b0, digits};

    sg_digits #(
        .Values   (@{ words * values }@),
        .Bits     (@{ digits.value_bits }@),
        .Digit    (@{ digits.bits }@),
        .Count    (@{ digits.value_digits }@),
        .CountBits(@{ digits.count_bits }@),
        .Signed   (@{ digits.signed }@)
    ) u_digits (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .load_i  (window_valid),
        .data_i  (window),
        .start_o (init_1),
        .digits_o(digits)
    );
<%- if digits.last_init > 1 %>

    reg  [@{ digits.last_init }@:2] init_q;
<%- for stage in digits.later_stages() %>
    wire init_@{ stage }@ = init_q[@{ stage }@];
<%- endfor %>

    always @(posedge clk_i) begin
        init_q <= @{ digits.init_chain }@;
    end
<%- endif %>

    // Two digits and a carry: {carry, digit}; in gates, since a carry chain for a bit or two takes more LUTs.
    function @{ digits.sum_range }@ add;
        input @{ digits.range }@ a;
        input @{ digits.range }@ b;
        input carry;
        integer bit_index;
        begin
            add[@{ digits.bits }@] = carry;
            for (bit_index = 0; bit_index < @{ digits.bits }@; bit_index = bit_index + 1) begin
                add[bit_index] = a[bit_index] ^ b[bit_index] ^ add[@{ digits.bits }@];
                add[@{ digits.bits }@] = (a[bit_index] & b[bit_index]) | (add[@{ digits.bits }@] & (a[bit_index] ^ b[bit_index]));
            end
        end
    endfunction
<%- else %>

    wire unused_window = &{1'b0, window};
<%- endif %>

<%- for stage in stages %>

    // ---- Stage @{ stage.number }@ ----
<%- for node in stage.nodes %>
    wire @{ signed }@@{ node.range }@ @{ node.name }@ = @{ node.value }@;  // @{ node.meaning }@
<%- endfor %>

<%- for register in stage.registers %>
    reg @{ signed }@@{ register.range }@ @{ register.name }@;
<%- endfor %>

<%- if !stage.registers.is_empty() %>

    always @(posedge clk_i) begin
<%- for register in stage.registers %>
        @{ register.name }@ <= @{ register.value }@;
<%- endfor %>
    end
<%- endif %>
<%- endfor %>

    // ---- Sums of the products of each output ----
<%- for sum in sums %>
    wire signed @{ sum.range }@ @{ sum.name }@ = @{ sum.value }@;
<%- endfor %>

    wire result_next;
    wire result_valid;
    wire [@{ step * acc_bits - 1 }@:0] result_sums;

<%- if steps > 1 %>
    wire sums_done;
    wire [@{ outputs * sum_bits - 1 }@:0] sums;
    wire [@{ step * sum_bits - 1 }@:0] step_sums;

<%- for sum in sums %>
    assign sums[@{ sum.at }@+:@{ sum_bits }@] = @{ sum.name }@;
<%- endfor %>

    sg_delay #(
        .Width (1),
        .Cycles(@{ sums_latency }@)
    ) u_sums_done (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(window_valid),
        .data_o(sums_done)
    );

    sg_serial #(
        .Lanes    (@{ outputs }@),
        .Step     (@{ step }@),
        .Steps    (@{ steps }@),
        .Bits     (@{ sum_bits }@),
        .CountBits(@{ steps_bits }@)
    ) u_serial (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .load_i (sums_done),
        .data_i (sums),
        .next_o (result_next),
        .valid_o(result_valid),
        .data_o (step_sums)
    );

    genvar s;
    generate
        for (s = 0; s < @{ step }@; s = s + 1) begin : gen_step
            wire [@{ sum_bits - 1 }@:0] sum = step_sums[s*@{ sum_bits }@+:@{ sum_bits }@];
            assign result_sums[s*@{ acc_bits }@+:@{ acc_bits }@] = @{ step_sum }@;
        end
    endgenerate
<%- else %>

<%- for sum in sums %>
    assign result_sums[@{ sum.at }@+:@{ acc_bits }@] = @{ sum.extended }@;
<%- endfor %>

<%- if stage_count > 1 %>

    sg_delay #(
        .Width (1),
        .Cycles(@{ before_last }@)
    ) u_result_next (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(window_valid),
        .data_o(result_next)
    );
<%- else %>

    assign result_next = window_valid;
<%- endif %>

    sg_delay #(
        .Width (1),
        .Cycles(1)
    ) u_result_valid (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(result_next),
        .data_o(result_valid)
    );
<%- endif %>

@{ drain }@

endmodule

`default_nettype wire

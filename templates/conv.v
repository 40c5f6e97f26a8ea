// @{ module }@: @{ title }@
//
//   acc[o] = bias[o] + sum over i, ky, kx of weight[o][i][ky][kx] * x[i][y*Sh + ky - Ph][x*Sw + kx - Pw]
//   @{ formula }@
//
// Input    @{ input_text }@
// Output   @{ output_text }@
// Lanes    KPar @{ k_par }@ x InPar @{ in_par }@ x OutPar @{ out_par }@: @{ lanes }@ products of @{ act_bits }@ x @{ weight_bits }@ bits a cycle, @{ placed }@
// Cycles   @{ cycles }@ an image = @{ windows }@ windows x @{ phases }@ x @{ groups }@ input groups x @{ folds }@ output groups
// Weights  @{ weight_depth }@ words<% if chain > 1 %>, spread over @{ chain }@ memories, each read a cycle after the one before<% endif %>: for each group of
//          outputs its products, KPar x InPar, tap-major; for each product the group's outputs, ready for packing (sg_dot)
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

    // ---- Windows ----------------------------------------------------------------------------------------------------
    wire grant;
    wire start;
    wire step;
    wire @{ taps_range }@ tap_data;
    wire tap_valid;
    wire tap_first;
    wire tap_last;
<%- let grant = "grant" %><% let step_wire = "step" %><% let first_wire = "tap_first" %>

<% include "window_instance.v" %>

    // ---- Weights: read in the order in which the words come -----------------------------------------------------------
    reg  @{ weight_addr.range }@ weight_addr_q;
<%- for rom in roms %>
    wire @{ rom.range }@ @{ rom.data }@;
<%- endfor %>

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            weight_addr_q <= @{ weight_addr.zero }@;
        end else if (step) begin
            weight_addr_q <= (weight_addr_q == @{ weight_addr.last }@) ? @{ weight_addr.zero }@ : weight_addr_q + @{ weight_addr.one }@;
        end
    end

<%- if chain > 1 %>
    // {step, address} for the later multipliers of the chains.
    reg  [@{ late_bits * (chain - 1) - 1 }@:0] late_q;

    always @(posedge clk_i) begin
        late_q <= {<% if chain > 2 %>late_q[@{ late_bits * (chain - 2) - 1 }@:0], <% endif %>step, weight_addr_q};
    end

<%- endif %>
<%- for rom in roms %>

@{ rom.verilog }@
<%- endfor %>

    // ---- Multiply-accumulate lanes --------------------------------------------------------------------------------------
    wire @{ taps_range }@ acts;
    wire [@{ fields * sum_bits - 1 }@:0] lane_sums;
    wire [@{ fields - 1 }@:0] lane_carries;
    wire lane_valid;
    wire lane_first;
    wire lane_last;
<%- if deep %>
    // Deep weight memories take a cycle more.
    reg  @{ taps_range }@ taps_q;
    always @(posedge clk_i) begin
        taps_q <= tap_data;
    end
<%- endif %>
<%- if chain > 1 %>

    sg_skew #(
        .Taps (@{ products }@),
        .Bits (@{ act_bits }@),
        .Chain(@{ chain }@),
        .Skip (@{ skip }@)
    ) u_skew (
        .clk_i (clk_i),
        .data_i(<% if deep %>taps_q<% else %>tap_data<% endif %>),
        .data_o(acts)
    );
<%- else %>
    assign acts = <% if deep %>taps_q<% else %>tap_data<% endif %>;
<%- endif %>

    genvar o;
<%- for dot in dots %>

    generate
        for (o = 0; o < @{ dot.count }@; o = o + 1) begin : @{ dot.block }@
            sg_dot #(
                .Taps      (@{ products }@),
                .Chain     (@{ chain }@),
                .Segments  (@{ segments }@),
                .Levels    (@{ tree_levels }@),
                .Pack      (@{ dot.pack }@),
                .Offset    (@{ dot.offset }@),
                .ActBits   (@{ act_bits }@),
                .ActSigned (@{ act_signed }@),
                .WeightBits(@{ weight_bits }@),
                .SumBits   (@{ sum_bits }@),
                .Lut       (@{ dot.lut }@)
            ) u_dot (
                .clk_i   (clk_i),
                .act_i   (acts),
                .weight_i(@{ dot.weights }@),
                .sum_o   (lane_sums[@{ dot.sums }@]),
                .carry_o (lane_carries[@{ dot.carries }@])
            );
        end
    endgenerate
<%- endfor %>

    sg_delay #(
        .Width (3),
        .Cycles(@{ mac_latency }@)
    ) u_lane_tags (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i({tap_valid, tap_first, tap_last}),
        .data_o({lane_valid, lane_first, lane_last})
    );

    wire [@{ out_par * acc_bits - 1 }@:0] lane_terms;
    wire [@{ out_par * acc_bits - 1 }@:0] sums;
    wire sums_done;

    generate
        for (o = 0; o < @{ out_par }@; o = o + 1) begin : gen_term
<%- if acc_bits > sum_bits %>
            assign lane_terms[o*@{ acc_bits }@+:@{ acc_bits }@] = {{@{ acc_bits - sum_bits }@{lane_sums[o*@{ sum_bits }@+@{ sum_bits - 1 }@]}}, lane_sums[o*@{ sum_bits }@+:@{ sum_bits }@]};
<%- else %>
            assign lane_terms[o*@{ acc_bits }@+:@{ acc_bits }@] = lane_sums[o*@{ sum_bits }@+:@{ sum_bits }@];
<%- endif %>
        end
    endgenerate
<%- if fields > out_par %>

    // Fields past the last output.
    wire unused_fields = &{1'b0, lane_sums[@{ fields * sum_bits - 1 }@:@{ out_par * sum_bits }@], lane_carries[@{ fields - 1 }@:@{ out_par }@]};
<%- endif %>

    sg_acc #(
        .Lanes(@{ out_par }@),
        .Bits (@{ acc_bits }@)
    ) u_acc (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .valid_i(lane_valid),
        .first_i(lane_first),
        .last_i (lane_last),
        .data_i (lane_terms),
        .carry_i(lane_carries[@{ out_par - 1 }@:0]),
        .done_o (sums_done),
        .sum_o  (sums)
    );

    // ---- Sums leave @{ step }@ at a time -----------------------------------------------------------------------------------
    wire result_next;
    wire result_valid;
    wire [@{ step * acc_bits - 1 }@:0] result_sums;

    sg_serial #(
        .Lanes    (@{ out_par }@),
        .Step     (@{ step }@),
        .Steps    (@{ steps }@),
        .Bits     (@{ acc_bits }@),
        .CountBits(@{ steps_bits }@)
    ) u_serial (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .load_i (sums_done),
        .data_i (sums),
        .next_o (result_next),
        .valid_o(result_valid),
        .data_o (result_sums)
    );

@{ drain }@

endmodule

`default_nettype wire

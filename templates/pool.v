// @{ module }@: @{ title }@ of @{ kernel_h }@ x @{ kernel_w }@ windows, @{ text::count(*lanes, "channel") }@ a cycle.
//
//   @{ formula }@
//
// Input    @{ input_text }@
// Output   @{ output_text }@
// Cycles   @{ cycles }@ an image
<%- if windowed %>
// Windows overlap, leave gaps or are padded: a line buffer replays each window, a channel group at a time.
<%- else %>
// Windows tile the image: one row of partial results is kept, and every beat is taken as it comes.
<%- endif %>
`default_nettype none

module @{ module }@ (
    input  wire clk_i,
    input  wire rst_ni,
    input  wire @{ in_range }@ in_data_i,
    input  wire in_valid_i,
    output wire in_ready_o,
    output wire @{ out_range }@ out_data_o,
    output wire out_valid_o,
    input  wire out_ready_i
);

    wire grant;
    wire start;
    wire done;                                      // a window is reduced
    wire [@{ lanes * value_bits - 1 }@:0] reduced;
<%- if windowed %>

    // ---- Windows ------------------------------------------------------------------------------------------------------
    wire step;
    wire unused_step = step;
    wire @{ in_range }@ tap_data;
    wire tap_valid;
    wire tap_first;
    wire tap_last;
<%- let grant = "grant" %><% let step_wire = "step" %><% let first_wire = "tap_first" %>

<% include "window_instance.v" %>

    reg [@{ lanes * value_bits - 1 }@:0] value_q;
    reg done_q;
    wire [@{ lanes * value_bits - 1 }@:0] value_d;

    sg_reduce #(
        .Lanes    (@{ lanes }@),
        .InBits   (@{ in_bits }@),
        .Signed   (@{ in_signed }@),
        .Max      (@{ max }@),
        .ValueBits(@{ value_bits }@)
    ) u_reduce (
        .first_i(tap_first),
        .data_i (tap_data),
        .value_i(value_q),
        .value_o(value_d)
    );

    always @(posedge clk_i) begin
        done_q <= rst_ni && tap_valid && tap_last;
        if (tap_valid) begin
            value_q <= value_d;
        end
    end

    assign done    = done_q;
    assign reduced = value_q;
<%- else %>

    // ---- Where the beat stands ------------------------------------------------------------------------------------------
    reg @{ group.range }@ group_q;
    reg @{ col.range }@ col_q;      // column in the image
    reg @{ row.range }@ row_q;      // row in the image
    reg @{ kx.range }@ kx_q;        // column in the window
    reg @{ ky.range }@ ky_q;        // row in the window
    reg @{ addr.range }@ addr_q;    // the window's group among the partial results
    reg @{ addr.range }@ left_q;    // the window's first group

    wire take      = in_valid_i && in_ready_o;
    wire end_pixel = (group_q == @{ group.last }@);
    wire end_row   = end_pixel && (col_q == @{ col.last }@);
    wire end_image = end_row && (row_q == @{ row.last }@);
    wire end_kx    = end_pixel && (kx_q == @{ kx.last }@);
    wire used      = @{ used }@;    // floor mode: what fills no window is dropped
    wire first     = (kx_q == @{ kx.zero }@) && (ky_q == @{ ky.zero }@);
    wire last      = (kx_q == @{ kx.last }@) && (ky_q == @{ ky.last }@);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            group_q <= @{ group.zero }@;
            col_q   <= @{ col.zero }@;
            row_q   <= @{ row.zero }@;
            kx_q    <= @{ kx.zero }@;
            ky_q    <= @{ ky.zero }@;
            addr_q  <= @{ addr.zero }@;
            left_q  <= @{ addr.zero }@;
        end else if (take) begin
            group_q <= end_pixel ? @{ group.zero }@ : group_q + @{ group.one }@;
            addr_q  <= addr_q + @{ addr.one }@;
            if (end_pixel) begin
                col_q  <= end_row ? @{ col.zero }@ : col_q + @{ col.one }@;
                kx_q   <= (end_row || end_kx) ? @{ kx.zero }@ : kx_q + @{ kx.one }@;
                addr_q <= end_row ? @{ addr.zero }@ : (end_kx ? addr_q + @{ addr.one }@ : left_q);
                left_q <= end_row ? @{ addr.zero }@ : (end_kx ? addr_q + @{ addr.one }@ : left_q);
            end
            if (end_row) begin
                row_q <= end_image ? @{ row.zero }@ : row_q + @{ row.one }@;
                ky_q  <= (end_image || (ky_q == @{ ky.last }@)) ? @{ ky.zero }@ : ky_q + @{ ky.one }@;
            end
        end
    end

    // ---- Two cycles later, when its partial result is read: reduce -----------------------------------------------------------
    reg @{ in_range }@ data_q;
    reg @{ in_range }@ data_q2;
    reg @{ addr.range }@ write_addr_q;
    reg @{ addr.range }@ write_addr_q2;
    reg write_q;
    reg write_q2;
    reg first_q;
    reg first_q2;
    reg last_q;
    reg last_q2;
    reg  [@{ lanes * value_bits - 1 }@:0] partial_q;
    wire [@{ lanes * value_bits - 1 }@:0] partial;
    wire [@{ lanes * value_bits - 1 }@:0] held;
    wire [@{ lanes * value_bits - 1 }@:0] value;

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
<%- if group.count <= 2 %>

    // Words of one place follow each other so closely that reading misses what the last two wrote.
    reg [@{ lanes * value_bits - 1 }@:0] written_q;
    reg missed_q;

    always @(posedge clk_i) begin
        written_q <= value;
        missed_q  <= write_q2 && (write_addr_q2 == addr_q);
        partial_q <= missed_q ? written_q : partial;
    end
<%- if group.count == 1 %>

    reg again_q;

    always @(posedge clk_i) begin
        again_q <= write_q2 && (write_addr_q2 == write_addr_q);
    end

    assign held = again_q ? written_q : partial_q;
<%- else %>

    assign held = partial_q;
<%- endif %>
<%- else %>

    always @(posedge clk_i) begin
        partial_q <= partial;
    end

    assign held = partial_q;
<%- endif %>

    sg_ram #(
        .Width   (@{ lanes * value_bits }@),
        .Depth   (@{ addr.count }@),
        .AddrBits(@{ addr.bits }@),
        .Style   ("@{ partial_style }@")
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
        .Lanes    (@{ lanes }@),
        .InBits   (@{ in_bits }@),
        .Signed   (@{ in_signed }@),
        .Max      (@{ max }@),
        .ValueBits(@{ value_bits }@)
    ) u_reduce (
        .first_i(first_q2),
        .data_i (data_q2),
        .value_i(held),
        .value_o(value)
    );

    assign in_ready_o = grant;
    assign start      = take && used && last;
<%- if average %>

    reg [@{ lanes * value_bits - 1 }@:0] value_q;
    reg done_q;

    always @(posedge clk_i) begin
        value_q <= value;
        done_q  <= rst_ni && last_q2;
    end

    assign done    = done_q;
    assign reduced = value_q;
<%- else %>
    assign done       = last_q2;
    assign reduced    = value;
<%- endif %>
<%- endif %>
<%- if average %>

    // ---- Average: requantize the sums ------------------------------------------------------------------------------------------
    wire queue_valid;
    wire [@{ lanes * out_bits - 1 }@:0] queue_data;

    sg_delay #(
        .Width (1),
        .Cycles(@{ requant_cycles }@)
    ) u_result_tag (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(done),
        .data_o(queue_valid)
    );

    genvar c;
    generate
        for (c = 0; c < @{ lanes }@; c = c + 1) begin : gen_requant
            sg_requant #(
                .AccBits  (@{ value_bits }@),
                .MulBits  (@{ mul_bits }@),
                .ShiftBits(6),
                .OutBits  (@{ out_bits }@),
                .OutSigned(@{ out_signed }@),
                .VarShift (0),
                .Shift    (@{ shift }@)
            ) u_requant (
                .clk_i  (clk_i),
                .acc_i  (reduced[c*@{ value_bits }@+:@{ value_bits }@]),
                .mul_i  (@{ multiplier }@),
                .shift_i(6'd0),
                .data_o (queue_data[c*@{ out_bits }@+:@{ out_bits }@])
            );
        end
    endgenerate
<%- else %>

    wire queue_valid = done;
    wire [@{ lanes * out_bits - 1 }@:0] queue_data = reduced;
<%- endif %>

@{ queue }@

endmodule

`default_nettype wire

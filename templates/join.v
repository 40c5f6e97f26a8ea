// @{ module }@: <% if add %>adds two streams<% else %>concat, the channels of each stream behind those of the one before<% endif %>.
//
//   @{ formula }@
//
<%- for p in ports %>
// Input @{ p.k }@  @{ p.text }@: multiplier @{ p.multiplier }@, shift @{ p.shift }@; @{ p.buffered }@
<%- endfor %>
// Output   @{ output_text }@
// Cycles   @{ cycles }@ an image: a beat a cycle
//
// The branch that is ahead waits in its buffer for the other; the buffers' depths are those of the plan.
`default_nettype none

module @{ module }@ (
    input  wire clk_i,
    input  wire rst_ni,
<%- for p in ports %>
    input  wire @{ p.range }@ in@{ p.k }@_data_i,
    input  wire in@{ p.k }@_valid_i,
    output wire in@{ p.k }@_ready_o,
<%- endfor %>
    output wire @{ out_range }@ out_data_o,
    output wire out_valid_o,
    input  wire out_ready_i
);
<%- for p in ports %>
@{ p.verilog }@
<%- endfor %>

    // ---- A beat of the result starts when all its words are there, and has room ----
    wire grant;
<%- if turns.count > 1 %>
    reg @{ turns.range }@ turn_q;  // beat in the pixel
<%- endif %>
<%- for p in ports %>
    wire take@{ p.k }@ = @{ p.take }@;
<%- endfor %>
    wire start = grant<% for p in ports %> && (word@{ p.k }@_valid || !take@{ p.k }@)<% endfor %>;
<%- for p in ports %>
    assign word@{ p.k }@_ready = start && take@{ p.k }@;
<%- endfor %>
<%- if turns.count > 1 %>

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            turn_q <= @{ turns.zero }@;
        end else if (start) begin
            turn_q <= (turn_q == @{ turns.last }@) ? @{ turns.zero }@ : turn_q + @{ turns.one }@;
        end
    end
<%- endif %>

    // ---- <% if add %>Requantize both to one bit more, add<% else %>Requantize<% endif %> ----
    wire queue_valid;
    wire [@{ lanes * out_bits - 1 }@:0] queue_data;

    sg_delay #(
        .Width (1),
        .Cycles(@{ latency }@)
    ) u_result_tag (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(start),
        .data_o(queue_valid)
    );
<%- if add %>
<%- for p in ports %>
    reg [@{ lanes * value_bits - 1 }@:0] values@{ p.k }@_q;
<%- endfor %>

    always @(posedge clk_i) begin
<%- for p in ports %>
        values@{ p.k }@_q <= values@{ p.k }@;
<%- endfor %>
    end
<%- else %>
    reg [@{ lanes * value_bits - 1 }@:0] values_q;
    reg [@{ lanes * mul_bits - 1 }@:0] multipliers_q;
    reg [@{ lanes * 6 - 1 }@:0] shifts_q;

    always @(posedge clk_i) begin
        values_q      <= @{ values }@;
        multipliers_q <= @{ multipliers }@;
        shifts_q      <= @{ shifts }@;
    end
<%- endif %>

    genvar c;
    generate
        for (c = 0; c < @{ lanes }@; c = c + 1) begin : gen_result
<%- if add %>
<%- for p in ports %>
            wire [@{ out_bits }@:0] inner@{ p.k }@;
<%- endfor %>
<%- for p in ports %>

            sg_requant #(
                .AccBits  (@{ value_bits }@),
                .MulBits  (@{ p.mul_bits }@),
                .ShiftBits(6),
                .OutBits  (@{ out_bits + 1 }@),
                .OutSigned(1),
                .VarShift (0),
                .Shift    (6'd@{ p.shift }@)
            ) u_requant@{ p.k }@ (
                .clk_i  (clk_i),
                .acc_i  (values@{ p.k }@_q[c*@{ value_bits }@+:@{ value_bits }@]),
                .mul_i  (@{ p.mul_bits }@'d@{ p.multiplier }@),
                .shift_i(6'd0),
                .data_o (inner@{ p.k }@)
            );
<%- endfor %>

            sg_sum #(
                .Bits  (@{ out_bits }@),
                .Signed(@{ out_signed }@)
            ) u_sum (
                .clk_i (clk_i),
                .a_i   (inner0),
                .b_i   (inner1),
                .data_o(queue_data[c*@{ out_bits }@+:@{ out_bits }@])
            );
<%- else %>
            sg_requant #(
                .AccBits  (@{ value_bits }@),
                .MulBits  (@{ mul_bits }@),
                .ShiftBits(6),
                .OutBits  (@{ out_bits }@),
                .OutSigned(@{ out_signed }@),
                .VarShift (@{ var_shift }@),
                .Shift    (6'd@{ shift }@)
            ) u_requant (
                .clk_i  (clk_i),
                .acc_i  (values_q[c*@{ value_bits }@+:@{ value_bits }@]),
                .mul_i  (multipliers_q[c*@{ mul_bits }@+:@{ mul_bits }@]),
                .shift_i(shifts_q[c*6+:6]),
                .data_o (queue_data[c*@{ out_bits }@+:@{ out_bits }@])
            );
<%- endif %>
        end
    endgenerate

@{ queue }@

endmodule

`default_nettype wire

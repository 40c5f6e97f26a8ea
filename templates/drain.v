    // ---- Results: + bias<% if requant %>, requantize<% endif %> ---------------------------------------------------------------------------
    // Constants of the channels, one word a step; in a word, channel c holds @{ const_layout }@.
    reg  @{ const_addr.range }@ const_addr_q;
    wire [@{ step * const_bits - 1 }@:0] constants;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            const_addr_q <= @{ const_addr.zero }@;
        end else if (result_next) begin
            const_addr_q <= (const_addr_q == @{ const_addr.last }@) ? @{ const_addr.zero }@ : const_addr_q + @{ const_addr.one }@;
        end
    end

    sg_rom #(
        .Width   (@{ step * const_bits }@),
        .Depth   (@{ const_depth }@),
        .AddrBits(@{ const_addr.bits }@),
        .File    ("mem/@{ module }@_const.hex"),
        .Style   ("@{ const_style }@")
    ) u_constants (
        .clk_i (clk_i),
        .en_i  (result_next),
        .addr_i(const_addr_q),
        .data_o(constants)
    );

<%- if short %>

    // The last output group is short: its beats past the last channel are dropped.
    reg result_kept_q;

    always @(posedge clk_i) begin
        if (result_next) begin
            result_kept_q <= (const_addr_q < @{ beats }@);
        end
    end
<%- endif %>

    wire queue_valid;
    wire [@{ step * out_bits - 1 }@:0] queue_data;

    genvar c;
    generate
        for (c = 0; c < @{ step }@; c = c + 1) begin : gen_result
            wire [@{ const_bits - 1 }@:0] constant = constants[c*@{ const_bits }@+:@{ const_bits }@];
            wire signed [@{ acc_bits - 1 }@:0] bias = @{ bias_expr }@;
            // Signed, for synthesis that moves this addition into the requantizer's multiplier block: it extends by the signs.
            wire signed [@{ acc_bits - 1 }@:0] sum = result_sums[c*@{ acc_bits }@+:@{ acc_bits }@];
            reg signed [@{ acc_bits - 1 }@:0] biased_q;

            always @(posedge clk_i) begin
                biased_q <= sum + bias;
            end
<%- if requant %>

            reg [@{ mul_bits - 1 }@:0] mul_q;
<%- if var_shift %>
            reg [5:0] shift_q;
<%- endif %>

            always @(posedge clk_i) begin
                mul_q<% if var_shift %>  <% endif %> <= constant[@{ bias_bits }@+:@{ mul_bits }@];
<%- if var_shift %>
                shift_q <= @{ shift_expr }@;
<%- endif %>
            end

            sg_requant #(
                .AccBits  (@{ acc_bits }@),
                .MulBits  (@{ mul_bits }@),
                .ShiftBits(6),
                .OutBits  (@{ out_bits }@),
                .OutSigned(@{ out_signed }@),
                .VarShift (<% if var_shift %>1<% else %>0<% endif %>),
                .Shift    (@{ shift }@)
            ) u_requant (
                .clk_i  (clk_i),
                .acc_i  (biased_q),
                .mul_i  (mul_q),
                .shift_i(<% if var_shift %>shift_q<% else %>6'd0<% endif %>),
                .data_o (queue_data[c*@{ out_bits }@+:@{ out_bits }@])
            );
<%- else %>

            assign queue_data[c*@{ out_bits }@+:@{ out_bits }@] = biased_q;
<%- endif %>
        end
    endgenerate

    sg_delay #(
        .Width (1),
        .Cycles(@{ result_latency }@)
    ) u_result_tag (
        .clk_i (clk_i),
        .rst_ni(rst_ni),
        .data_i(result_valid<% if short %> && result_kept_q<% endif %>),
        .data_o(queue_valid)
    );

@{ queue }@

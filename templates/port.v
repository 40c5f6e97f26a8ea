
    // ---- Input @{ k }@: @{ what }@ ----
    wire @{ range }@ word@{ k }@_data;
    wire word@{ k }@_valid;
    wire word@{ k }@_ready;
    wire [@{ lanes * value_bits - 1 }@:0] values@{ k }@;  // two's complement
<%- if depth > 0 %>

    sg_buffer #(
        .Width   (@{ lanes * bits }@),
        .Depth   (@{ depth }@),
        .AddrBits(@{ addr_bits }@),
        .FillBits(@{ fill_bits }@),
        .Style   ("@{ style }@"),
        .File    ("trace/@{ module }@_buffer@{ k }@.txt")
    ) u_buffer@{ k }@ (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (in@{ k }@_data_i),
        .in_valid_i (in@{ k }@_valid_i),
        .in_ready_o (in@{ k }@_ready_o),
        .out_data_o (word@{ k }@_data),
        .out_valid_o(word@{ k }@_valid),
        .out_ready_i(word@{ k }@_ready)
    );
<%- else %>

    assign word@{ k }@_data  = in@{ k }@_data_i;
    assign word@{ k }@_valid = in@{ k }@_valid_i;
    assign in@{ k }@_ready_o  = word@{ k }@_ready;
<%- endif %>

    genvar i@{ k }@;
    generate
        for (i@{ k }@ = 0; i@{ k }@ < @{ lanes }@; i@{ k }@ = i@{ k }@ + 1) begin : gen_values@{ k }@
            wire [@{ bits - 1 }@:0] value = word@{ k }@_data[i@{ k }@*@{ bits }@+:@{ bits }@];
            assign values@{ k }@[i@{ k }@*@{ value_bits }@+:@{ value_bits }@] = @{ extended }@;
        end
    endgenerate

    wire @{ range }@ @{ node }@_in_data;
    wire @{ node }@_in_valid;
    wire @{ node }@_in_ready;
<%- if spare > 0 %>
    wire [@{ whole - 1 }@:0] @{ node }@_whole;
    wire unused_@{ node }@_spare = &{1'b0, @{ node }@_whole[@{ whole - 1 }@:@{ whole - spare }@]};
    assign @{ node }@_in_data = @{ node }@_whole[@{ whole - spare - 1 }@:0];
<%- endif %>

    @{ cell }@ #(
        .@{ bits_name }@(@{ bits }@),
        .Ratio    (@{ ratio }@),
        .Beats    (@{ beats }@),
        .CountBits(@{ count_bits }@)
    ) u_@{ node }@_lanes (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (@{ data }@),
        .in_valid_i (@{ source }@_valid),
        .in_ready_o (@{ source }@_ready),
        .out_data_o (@{ out }@),
        .out_valid_o(@{ node }@_in_valid),
        .out_ready_i(@{ node }@_in_ready)
    );

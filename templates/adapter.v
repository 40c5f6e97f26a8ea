    wire @{ range }@ @{ wires.data }@;
    wire @{ wires.valid }@;
    wire @{ wires.ready }@;
<%- if spare > 0 %>
    wire [@{ whole - 1 }@:0] @{ name }@_whole;
    wire unused_@{ name }@_spare = &{1'b0, @{ name }@_whole[@{ whole - 1 }@:@{ whole - spare }@]};
    assign @{ wires.data }@ = @{ name }@_whole[@{ whole - spare - 1 }@:0];
<%- endif %>

    @{ cell }@ #(
        .@{ bits_name }@(@{ bits }@),
        .Ratio    (@{ ratio }@),
        .Beats    (@{ beats }@),
        .CountBits(@{ count_bits }@)
    ) u_@{ name }@_lanes (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (@{ data }@),
        .in_valid_i (@{ source.valid }@),
        .in_ready_o (@{ source.ready }@),
        .out_data_o (@{ out }@),
        .out_valid_o(@{ wires.valid }@),
        .out_ready_i(@{ wires.ready }@)
    );


    wire [@{ ways - 1 }@:0] @{ stream }@_fork_valid;  // one bit a consumer
    wire [@{ ways - 1 }@:0] @{ stream }@_fork_ready;

    sg_fork #(
        .Ways(@{ ways }@)
    ) u_@{ stream }@_fork (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_valid_i (@{ stream }@_valid),
        .in_ready_o (@{ stream }@_ready),
        .out_valid_o(@{ stream }@_fork_valid),
        .out_ready_i(@{ stream }@_fork_ready)
    );

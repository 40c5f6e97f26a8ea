    // ---- Output queue: work starts only when there is room for its @{ text::count(*take, "beat") }@ ---------------------------------------------
    wire queue_ready;
    wire unused_queue_ready = queue_ready;

    sg_credit #(
        .Beats(@{ beats }@),
        .Take (@{ take }@),
        .Bits (@{ credit_bits }@)
    ) u_credit (
        .clk_i  (clk_i),
        .rst_ni (rst_ni),
        .take_i (start),
        .give_i (out_valid_o && out_ready_i),
        .drop_i (@{ drop }@),
        .grant_o(grant)
    );

    sg_fifo_a@{ addr_bits }@ #(
        .Width(@{ width }@)
    ) u_queue (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (queue_data),
        .in_valid_i (queue_valid),
        .in_ready_o (queue_ready),
        .out_data_o (out_data_o),
        .out_valid_o(out_valid_o),
        .out_ready_i(out_ready_i)
    );

    @{ module }@_window u_window (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (in_data_i),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready_o),
        .grant_i    (@{ grant }@),
        .start_o    (start),
        .step_o     (@{ step_wire }@),
        .tap_data_o (tap_data),
        .tap_valid_o(tap_valid),
        .tap_first_o(@{ first_wire }@),
        .tap_last_o (tap_last)
    );

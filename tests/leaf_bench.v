// Replays vectors {0, 0, 0, rst_n, in_valid, out_ready, in_ready, out_valid, in_data, out_data} on CELL.
module bench;
    reg         clk;
    reg         rst_n, in_valid, out_ready, want_ready, want_valid;
    reg  [15:0] in_data, want_data;
    reg  [2:0]  pad;
    wire        in_ready, out_valid;
    wire [15:0] out_data;
    reg  [39:0] vectors[0:CYCLES-1];
    integer     i, differences;

    CELL #(.Width(16)) dut (
        .clk_i(clk), .rst_ni(rst_n), .in_data_i(in_data), .in_valid_i(in_valid), .in_ready_o(in_ready),
        .out_data_o(out_data), .out_valid_o(out_valid), .out_ready_i(out_ready)
    );

    initial begin
        $readmemh("vectors.hex", vectors);
        clk = 0;
        differences = 0;
        for (i = 0; i < CYCLES; i = i + 1) begin
            {pad, rst_n, in_valid, out_ready, want_ready, want_valid, in_data, want_data} = vectors[i];
            #1;
            // Before the first clock in reset the registers are unknown.
            if (i > 0 && (in_ready !== want_ready || out_valid !== want_valid || (want_valid && out_data !== want_data))) begin
                differences = differences + 1;
                if (differences < 5) $display("cycle %0d: %b %b %h, not %b %b %h", i, in_ready, out_valid, out_data, want_ready, want_valid, want_data);
            end
            clk = 1;
            #1 clk = 0;
        end
        $display("%0d differences", differences);
    end
endmodule

// sg_slice: register slice (skid buffer) of Width bits; valid, data and ready are all registered.
// Latency: 1 cycle. Throughput: one beat a cycle. The data are not reset.
`default_nettype none

module sg_slice #(
    parameter Width = 8
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    input  wire [Width-1:0] in_data_i,
    input  wire             in_valid_i,
    output wire             in_ready_o,
    output wire [Width-1:0] out_data_o,
    output wire             out_valid_o,
    input  wire             out_ready_i
);
    wire            load;
    wire            skidded;
    reg [Width-1:0] out_q;
    reg [Width-1:0] skid_q;

    sg_slice_ctrl i_ctrl (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready_o),
        .out_valid_o(out_valid_o),
        .out_ready_i(out_ready_i),
        .load_o     (load),
        .skidded_o  (skidded)
    );

    always @(posedge clk_i) begin
        if (load) begin
            out_q <= skidded ? skid_q : in_data_i;
        end
        if (!skidded) begin
            skid_q <= in_data_i;
        end
    end

    assign out_data_o = out_q;
endmodule

`default_nettype wire

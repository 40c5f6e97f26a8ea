// sg_slice_ctrl: flags of a register slice; the skid register takes the beat under way when the output stalls.
// Described in Rust (rust-hdl); edit src/rtl/leaf, not this file.
`default_nettype none

module sg_slice_ctrl (
    input wire clk_i,
    input wire rst_ni,
    input wire in_valid_i,
    output wire in_ready_o,
    output wire out_valid_o,
    input wire out_ready_i,
    output wire load_o,
    output wire skidded_o
);
    reg filled__d_i;
    wire filled__q_o;
    reg skidded__d_i;
    wire skidded__q_o;
    wire load;

    sg_reg #(.Width(1)) filled(
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .d_i(filled__d_i),
        .q_o(filled__q_o)
    );

    sg_reg #(.Width(1)) skidded(
        .clk_i(clk_i),
        .rst_ni(rst_ni),
        .d_i(skidded__d_i),
        .q_o(skidded__q_o)
    );

    assign load = out_ready_i | ~filled__q_o;
    assign in_ready_o = ~skidded__q_o;
    assign out_valid_o = filled__q_o;
    assign load_o = load;
    assign skidded_o = skidded__q_o;

    always @(*) begin
        filled__d_i = filled__q_o;
        skidded__d_i = skidded__q_o;
        if (load) begin
            filled__d_i = skidded__q_o | in_valid_i;
            skidded__d_i = 1'b0;
        end
        else if (in_valid_i) begin
            skidded__d_i = 1'b1;
        end
    end
endmodule

`default_nettype wire

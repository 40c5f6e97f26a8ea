// sg_reg: register with synchronous active-low reset to zero.
`default_nettype none

module sg_reg #(
    parameter Width = 1
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    input  wire [Width-1:0] d_i,
    output wire [Width-1:0] q_o
);
    reg [Width-1:0] value_q;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            value_q <= {Width{1'b0}};
        end else begin
            value_q <= d_i;
        end
    end

    assign q_o = value_q;
endmodule

`default_nettype wire

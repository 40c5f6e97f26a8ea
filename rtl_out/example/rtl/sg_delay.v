// sg_delay: control bits, Cycles later; zero after reset. Cycles is at least 1.
`default_nettype none

module sg_delay #(
    parameter Width  = 1,
    parameter Cycles = 1
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    input  wire [Width-1:0] data_i,
    output wire [Width-1:0] data_o
);

    reg [Width*Cycles-1:0] line_q;

    generate
        if (Cycles == 1) begin : gen_one
            always @(posedge clk_i) begin
                line_q <= rst_ni ? data_i : {Width{1'b0}};
            end
        end else begin : gen_many
            always @(posedge clk_i) begin
                line_q <= rst_ni ? {line_q[Width*(Cycles-1)-1:0], data_i} : {Width * Cycles{1'b0}};
            end
        end
    endgenerate

    assign data_o = line_q[Width*Cycles-1-:Width];

endmodule

`default_nettype wire

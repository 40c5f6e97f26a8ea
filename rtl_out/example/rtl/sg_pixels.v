// sg_pixels: counts the pixels of the AXI4-Stream slave. The count decides where an image ends; a tlast elsewhere, or a
// missing one, sets the sticky err_tlast_o.
`default_nettype none

module sg_pixels #(
    parameter Pixels    = 784,
    parameter CountBits = 10
) (
    input  wire clk_i,
    input  wire rst_ni,
    input  wire beat_i,       // a pixel is taken in this cycle
    input  wire last_i,       // its tlast
    output reg  err_tlast_o
);

    localparam One  = 1;
    localparam Last = Pixels - 1;

    reg  [CountBits-1:0] pixel_q;
    wire                 end_image = (pixel_q == Last[CountBits-1:0]);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            pixel_q     <= {CountBits{1'b0}};
            err_tlast_o <= 1'b0;
        end else if (beat_i) begin
            pixel_q     <= end_image ? {CountBits{1'b0}} : pixel_q + One[CountBits-1:0];
            err_tlast_o <= err_tlast_o || (last_i != end_image);
        end
    end

endmodule

`default_nettype wire

// sg_probe: writes every beat that a stream hands over to a file, one hexadecimal line a beat.
//
// Simulation only: `slimgate sim --trace-layers` defines SLIMGATE_PROBES, and the top then puts one on each layer's
// output. Synthesis sees an empty module. The file's folder must exist; beats during reset are not written.
`default_nettype none

module sg_probe #(
    parameter Width = 8,           // bits of a beat
    parameter File  = "probe.hex"  // written relative to the folder the simulation runs in
) (
    input  wire             clk_i,
    input  wire             rst_ni,   // synchronous, active low
    input  wire             valid_i,
    input  wire             ready_i,
    input  wire [Width-1:0] data_i
);

`ifdef SLIMGATE_PROBES
    integer file;

    initial begin
        file = $fopen(File, "w");
    end

    always @(posedge clk_i) begin
        if (rst_ni && valid_i && ready_i) begin
            $fwrite(file, "%h\n", data_i);
        end
    end
`else
    wire unused_probe = &{1'b0, clk_i, rst_ni, valid_i, ready_i, data_i};
`endif

endmodule

`default_nettype wire

// sg_serial: takes Lanes results at once (load_i) and gives them Step at a time, low lanes first, one step a cycle.
// The next load may come Steps cycles after the last, not before.
//
//   next_o   a step is given in the next cycle (reads that step's constants)
//   data_o   the step's results, valid with valid_o
`default_nettype none

module sg_serial #(
    parameter Lanes     = 8,
    parameter Step      = 2,
    parameter Steps     = 4,
    parameter Bits      = 20,
    parameter CountBits = 3    // holds Steps
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    input  wire                  load_i,
    input  wire [Lanes*Bits-1:0] data_i,
    output wire                  next_o,
    output wire                  valid_o,
    output wire [ Step*Bits-1:0] data_o
);

    localparam One  = 1;
    localparam Held = Steps * Step * Bits;

    reg  [     Held-1:0] hold_q;
    reg  [CountBits-1:0] left_q;   // steps still to give
    wire [     Held-1:0] load_data;

    generate
        if (Steps * Step > Lanes) begin : gen_fill
            assign load_data = {{((Steps * Step - Lanes) * Bits) {1'b0}}, data_i};
        end else begin : gen_exact
            assign load_data = data_i;
        end
    endgenerate

    assign valid_o = (left_q != {CountBits{1'b0}});
    assign next_o  = load_i || (valid_o && (left_q != One[CountBits-1:0]));
    assign data_o  = hold_q[Step*Bits-1:0];

    always @(posedge clk_i) begin
        if (load_i) begin
            hold_q <= load_data;
        end else begin
            hold_q <= hold_q >> (Step * Bits);
        end
    end

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            left_q <= {CountBits{1'b0}};
        end else if (load_i) begin
            left_q <= Steps[CountBits-1:0];
        end else if (valid_o) begin
            left_q <= left_q - One[CountBits-1:0];
        end
    end

endmodule

`default_nettype wire

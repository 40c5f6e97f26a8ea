// sg_digits: gives Values values of Bits bits digit by digit, low digits first, then the digits of their signs for good.
// The next values may come as soon as the digits of the last ones are no longer wanted.
//
//   load_i   data_i is taken; the first digits are given two cycles later
//   start_o  the first digits are given in the next cycle
`default_nettype none

module sg_digits #(
    parameter Values    = 9,
    parameter Bits      = 4,
    parameter Digit     = 1,   // bits of a digit
    parameter Count     = 4,   // digits of a value
    parameter CountBits = 3,   // holds Count
    parameter Signed    = 0    // two's complement
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire                    load_i,
    input  wire [ Values*Bits-1:0] data_i,
    output wire                    start_o,
    output wire [Values*Digit-1:0] digits_o
);

    localparam Padded = Count * Digit;
    localparam One    = 1;

    reg [Values*Bits-1:0] hold_q;
    reg [  CountBits-1:0] index_q;  // digit to give next; Count behind the last
    reg                   start_q;

    wire past = (index_q == Count[CountBits-1:0]);

    assign start_o = start_q;

    always @(posedge clk_i) begin
        if (load_i) begin
            hold_q <= data_i;
        end
    end

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            start_q <= 1'b0;
            index_q <= Count[CountBits-1:0];
        end else begin
            start_q <= load_i;
            if (load_i) begin
                index_q <= {CountBits{1'b0}};
            end else if (!past) begin
                index_q <= index_q + One[CountBits-1:0];
            end
        end
    end

    genvar v;
    generate
        for (v = 0; v < Values; v = v + 1) begin : gen_value
            wire              sign = (Signed != 0) && hold_q[v*Bits+Bits-1];
            wire [Padded-1:0] value;
            reg  [ Digit-1:0] digit_q;

            assign value[Bits-1:0] = hold_q[v*Bits+:Bits];
            if (Padded > Bits) begin : gen_pad
                assign value[Padded-1:Bits] = {(Padded - Bits) {sign}};
            end

            always @(posedge clk_i) begin
                digit_q <= past ? {Digit{sign}} : value[index_q*Digit+:Digit];
            end

            assign digits_o[v*Digit+:Digit] = digit_q;
        end
    endgenerate

endmodule

`default_nettype wire

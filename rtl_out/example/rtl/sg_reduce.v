// sg_reduce: one step of a pool, combinational: value_o = first_i ? x : (Max ? max(value_i, x) : value_i + x), by lane.
// x is data_i's lane, two's complement where Signed is 1; sums are two's complement of ValueBits.
`default_nettype none

module sg_reduce #(
    parameter Lanes     = 4,
    parameter InBits    = 4,
    parameter Signed    = 0,
    parameter Max       = 1,
    parameter ValueBits = 4   // InBits where Max is 1, else wider
) (
    input  wire                       first_i,
    input  wire [   Lanes*InBits-1:0] data_i,
    input  wire [Lanes*ValueBits-1:0] value_i,
    output wire [Lanes*ValueBits-1:0] value_o
);

    genvar i;
    generate
        for (i = 0; i < Lanes; i = i + 1) begin : gen_lane
            wire [ValueBits-1:0] x;
            wire [ValueBits-1:0] held = value_i[i*ValueBits+:ValueBits];

            if (ValueBits > InBits) begin : gen_extend
                wire sign = (Signed != 0) && data_i[i*InBits+InBits-1];
                assign x = {{(ValueBits - InBits) {sign}}, data_i[i*InBits+:InBits]};
            end else begin : gen_same
                assign x = data_i[i*InBits+:InBits];
            end

            if (Max == 0) begin : gen_sum
                assign value_o[i*ValueBits+:ValueBits] = first_i ? x : held + x;
            end else if (Signed != 0) begin : gen_signed_max
                wire wins = first_i || ($signed(x) > $signed(held));
                assign value_o[i*ValueBits+:ValueBits] = wins ? x : held;
            end else begin : gen_max
                wire wins = first_i || (x > held);
                assign value_o[i*ValueBits+:ValueBits] = wins ? x : held;
            end
        end
    endgenerate

endmodule

`default_nettype wire

// sg_sparse_front: from a beat of activations to one bank's work item.
//
// A job is {live, activation, start, count}: `count` entries of the bank's memory from `start` on belong to the column
// of this activation. A job is live where activation and count are not zero. The item is {last, job[Lanes-1], ..,
// job[0]}; it is pushed where a job is live or the beat is the image's last.
// The start of a column is the sum of all counts before it in the image, skipped columns included.
// Latency 0 (the items' path is combinational), one beat a cycle.
`default_nettype none

module sg_sparse_front #(
    parameter Lanes     = 1,
    parameter ActBits   = 4,
    parameter CountBits = 4,
    parameter AddrBits  = 8,  // at least CountBits
    parameter JobBits   = 17  // 1 + ActBits + AddrBits + CountBits
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    input  wire                       beat_i,    // a beat is taken
    input  wire                       last_i,    // it is the image's last
    input  wire [  Lanes*ActBits-1:0] data_i,
    input  wire [Lanes*CountBits-1:0] counts_i,  // entries of this bank in each lane's column
    output wire [    Lanes*JobBits:0] item_o,
    output wire                       push_o
);

    reg  [     AddrBits-1:0] sum_q;
    reg  [     AddrBits-1:0] sum_d;
    reg  [Lanes*AddrBits-1:0] starts;
    wire [        Lanes-1:0] live;

    integer i;
    always @(*) begin
        sum_d  = sum_q;
        starts = {(Lanes * AddrBits) {1'b0}};
        for (i = 0; i < Lanes; i = i + 1) begin
            starts[i*AddrBits+:AddrBits] = sum_d;
            sum_d = sum_d + {{(AddrBits - CountBits) {1'b0}}, counts_i[i*CountBits+:CountBits]};
        end
    end

    genvar l;
    generate
        for (l = 0; l < Lanes; l = l + 1) begin : gen_lane
            wire [  ActBits-1:0] act   = data_i[l*ActBits+:ActBits];
            wire [CountBits-1:0] count = counts_i[l*CountBits+:CountBits];
            wire [ AddrBits-1:0] start = starts[l*AddrBits+:AddrBits];

            assign live[l] = (|act) & (|count);
            assign item_o[l*JobBits+:JobBits] = {live[l], act, start, count};
        end
    endgenerate

    assign item_o[Lanes*JobBits] = last_i;
    assign push_o = beat_i & (last_i | (|live));

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            sum_q <= {AddrBits{1'b0}};
        end else if (beat_i) begin
            sum_q <= last_i ? {AddrBits{1'b0}} : sum_d;
        end
    end

endmodule

`default_nettype wire

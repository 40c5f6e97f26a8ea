// sg_widen: gathers Ratio beats of InBits into one word; a pixel takes Beats input beats, and its last word may be
// short: the missing lanes are zero. Takes one beat a cycle.
`default_nettype none

module sg_widen #(
    parameter InBits    = 4,
    parameter Ratio     = 2,
    parameter Beats     = 2,
    parameter CountBits = 1   // holds Ratio - 1 and Beats - 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    input  wire [      InBits-1:0] in_data_i,
    input  wire                    in_valid_i,
    output wire                    in_ready_o,
    output wire [InBits*Ratio-1:0] out_data_o,
    output wire                    out_valid_o,
    input  wire                    out_ready_i
);

    localparam One      = 1;
    localparam LastLane = Ratio - 1;
    localparam LastBeat = Beats - 1;

    reg [InBits*Ratio-1:0] word_q;
    reg                    full_q;
    reg [   CountBits-1:0] lane_q;
    reg [   CountBits-1:0] beat_q;

    wire take     = in_valid_i && in_ready_o;
    wire end_beat = (beat_q == LastBeat[CountBits-1:0]);
    wire end_word = end_beat || (lane_q == LastLane[CountBits-1:0]);

    assign in_ready_o  = !full_q || out_ready_i;
    assign out_data_o  = word_q;
    assign out_valid_o = full_q;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            full_q <= 1'b0;
            lane_q <= {CountBits{1'b0}};
            beat_q <= {CountBits{1'b0}};
        end else if (take) begin
            full_q <= end_word;
            lane_q <= end_word ? {CountBits{1'b0}} : lane_q + One[CountBits-1:0];
            beat_q <= end_beat ? {CountBits{1'b0}} : beat_q + One[CountBits-1:0];
        end else if (out_ready_i) begin
            full_q <= 1'b0;
        end
    end

    // Lane 0 clears the lanes above it, so that a short word ends in zeros.
    genvar i;
    generate
        for (i = 0; i < Ratio; i = i + 1) begin : gen_lane
            always @(posedge clk_i) begin
                if (take && (lane_q == i[CountBits-1:0])) begin
                    word_q[i*InBits+:InBits] <= in_data_i;
                end else if (take && (lane_q == {CountBits{1'b0}})) begin
                    word_q[i*InBits+:InBits] <= {InBits{1'b0}};
                end
            end
        end
    endgenerate

endmodule

`default_nettype wire

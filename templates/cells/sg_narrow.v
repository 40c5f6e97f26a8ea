// sg_narrow: splits a word of Ratio beats into beats of OutBits, low lanes first; a pixel takes Beats output beats, and
// the beats of its last word past that are dropped. Gives one beat a cycle.
`default_nettype none

module sg_narrow #(
    parameter OutBits   = 4,
    parameter Ratio     = 2,
    parameter Beats     = 2,
    parameter CountBits = 1   // holds Ratio - 1 and Beats - 1
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    input  wire [OutBits*Ratio-1:0] in_data_i,
    input  wire                     in_valid_i,
    output wire                     in_ready_o,
    output wire [      OutBits-1:0] out_data_o,
    output wire                     out_valid_o,
    input  wire                     out_ready_i
);

    localparam One      = 1;
    localparam LastLane = Ratio - 1;
    localparam LastBeat = Beats - 1;

    reg [OutBits*Ratio-1:0] word_q;
    reg                     full_q;
    reg [    CountBits-1:0] lane_q;
    reg [    CountBits-1:0] beat_q;

    wire give     = full_q && out_ready_i;
    wire end_beat = (beat_q == LastBeat[CountBits-1:0]);
    wire end_word = end_beat || (lane_q == LastLane[CountBits-1:0]);
    wire take     = in_valid_i && in_ready_o;

    assign in_ready_o  = !full_q || (out_ready_i && end_word);
    assign out_data_o  = word_q[OutBits-1:0];
    assign out_valid_o = full_q;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            full_q <= 1'b0;
            lane_q <= {CountBits{1'b0}};
            beat_q <= {CountBits{1'b0}};
        end else begin
            if (take) begin
                full_q <= 1'b1;
            end else if (give && end_word) begin
                full_q <= 1'b0;
            end
            if (give) begin
                lane_q <= end_word ? {CountBits{1'b0}} : lane_q + One[CountBits-1:0];
                beat_q <= end_beat ? {CountBits{1'b0}} : beat_q + One[CountBits-1:0];
            end
        end
    end

    always @(posedge clk_i) begin
        if (take) begin
            word_q <= in_data_i;
        end else if (give) begin
            word_q <= word_q >> OutBits;
        end
    end

endmodule

`default_nettype wire

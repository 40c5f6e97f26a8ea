// sg_scores: from the last layer's accumulators to the AXI4-Stream master.
//
//   m_axis_tdata  one class score a beat, class 0 first, sign-extended to 32 bits
//   m_axis_tlast  on the last class; m_axis_tuser holds the arg max there (lowest index on a tie) and 0 before
//
// One beat a cycle, two cycles of latency; outputs are registered and hold while stalled.
`default_nettype none

module sg_scores #(
    parameter ScoreBits = 20,
    parameter Classes   = 10,
    parameter IndexBits = 4    // max(1, ceil(log2 Classes))
) (
    input  wire                        clk_i,
    input  wire                        rst_ni,
    input  wire signed [ScoreBits-1:0] in_data_i,
    input  wire                        in_valid_i,
    output wire                        in_ready_o,
    output reg                  [31:0] m_axis_tdata,
    output reg                         m_axis_tvalid,
    input  wire                        m_axis_tready,
    output reg                         m_axis_tlast,
    output reg         [IndexBits-1:0] m_axis_tuser
);

    localparam One  = 1;
    localparam Last = Classes - 1;

    // A score waits in a register before it is compared.
    reg signed [ScoreBits-1:0] score_q;
    reg                        score_valid_q;
    reg signed [ScoreBits-1:0] best_q;
    reg        [IndexBits-1:0] best_index_q;
    reg        [IndexBits-1:0] class_q;

    wire free   = !m_axis_tvalid || m_axis_tready;
    wire take   = score_valid_q && free;
    wire first  = (class_q == {IndexBits{1'b0}});
    wire last   = (class_q == Last[IndexBits-1:0]);
    wire better = first || (score_q > best_q);
    wire [IndexBits-1:0] best_index = better ? class_q : best_index_q;
    wire [31:0] score;

    generate
        if (ScoreBits < 32) begin : gen_extend
            assign score = {{(32 - ScoreBits) {score_q[ScoreBits-1]}}, score_q};
        end else begin : gen_whole
            assign score = score_q;
        end
    endgenerate

    assign in_ready_o = !score_valid_q || free;

    always @(posedge clk_i) begin
        if (in_ready_o) begin
            score_q <= in_data_i;
        end
        if (take) begin
            best_q       <= better ? score_q : best_q;
            best_index_q <= best_index;
            m_axis_tdata <= score;
            m_axis_tlast <= last;
            m_axis_tuser <= last ? best_index : {IndexBits{1'b0}};
        end
    end

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            score_valid_q <= 1'b0;
            m_axis_tvalid <= 1'b0;
            class_q       <= {IndexBits{1'b0}};
        end else begin
            if (in_ready_o) begin
                score_valid_q <= in_valid_i;
            end
            if (free) begin
                m_axis_tvalid <= take;
            end
            if (take) begin
                class_q <= last ? {IndexBits{1'b0}} : class_q + One[IndexBits-1:0];
            end
        end
    end

endmodule

`default_nettype wire

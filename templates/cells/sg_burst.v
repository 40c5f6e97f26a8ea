// sg_burst: counts 0 to Count - 1, one value a cycle, from each go_i on. The next go_i may come Count cycles after the last,
// not before: busy_o says when not.
`default_nettype none

module sg_burst #(
    parameter Count     = 8,
    parameter IndexBits = 3   // holds Count - 1
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    input  wire                 go_i,
    output wire                 busy_o,    // a burst that began earlier goes on
    output wire                 active_o,  // index_o counts
    output wire                 last_o,    // … its last value
    output wire [IndexBits-1:0] index_o
);

    localparam One  = 1;
    localparam Last = Count - 1;

    reg                 busy_q;
    reg [IndexBits-1:0] index_q;

    assign busy_o   = busy_q;
    assign active_o = go_i || busy_q;
    assign last_o   = active_o && (index_q == Last[IndexBits-1:0]);
    assign index_o  = index_q;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            busy_q  <= 1'b0;
            index_q <= {IndexBits{1'b0}};
        end else if (active_o) begin
            busy_q  <= !last_o;
            index_q <= last_o ? {IndexBits{1'b0}} : index_q + One[IndexBits-1:0];
        end
    end

endmodule

`default_nettype wire

// sg_sparse_drain: reads a complete page row by row, in the order of the outputs.
//
// addr_o goes to the row table (latency 2); read_o and page_o stand beside its data. push_o tells, Delay cycles after
// read_o, that the row's value enters the output FIFO. A row is started only when the FIFO has a place for it.
// The two pages of the time after reset are read without a push: that writes the first biases.
// Throughput: one row a cycle, no dead cycle between pages. free_o: the page's last row starts.
`default_nettype none

module sg_sparse_drain #(
    parameter LastRow  = 15,
    parameter AddrBits = 4,
    parameter Delay    = 5,  // 1 to 7
    parameter SlotBits = 4   // the FIFO holds 2^SlotBits values
) (
    input  wire                clk_i,
    input  wire                rst_ni,
    input  wire                full_i,   // all banks have completed the page
    input  wire                taken_i,  // a value leaves the FIFO
    output wire [AddrBits-1:0] addr_o,
    output wire                free_o,
    output wire                read_o,
    output wire                page_o,
    output wire                push_o
);

    reg  [AddrBits-1:0] row_q;
    reg  [  SlotBits:0] slots_q;
    reg  [         1:0] silent_q;
    reg                 page_q;
    reg                 page_q2;
    reg                 page_q3;
    reg                 read_q;
    reg                 read_q2;
    reg  [   Delay-1:0] push_q;
    reg                 live_q;
    reg                 live_q2;

    wire silent = |silent_q;
    wire start = full_i & (silent | (|slots_q));
    wire last = start & (row_q == LastRow[AddrBits-1:0]);
    wire claim = start & ~silent;

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            row_q    <= {AddrBits{1'b0}};
            slots_q  <= {1'b1, {SlotBits{1'b0}}};
            silent_q <= 2'd2;
            page_q   <= 1'b0;
            read_q   <= 1'b0;
            read_q2  <= 1'b0;
            live_q   <= 1'b0;
            live_q2  <= 1'b0;
        end else begin
            read_q  <= start;
            read_q2 <= read_q;
            live_q  <= claim;
            live_q2 <= live_q;
            if (start) begin
                row_q <= last ? {AddrBits{1'b0}} : row_q + {{(AddrBits - 1) {1'b0}}, 1'b1};
            end
            if (last) begin
                page_q   <= ~page_q;
                silent_q <= silent ? silent_q - 2'd1 : 2'd0;
            end
            if (claim != taken_i) begin
                slots_q <= claim ? slots_q - {{SlotBits{1'b0}}, 1'b1} : slots_q + {{SlotBits{1'b0}}, 1'b1};
            end
        end
    end

    wire [Delay:0] push_d = {push_q, live_q2};
    always @(posedge clk_i) begin
        page_q2 <= page_q;
        page_q3 <= page_q2;
        push_q  <= rst_ni ? push_d[Delay-1:0] : {Delay{1'b0}};
    end

    assign addr_o = row_q;
    assign free_o = last;
    assign read_o = read_q2;
    assign page_o = page_q3;
    assign push_o = push_d[Delay];

endmodule

`default_nettype wire

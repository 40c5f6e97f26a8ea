// Proof, bounded, of sg_buffer of three words with its memory: what comes out equals what a shadow queue holds at its head.
`default_nettype none

module proof (
    input wire clk_i,
    input wire rst_ni,
    input wire in_data_i,
    input wire in_valid_i,
    input wire out_ready_i
);
    wire in_ready;
    wire out_valid;
    wire out_data;

    sg_buffer #(
        .Width   (1),
        .Depth   (3),
        .AddrBits(2),
        .FillBits(2)
    ) i_dut (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_data_i  (in_data_i),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready),
        .out_data_o (out_data),
        .out_valid_o(out_valid),
        .out_ready_i(out_ready_i)
    );

    // Head in the low bits; a word enters above those that are there.
    reg  [3:0] words_q = 4'd0;
    reg  [2:0] fill_q  = 3'd0;
    wire       push    = in_valid_i && in_ready;
    wire       pop     = out_valid && out_ready_i;
    wire [2:0] left    = fill_q - {2'd0, pop};
    wire [3:0] shifted = pop ? (words_q >> 1) : words_q;
    wire [3:0] blank   = ~(4'd1 << left);

    always @(posedge clk_i) begin
        if (!rst_ni) begin
            fill_q <= 3'd0;
        end else begin
            fill_q  <= left + {2'd0, push};
            words_q <= push ? ((shifted & blank) | ({3'd0, in_data_i} << left)) : shifted;
        end
    end

    reg begun_q = 1'b0;
    always @(posedge clk_i) begun_q <= 1'b1;

    always @(*) begin
        if (!begun_q) begin
            assume (!rst_ni);
        end else begin
            if (out_valid) begin
                assert (fill_q != 3'd0);
                assert (out_data == words_q[0]);
            end
        end
    end
endmodule

`default_nettype wire

// Proof, bounded, of sg_fork: each consumer has taken as many beats as the fork, or the one on offer too; an offer stands until it
// is taken.
`default_nettype none

module proof (
    input wire       clk_i,
    input wire       rst_ni,
    input wire       in_valid_i,
    input wire [1:0] out_ready_i
);
    wire       in_ready;
    wire [1:0] out_valid;

    sg_fork #(
        .Ways(2)
    ) i_dut (
        .clk_i      (clk_i),
        .rst_ni     (rst_ni),
        .in_valid_i (in_valid_i),
        .in_ready_o (in_ready),
        .out_valid_o(out_valid),
        .out_ready_i(out_ready_i)
    );

    wire       give  = in_valid_i && in_ready;
    wire [1:0] take  = out_valid & out_ready_i;
    reg  [1:0] ahead_q = 2'b00;  // consumers that have taken one beat more than the fork
    reg  [1:0] offer_q = 2'b00;
    reg        held_q  = 1'b0;
    reg        begun_q = 1'b0;

    always @(posedge clk_i) begin
        begun_q <= 1'b1;
        ahead_q <= !rst_ni ? 2'b00 : (ahead_q ^ take ^ {2{give}});
        offer_q <= rst_ni ? (out_valid & ~out_ready_i) : 2'b00;
        held_q  <= rst_ni && in_valid_i && !in_ready;
    end

    always @(*) begin
        if (!begun_q) begin
            assume (!rst_ni);
        end else begin
            assume (!held_q || in_valid_i);
            assert (out_valid == ({2{in_valid_i}} & ~ahead_q));
            if (rst_ni) begin
                assert ((take & ahead_q) == 2'b00);
                if (give) begin
                    assert ((take | ahead_q) == 2'b11);
                end
                assert ((out_valid & offer_q) == offer_q);
            end
        end
    end
endmodule

`default_nettype wire

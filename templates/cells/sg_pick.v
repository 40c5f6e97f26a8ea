// sg_pick: one of Count words, combinational: data_o = data_i[sel_i*Width +: Width]. sel_i is below Count.
`default_nettype none

module sg_pick #(
    parameter Width   = 8,
    parameter Count   = 3,
    parameter SelBits = 2    // holds Count - 1
) (
    input  wire [Count*Width-1:0] data_i,
    input  wire [    SelBits-1:0] sel_i,
    output wire [      Width-1:0] data_o
);

    integer n;
    reg [Width-1:0] word;

    always @* begin
        word = data_i[Width-1:0];
        for (n = 1; n < Count; n = n + 1) begin
            if (sel_i == n[SelBits-1:0]) begin
                word = data_i[n*Width+:Width];
            end
        end
    end

    assign data_o = word;

endmodule

`default_nettype wire

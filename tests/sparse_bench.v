// sparse_bench: drives one engine with the beats of InFile and compares its values with OutFile.
// Stalls are random: StallIn and StallOut out of 256. Prints `start`, `end <image>` with cycles, and `done`.
`default_nettype none

module sparse_bench #(
    parameter        Id       = 0,
    parameter        InBits   = 4,
    parameter        OutBits  = 4,
    parameter        Beats    = 1,
    parameter        Values   = 1,
    parameter        PerImage = 1,
    parameter        Delay    = 10,
    parameter [7:0]  StallIn  = 8'd0,
    parameter [7:0]  StallOut = 8'd0,
    parameter [31:0] Seed     = 32'd1,
    parameter        InFile   = "",
    parameter        OutFile  = ""
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    output wire [ InBits-1:0] data_o,
    output reg                valid_o,
    input  wire               ready_i,
    input  wire [OutBits-1:0] data_i,
    input  wire               valid_i,
    output reg                ready_o,
    output wire               done_o
);
    reg [ InBits-1:0] beats [0:Beats-1];
    reg [OutBits-1:0] values[0:Values-1];
    initial begin
        $readmemh(InFile, beats);
        $readmemh(OutFile, values);
    end

    function [31:0] xorshift(input [31:0] x);
        reg [31:0] y;
        begin
            y = x ^ (x << 13);
            y = y ^ (y >> 17);
            xorshift = y ^ (y << 5);
        end
    endfunction

    reg [31:0] random, cycle, sent, got, wrong, unstable;
    reg        held;
    reg [OutBits-1:0] held_data;
    wire take = valid_o & ready_i;
    wire [31:0] sent_d = sent + {31'd0, take};
    wire [31:0] got_d = got + 32'd1;

    assign data_o = beats[sent];
    assign done_o = (got == Values);

    always @(posedge clk_i) begin
        random <= xorshift(random);
        cycle  <= cycle + 1;
        sent   <= sent_d;
        valid_o <= (valid_o & ~ready_i) | ((cycle > Delay) && (sent_d < Beats) && (random[7:0] >= StallIn));
        ready_o <= random[15:8] >= StallOut;
        held      <= valid_i & ~ready_o;
        held_data <= data_i;
        if (held && (!valid_i || data_i !== held_data)) unstable <= unstable + 1;
        if (take && sent == 0) $display("start %0d %0d", Id, cycle);
        if (valid_i && ready_o) begin
            got <= got_d;
            if (got >= Values || data_i !== values[got]) begin
                wrong <= wrong + 1;
                if (wrong < 4) $display("note %0d value %0d is %h, not %h", Id, got, data_i, values[got]);
            end
            if (got_d % PerImage == 0) $display("end %0d %0d", Id, cycle);
            if (got_d == Values) $display("done %0d wrong %0d unstable %0d", Id, wrong + {31'd0, data_i !== values[got]}, unstable);
        end
        if (!rst_ni) begin
            random <= Seed; cycle <= 0; sent <= 0; got <= 0; wrong <= 0; unstable <= 0;
            valid_o <= 0; ready_o <= 0; held <= 0;
        end
    end
endmodule

`default_nettype wire

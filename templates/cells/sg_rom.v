// sg_rom: read-only memory, one synchronous read port.
//
//   data_o(t+1) = mem[addr_i(t)] when en_i(t); otherwise it holds.
//
// Contents come from the hex file `File`, relative to the folder in which the tool runs. `Style` is handed to
// synthesis: "auto", "block" (BRAM) or "distributed" (LUTs).
`default_nettype none

module sg_rom #(
    parameter         Width    = 8,
    parameter         Depth    = 16,
    parameter         AddrBits = 4,
    parameter         File     = "",
    // Read by synthesis alone, through the attributes below.
    /* verilator lint_off UNUSEDPARAM */
    parameter         Style    = "auto"
    /* verilator lint_on UNUSEDPARAM */
) (
    input  wire                clk_i,
    input  wire                en_i,
    input  wire [AddrBits-1:0] addr_i,
    output reg  [   Width-1:0] data_o
);

    // Of a ROM in LUTs Yosys wants to hear that it is no RAM. (Strings of other lengths differ, which is meant: no WIDTH.)
    /* verilator lint_off UNUSEDPARAM */  // verilator lint_off WIDTH
    localparam NoRam = (Style == "distributed") ? "registers" : Style;
    /* verilator lint_on UNUSEDPARAM */  // verilator lint_on WIDTH

    (* rom_style = Style, ram_style = NoRam *)
    reg [Width-1:0] mem [0:Depth-1];

    initial begin
        $readmemh(File, mem);
    end

    always @(posedge clk_i) begin
        if (en_i) begin
            data_o <= mem[addr_i];
        end
    end

endmodule

`default_nettype wire

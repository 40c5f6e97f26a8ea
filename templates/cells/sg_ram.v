// sg_ram: one write port, one synchronous read port, one clock.
//
//   read_data_o(t+1) = mem[read_addr_i(t)] when read_en_i(t); otherwise it holds.
//
// Reading an address in the cycle in which it is written is undefined: the users of this cell never use it, and synthesis is told
// so (no_rw_check), which saves it a bypass where block RAM has none. `Style`: "block", "distributed" (LUT RAM), "registers".
`default_nettype none

module sg_ram #(
    parameter Width    = 8,
    parameter Depth    = 16,
    parameter AddrBits = 4,
    // Read by synthesis alone, through the attribute below.
    /* verilator lint_off UNUSEDPARAM */
    parameter Style    = "auto"
    /* verilator lint_on UNUSEDPARAM */
) (
    input  wire                clk_i,
    input  wire                write_en_i,
    input  wire [AddrBits-1:0] write_addr_i,
    input  wire [   Width-1:0] write_data_i,
    input  wire                read_en_i,
    input  wire [AddrBits-1:0] read_addr_i,
    output reg  [   Width-1:0] read_data_o
);

    (* no_rw_check, ram_style = Style *)
    reg [Width-1:0] mem [0:Depth-1];

    always @(posedge clk_i) begin
        if (write_en_i) begin
            mem[write_addr_i] <= write_data_i;
        end
        if (read_en_i) begin
            read_data_o <= mem[read_addr_i];
        end
    end

endmodule

`default_nettype wire

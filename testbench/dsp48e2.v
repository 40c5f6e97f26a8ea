// DSP48E2 as far as sg_product uses it, on Yosys's simulation model of its predecessor DSP48E1: the registers, the
// operation modes and the cascade are the same (AMD UG579, "Differences"); the operand is two bits narrower.
`default_nettype none

module DSP48E2 #(
    parameter ADREG         = 1,
    parameter ALUMODEREG    = 1,
    parameter CARRYINREG    = 1,
    parameter CARRYINSELREG = 1,
    parameter CREG          = 1,
    parameter DREG          = 1,
    parameter INMODEREG     = 1,
    parameter OPMODEREG     = 1
) (
    input  wire        CLK,
    input  wire [29:0] A,
    input  wire [17:0] B,
    input  wire [47:0] C,
    input  wire [26:0] D,
    input  wire [47:0] PCIN,
    output wire [47:0] P,
    output wire [47:0] PCOUT,
    input  wire [ 8:0] OPMODE,
    input  wire [ 3:0] ALUMODE,
    input  wire [ 4:0] INMODE,
    input  wire        CARRYIN,
    input  wire [ 2:0] CARRYINSEL,
    input  wire        CEA1,
    input  wire        CEA2,
    input  wire        CEB1,
    input  wire        CEB2,
    input  wire        CEM,
    input  wire        CEP
);

    // The script counts the instances.
    initial $display("block");

    DSP48E1 #(
        .ADREG        (ADREG),
        .ALUMODEREG   (ALUMODEREG),
        .CARRYINREG   (CARRYINREG),
        .CARRYINSELREG(CARRYINSELREG),
        .CREG         (CREG),
        .DREG         (DREG),
        .INMODEREG    (INMODEREG),
        .OPMODEREG    (OPMODEREG),
        .USE_DPORT    ("FALSE")
    ) u_block (
        .CLK       (CLK),
        .A         (A),
        .B         (B),
        .C         (C),
        .D         (D[24:0]),
        .PCIN      (PCIN),
        .P         (P),
        .PCOUT     (PCOUT),
        .OPMODE    (OPMODE[6:0]),
        .ALUMODE   (ALUMODE),
        .INMODE    (INMODE),
        .CARRYIN   (CARRYIN),
        .CARRYINSEL(CARRYINSEL),
        .CEA1      (CEA1),
        .CEA2      (CEA2),
        .CEB1      (CEB1),
        .CEB2      (CEB2),
        .CEM       (CEM),
        .CEP       (CEP),
        .RSTA      (1'b0),
        .RSTB      (1'b0),
        .RSTM      (1'b0),
        .RSTP      (1'b0)
    );

endmodule

`default_nettype wire

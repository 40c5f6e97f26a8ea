//! From cells to resources: what each vendor cell occupies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Target;

/// Resources of a synthesized design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Look-up tables: LUT1 to LUT6 one each, shift registers, LUT RAM and (ECP5) carry cells at their LUT cost.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
    /// Multiplier blocks.
    pub dsp: u64,
    /// Block RAM in units of 36 kbit (RAMB18 counts 0.5); null outside AMD's families.
    pub bram36: Option<f64>,
    /// Block RAM in the family's own blocks.
    pub bram: f64,
    /// What such a block is.
    pub bram_kind: String,
}

impl Cost {
    /// The cost of `cells` (type to count).
    pub fn of(cells: &BTreeMap<String, u64>, target: Target) -> Self {
        let sum = |weight: &dyn Fn(&str) -> u64| cells.iter().map(|(cell, count)| weight(cell) * count).sum::<u64>();
        // LUTs, flip-flops, multipliers, half block RAMs of a cell.
        let weights: [fn(&str) -> u64; 4] = match target {
            Target::Xc7 | Target::Xcup => [xilinx_lut, xilinx_ff, xilinx_dsp, xilinx_ramb18],
            Target::Ecp5 => [ecp5_lut, ecp5_ff, ecp5_dsp, ecp5_half_ebr],
            Target::Ice40 => [ice40_lut, ice40_ff, ice40_dsp, ice40_half_ebr],
        };
        let [lut, ff, dsp, half_blocks] = weights.map(|weight| sum(&weight));
        let bram = half_blocks as f64 / 2.0;
        Self { lut, ff, dsp, bram36: target.is_amd().then_some(bram), bram, bram_kind: target.bram_kind().to_string() }
    }
}

/// LUTs of a cell, by UG474 (7 series CLB) and UG574 (UltraScale CLB).
fn xilinx_lut(cell: &str) -> u64 {
    match cell {
        "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" => 1,
        "SRL16" | "SRL16E" | "SRLC16E" | "SRLC32E" => 1,
        "RAM16X1S" | "RAM32X1S" | "RAM64X1S" => 1,
        "RAM16X1D" | "RAM32X1D" | "RAM64X1D" | "RAM128X1S" => 2,
        "RAM32M" | "RAM64M" | "RAM128X1D" | "RAM256X1S" => 4,
        "RAM32M16" | "RAM64M8" | "RAM256X1D" | "RAM512X1S" => 8,
        _ => 0,
    }
}

fn xilinx_ff(cell: &str) -> u64 {
    u64::from(["FDRE", "FDSE", "FDCE", "FDPE"].contains(&cell.trim_end_matches("_1")))
}

fn xilinx_dsp(cell: &str) -> u64 {
    u64::from(cell.starts_with("DSP48"))
}

fn xilinx_ramb18(cell: &str) -> u64 {
    if cell.starts_with("RAMB36") || cell.starts_with("FIFO36") {
        2
    } else {
        u64::from(cell.starts_with("RAMB18") || cell.starts_with("FIFO18"))
    }
}

/// LUT4s of a cell; a carry cell is two, a 16x4 distributed RAM three slices of two (Lattice TN1264).
fn ecp5_lut(cell: &str) -> u64 {
    match cell {
        "LUT4" => 1,
        "CCU2C" => 2,
        "TRELLIS_DPR16X4" => 6,
        _ => 0,
    }
}

fn ecp5_ff(cell: &str) -> u64 {
    u64::from(cell == "TRELLIS_FF")
}

fn ecp5_dsp(cell: &str) -> u64 {
    u64::from(cell == "MULT18X18D")
}

fn ecp5_half_ebr(cell: &str) -> u64 {
    if cell == "DP16KD" || cell == "PDPW16KD" { 2 } else { 0 }
}

fn ice40_lut(cell: &str) -> u64 {
    u64::from(cell == "SB_LUT4")
}

fn ice40_ff(cell: &str) -> u64 {
    u64::from(cell.starts_with("SB_DFF"))
}

fn ice40_dsp(cell: &str) -> u64 {
    u64::from(cell == "SB_MAC16")
}

fn ice40_half_ebr(cell: &str) -> u64 {
    if cell.starts_with("SB_RAM40_4K") { 2 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(cells: &[(&str, u64)], target: Target) -> Cost {
        Cost::of(&cells.iter().map(|&(cell, count)| (cell.to_string(), count)).collect(), target)
    }

    #[test]
    fn xilinx_cells_cost_what_they_occupy() {
        let cells = [
            ("LUT1", 1),
            ("LUT6", 10),
            ("SRL16E", 3),
            ("RAM32M", 2),
            ("RAM64X1D", 1),
            ("CARRY4", 9),
            ("MUXF7", 4),
            ("FDRE", 20),
            ("FDSE", 1),
            ("FDRE_1", 2),
            ("DSP48E1", 5),
            ("RAMB18E1", 3),
            ("RAMB36E1", 2),
            ("BUFG", 1),
        ];
        let cost = cost(&cells, Target::Xc7);
        assert_eq!((cost.lut, cost.ff, cost.dsp), (1 + 10 + 3 + 8 + 2, 23, 5));
        assert_eq!((cost.bram36, cost.bram, cost.bram_kind.as_str()), (Some(3.5), 3.5, "RAMB36E1"));
    }

    #[test]
    fn lattice_cells_cost_what_they_occupy() {
        let cells =
            [("LUT4", 7), ("CCU2C", 2), ("TRELLIS_DPR16X4", 1), ("TRELLIS_FF", 8), ("MULT18X18D", 3), ("DP16KD", 4)];
        let ecp5 = cost(&cells, Target::Ecp5);
        assert_eq!((ecp5.lut, ecp5.ff, ecp5.dsp, ecp5.bram, ecp5.bram36), (17, 8, 3, 4.0, None));
        let cells = [("SB_LUT4", 7), ("SB_CARRY", 2), ("SB_DFFESR", 8), ("SB_DFF", 1), ("SB_RAM40_4K", 3)];
        let ice40 = cost(&cells, Target::Ice40);
        assert_eq!((ice40.lut, ice40.ff, ice40.dsp, ice40.bram, ice40.bram36), (7, 9, 0, 3.0, None));
    }
}

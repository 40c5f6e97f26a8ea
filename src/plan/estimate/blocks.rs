//! Block RAM and LUT RAM that a memory takes: a function of its width and depth, as Yosys' `memory_libmap` chooses among the
//! widths of the family's blocks (its costs: a block, half a unit for each bit of a multiplexer behind several blocks).

use crate::plan::memory::{Kind, Memory, Style};
use crate::synth::Target;

/// LUTs that a block must save: AMD's half blocks of 18 kbit and DP16KD; a fourth of one for SB_RAM40_4K.
const BLOCK_WORTH: f64 = 128.0;
/// The same for the 4-kbit blocks of iCE40, as in Yosys' library.
const SMALL_BLOCK_WORTH: f64 = 64.0;
/// Yosys' cost of a bypass: a word that is written must be readable in the next cycle.
const BYPASS: f64 = 8.0;
/// Bits of a ROM that a LUT of six, of four inputs holds, roughly.
const ROM_BITS_A_LUT6: f64 = 64.0;
const ROM_BITS_A_LUT4: f64 = 14.0;

/// A block in one of its sizes.
struct Block {
    /// Address bits at one bit of data.
    address_bits: u32,
    /// Bits of a word, each twice as wide as the one before, parity included.
    widths: &'static [u32],
    /// Width whose bits are written together.
    byte: u32,
    /// What it costs beside other choices.
    cost: f64,
    /// Units that it counts as: half blocks on AMD, else blocks.
    units: usize,
}

const fn block(address_bits: u32, widths: &'static [u32], byte: u32, cost: f64, units: usize) -> Block {
    Block { address_bits, widths, byte, cost, units }
}

/// RAMB18, RAMB36, and two RAMB36 cascaded (AMD UG473, Yosys `brams_xc4v.txt`).
const XC7: &[Block] = &[
    block(14, &[1, 2, 4, 9, 18, 36], 9, 129.0, 1),
    block(15, &[1, 2, 4, 9, 18, 36, 72], 9, 257.0, 2),
    block(16, &[1, 2, 4, 9], 9, 513.0, 4),
];
/// The same without cascade (AMD UG573).
const XCUP: &[Block] =
    &[block(14, &[1, 2, 4, 9, 18, 36], 9, 129.0, 1), block(15, &[1, 2, 4, 9, 18, 36, 72], 9, 257.0, 2)];
/// DP16KD, PDPW16KD (Lattice FPGA-TN-02204).
const ECP5: &[Block] = &[block(14, &[1, 2, 4, 9, 18, 36], 9, 128.0, 1)];
/// SB_RAM40_4K (Lattice FPGA-TN-02002).
const ICE40: &[Block] = &[block(11, &[2, 4, 8, 16], 1, 64.0, 1)];

fn blocks_of(family: Target) -> &'static [Block] {
    match family {
        Target::Xc7 => XC7,
        Target::Xcup => XCUP,
        Target::Ecp5 => ECP5,
        Target::Ice40 => ICE40,
    }
}

/// Where a memory lies in blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Layout {
    /// Block RAM: half blocks of 18 kbit on AMD, else blocks.
    pub units: usize,
    /// Blocks whose words are told apart by multiplexers.
    pub rows: usize,
    /// What Yosys thinks of it.
    cost: f64,
}

/// The blocks of a memory of `depth` words of `width` bits.
pub fn layout(kind: Kind, width: u32, depth: usize, family: Target) -> Layout {
    let mut best = Layout { cost: f64::INFINITY, ..Layout::default() };
    for block in blocks_of(family) {
        for (index, &unit) in block.widths.iter().enumerate() {
            let rows = depth.div_ceil(1 << (block.address_bits - index as u32));
            // A RAM's bits are written by the byte.
            let byte = if kind == Kind::Ram { block.byte.min(unit) } else { 1 };
            let stored = width.next_multiple_of(byte) as usize;
            let count = (rows * stored).div_ceil(unit as usize);
            let read = 0.5 * ((rows - 1) as f64) * f64::from(width);
            let write = if kind == Kind::Ram && rows > 1 { 0.5 * rows as f64 } else { 0.0 };
            let cost = block.cost * count as f64 + read + write;
            if cost < best.cost {
                best = Layout { units: count * block.units, rows, cost };
            }
        }
    }
    best
}

/// What becomes of a RAM whose read is not registered, and whose read address is a register that Yosys takes into it: its own
/// choice, the cheapest (there is no style that all families have).
pub fn unregistered(width: u32, depth: usize, family: Target) -> Style {
    let bits = f64::from(width) * depth as f64;
    // A cell, and for each of its bits.
    let (cell, bit, cell_bits, words) = match family {
        Target::Xc7 if depth <= 32 => (1.0, 7.0 / 6.0, 6, 32),
        Target::Xc7 => (1.0, 7.0 / 3.0, 3, 64),
        Target::Xcup if depth <= 32 => (0.0, 16.0 / 14.0, 14, 32),
        Target::Xcup => (0.0, 16.0 / 7.0, 7, 64),
        Target::Ecp5 => (4.0, 0.0, 4, 16),
        Target::Ice40 => (f64::INFINITY, 0.0, 1, 1),
    };
    let rows = depth.div_ceil(words) as f64;
    let cells = rows * f64::from(width.div_ceil(cell_bits));
    let several = if rows > 1.0 { 0.5 * (rows - 1.0) * f64::from(width) + 0.5 * rows } else { 0.0 };
    let distributed = cell * cells + bit * rows * f64::from(width) + several + BYPASS;
    let block = layout(Kind::Ram, width, depth, family).cost + BYPASS;
    if bits <= distributed.min(block) {
        Style::Registers
    } else if distributed <= block {
        Style::Distributed
    } else {
        Style::Block
    }
}

/// What suits `memory`: blocks where the LUTs that they save are worth them.
pub fn style(memory: &Memory, family: Target) -> Style {
    let (width, depth) = (memory.copy_width(), memory.depth);
    let units = layout(memory.kind, width, depth, family).units as f64;
    let worth = if family == Target::Ice40 { SMALL_BLOCK_WORTH } else { BLOCK_WORTH };
    let bits = f64::from(width) * depth as f64;
    let luts = match (memory.kind, family) {
        (Kind::Rom, Target::Xc7 | Target::Xcup) => bits / ROM_BITS_A_LUT6,
        (Kind::Rom, Target::Ecp5 | Target::Ice40) => bits / ROM_BITS_A_LUT4,
        (Kind::Ram, Target::Ice40) => bits,
        (Kind::Ram, _) => lut_ram(width, depth, family) as f64,
    };
    match memory.kind {
        _ if depth > 1 && luts > worth * units => Style::Block,
        Kind::Ram if family == Target::Ice40 => Style::Registers,
        _ => Style::Distributed,
    }
}

/// LUTs of a RAM in LUT RAM, without the multiplexers behind several of them: RAM32M and RAM64M of four LUTs, RAM32M16 and
/// RAM64M8 of eight, TRELLIS_DPR16X4 of six.
pub fn lut_ram(width: u32, depth: usize, family: Target) -> usize {
    let cells = |bits: u32, words: usize| depth.div_ceil(words) * width.div_ceil(bits) as usize;
    match family {
        Target::Xc7 if depth <= 32 => 4 * cells(6, 32),
        Target::Xc7 => 4 * cells(3, 64),
        Target::Xcup if depth <= 32 => 8 * cells(14, 32),
        Target::Xcup => 8 * cells(7, 64),
        Target::Ecp5 => 6 * cells(4, 16),
        Target::Ice40 => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Yosys 0.23 counts them.
    #[test]
    fn memories_take_whole_cells() {
        assert_eq!(lut_ram(2, 1200, Target::Xcup), 19 * 8);
        assert_eq!(lut_ram(8, 36, Target::Xc7), 3 * 4);
        assert_eq!(lut_ram(8, 36, Target::Ecp5), 3 * 2 * 6);
        let units = |width, depth, family| layout(Kind::Rom, width, depth, family).units;
        assert_eq!((units(36, 512, Target::Xc7), units(37, 512, Target::Xc7)), (1, 2));
        assert_eq!((units(8, 4096, Target::Xcup), units(16, 256, Target::Ice40)), (2, 1));
    }
}

//! LUTs of sparse convolution engines, roughly, to choose among foldings before any is planned.

use super::super::Resources;
use super::super::estimate::{BLOCK_LUTS, in_lut};
use super::super::sparse::bits_for;

/// LUTs that a kbit of block RAM is worth, usually: 300 for 36 of them.
pub const RAM_KBIT_LUTS: f64 = 300.0 / 36.0;
/// Bits of a word, and words, of a block RAM of 36 kbit at its widest.
const PROGRAM_WIDTH: f64 = 72.0;
const PROGRAM_DEPTH: f64 = 512.0;
/// LUTs of a product in LUTs for each bit of the one and bit of the other operand.
const LUTS_A_PRODUCT_BIT: f64 = 1.6;

/// What other resources are worth in LUTs.
#[derive(Debug, Clone, Copy)]
pub struct Prices {
    /// A multiplier block.
    pub block: f64,
    /// A kbit of block RAM.
    pub ram_kbit: f64,
}

impl Default for Prices {
    fn default() -> Self {
        Self { block: BLOCK_LUTS as f64, ram_kbit: RAM_KBIT_LUTS }
    }
}

/// Resources in LUTs, to compare two engines of one layer.
pub fn in_luts(resources: &Resources, prices: &Prices) -> f64 {
    resources.lut + prices.block * resources.dsp + prices.ram_kbit * resources.bram_kbit()
}

/// What one lane's size depends on.
#[derive(Debug, Clone, Copy)]
pub struct Lane {
    /// Bits of an activation.
    pub act_bits: u32,
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of a sum.
    pub sum_bits: u32,
    /// Values that a window has for it.
    pub columns: usize,
    /// Rows of its sums.
    pub rows: usize,
}

impl Lane {
    /// Its memories, product, accumulator and row counter, and its part of a program of `cycles` words.
    pub fn in_luts(&self, cycles: usize) -> f64 {
        let memories = lut_ram(self.act_bits, 2 * self.columns) + lut_ram(self.sum_bits, 2 * self.rows);
        let product = match in_lut(self.act_bits, self.weight_bits) {
            true => f64::from(self.act_bits * self.weight_bits) * LUTS_A_PRODUCT_BIT,
            false => BLOCK_LUTS as f64,
        };
        let entry_bits = self.weight_bits + bits_for(self.columns - 1) + 1;
        let program = f64::from(entry_bits) / PROGRAM_WIDTH * (cycles as f64 / PROGRAM_DEPTH).ceil();
        let ram = program * PROGRAM_WIDTH * PROGRAM_DEPTH / 1024.0 * RAM_KBIT_LUTS;
        memories + f64::from(self.sum_bits + bits_for(self.rows - 1)) + product + ram
    }
}

/// LUTs of a memory with one write and one read port: 6 bits in 4 of them to 32 words, else 7 bits in 8 of them for every
/// 64 words, and a multiplexer.
fn lut_ram(width: u32, depth: usize) -> f64 {
    if depth <= 32 {
        return f64::from(4 * width.div_ceil(6));
    }
    let blocks = depth.div_ceil(64);
    (8 * blocks * width.div_ceil(7) as usize + (blocks - 1) * width as usize / 2) as f64
}

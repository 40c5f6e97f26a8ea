//! Estimated resources of the sparse convolution engine, and what a block is worth in LUTs when engines are compared.

use super::super::Resources;
use super::super::estimate::{BLOCK_LUTS, adder, lut_product, product, results, tap_order, times};
use super::super::sparse::bits_for;
use super::{Bank, SparseConvPlan};

/// LUTs that a block RAM of 36 kbit is worth.
const BRAM_LUTS: f64 = 300.0;
/// Bits of a word, and words, of a block RAM of 36 kbit at its widest.
const PROGRAM_WIDTH: f64 = 72.0;
const PROGRAM_DEPTH: f64 = 512.0;

/// Resources in LUTs, to compare two engines of one layer.
pub fn in_luts(resources: &Resources) -> f64 {
    resources.lut + BLOCK_LUTS as f64 * resources.dsp + BRAM_LUTS * resources.bram36
}

/// The engine without the memories that the plan lists.
pub fn engine(plan: &SparseConvPlan, act_bits: u32) -> Resources {
    let products = times(plan.lut_products, lut_product(act_bits, plan.weight_bits))
        + times(plan.blocks(), product(act_bits, plan.weight_bits));
    let banks: Resources = plan.banks.iter().map(|bank| lanes(plan, bank, act_bits)).sum();
    let sums = plan.banks.len() - plan.folding.step;
    let tree = times(sums, adder((plan.sum_bits + 1).min(plan.acc_bits)));
    let control = Resources { lut: 190.0, ff: 160.0, ..Default::default() };
    let order = tap_order(&plan.window, plan.folding.in_par, act_bits);
    let results = results(plan.folding.step, plan.acc_bits, &plan.requant);
    products + banks + tree + control + order + results
}

/// The lanes of a bank without their products, and the choice among their sums.
fn lanes(plan: &SparseConvPlan, bank: &Bank, act_bits: u32) -> Resources {
    let (weight_bits, sum_bits, columns) = (plan.weight_bits, plan.sum_bits, plan.columns());
    let lane = Lane { act_bits, weight_bits, sum_bits, columns, rows: bank.rows() };
    let choices = bank.choices(plan.steps);
    let pick = if choices > 1 { (choices as f64 / 4.0).ceil() * f64::from(sum_bits) } else { 0.0 };
    times(bank.lanes.len(), lane.gather()) + Resources { lut: pick, ..Default::default() }
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
    /// Two memories, accumulator, row counter.
    fn gather(&self) -> Resources {
        let memories = lut_ram(self.act_bits, 2 * self.columns) + lut_ram(self.sum_bits, 2 * self.rows);
        let row_bits = bits_for(self.rows - 1);
        let registers = self.weight_bits + self.act_bits + self.sum_bits + row_bits + 3;
        let lut = memories + f64::from(row_bits);
        adder(self.sum_bits) + Resources { lut, ff: f64::from(registers), ..Default::default() }
    }

    /// All of it in LUTs, its part of a program of `cycles` words among it.
    pub fn in_luts(&self, cycles: usize) -> f64 {
        let entry_bits = self.weight_bits + bits_for(self.columns - 1) + 1;
        let program = f64::from(entry_bits) / PROGRAM_WIDTH * (cycles as f64 / PROGRAM_DEPTH).ceil();
        let program = Resources { bram36: program, ..Default::default() };
        in_luts(&(self.gather() + product(self.act_bits, self.weight_bits) + program))
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

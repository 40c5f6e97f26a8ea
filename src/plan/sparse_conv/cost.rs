//! Estimated resources of the sparse convolution engine, and what a block is worth in LUTs when engines are compared.

use super::super::Resources;
use super::super::estimate::{adder, lut_product, product, requantizers, tap_order, times};
use super::{Bank, SparseConvPlan};

/// LUTs that a multiplier block, and a block RAM of 36 kbit, are worth.
const DSP_LUTS: f64 = 100.0;
const BRAM_LUTS: f64 = 300.0;

/// Resources in LUTs, to compare two engines of one layer.
pub fn in_luts(resources: &Resources) -> f64 {
    resources.lut + DSP_LUTS * resources.dsp + BRAM_LUTS * resources.bram36
}

/// The engine without the memories that the plan lists.
pub fn engine(plan: &SparseConvPlan, act_bits: u32) -> Resources {
    let products = times(plan.lut_products, lut_product(act_bits, plan.weight_bits))
        + times(plan.lanes() - plan.lut_products, product(act_bits, plan.weight_bits));
    let banks: Resources = plan.banks.iter().map(|bank| lanes(plan, bank, act_bits)).sum();
    let sums = plan.banks.len() - plan.folding.step;
    let tree = times(sums, adder((plan.sum_bits + 1).min(plan.acc_bits)));
    let control = Resources { lut: 190.0, ff: 160.0, ..Default::default() };
    let order = tap_order(&plan.window, plan.folding.in_par, act_bits);
    let results = if plan.requant.out.is_some() {
        requantizers(plan.folding.step, plan.acc_bits, plan.requant.mul_bits)
    } else {
        times(plan.folding.step, adder(plan.acc_bits))
    };
    products + banks + tree + control + order + results
}

/// The lanes of a bank without their products: two memories, accumulator, row counter, and the choice among their sums.
fn lanes(plan: &SparseConvPlan, bank: &Bank, act_bits: u32) -> Resources {
    let memories = lut_ram(act_bits, 2 * plan.columns()) + lut_ram(plan.sum_bits, 2 * bank.rows());
    let counter = f64::from(bank.row_bits());
    let registers = plan.weight_bits + act_bits + plan.sum_bits + bank.row_bits() + 3;
    let lane =
        adder(plan.sum_bits) + Resources { lut: memories + counter, ff: f64::from(registers), ..Default::default() };
    let choices = bank.choices(plan.steps);
    let pick = if choices > 1 { (choices as f64 / 4.0).ceil() * f64::from(plan.sum_bits) } else { 0.0 };
    times(bank.lanes.len(), lane) + Resources { lut: pick, ..Default::default() }
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

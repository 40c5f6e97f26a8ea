//! The dense engine, `templates/conv.v`.

use super::features::Feature;
use super::parts::Parts;
use super::requant::drain;
use super::{cells, products};
use crate::plan::conv::{ConvPlan, log2_ceil};
use crate::plan::layer::LayerPlan;
use crate::plan::memory::Memory;
use crate::plan::sparse::bits_for;
use crate::plan::stream::Stream;
use crate::synth::Target;

/// The engine of `plan` without memories, queue and credit.
pub fn conv(parts: &mut Parts, plan: &ConvPlan, layer: &LayerPlan) {
    let input = layer.input();
    parts.counter(plan.weight_depth());
    let late = (bits_for(plan.weight_depth() - 1) as usize + 1) * (plan.chain() - 1);
    parts.flops(late);
    for tap in 0..plan.folding.products() {
        parts.shift_register(input.bits as usize, (tap + plan.skip()) % plan.chain());
    }
    if plan.deep() {
        // Taps wait for the weights.
        parts.flops(plan.folding.products() * input.bits as usize);
    }
    lanes(parts, plan, layer);
    cells::delay(parts, 3, plan.mac_latency());
    // sg_acc, sg_serial.
    let sums = plan.folding.out_par * plan.acc_bits as usize;
    parts.add(Feature::Accumulate, sums as f64);
    parts.flops(sums + 1);
    let later = (plan.folding.out_par - plan.step.min(plan.folding.out_par)) * plan.acc_bits as usize;
    parts.add(Feature::Serial, later as f64);
    parts.flops(sums + bits_for(plan.steps) as usize);
    drain(parts, (plan.step, plan.const_depth()), plan.acc_bits, &plan.requant, layer);
    parts.flops(usize::from(plan.out_channels.div_ceil(plan.step) < plan.const_depth()));
}

fn lanes(parts: &mut Parts, plan: &ConvPlan, layer: &LayerPlan) {
    let input = layer.input();
    let products = plan.folding.products();
    let act = input.bits as usize;
    let single = plan.lut_outputs;
    if single > 0 {
        // The outputs share the activations' registers.
        parts.flops(products * act);
        let varying = layer.memories.iter().map(varying_share).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        parts.ff += (single * products) as f64 * f64::from(waiting_bits(plan.weight_bits)) * varying.0 / varying.1;
        for _ in 0..single {
            booth_products(parts, input.bits + 1, plan);
        }
    }
    blocks(parts, plan, input);
    for field in 0..plan.fields() {
        let in_lut = field < single;
        let leaf = (chain_bits(plan, input.bits)).min(if in_lut { plan.sum_bits } else { plan.pack.offset });
        let registered = in_lut || parts.family() == Target::Ice40;
        cells::tree(parts, plan.segments(), (leaf as usize, plan.sum_bits as usize), registered);
    }
}

/// Different bits of a weight memory's words, and all of them.
fn varying_share(memory: &Memory) -> (f64, f64) {
    if memory.name.starts_with("weight") {
        let width = f64::from(memory.width);
        (memory.columns.map_or(width, |columns| columns.distinct.into()), width)
    } else {
        (0.0, 0.0)
    }
}

/// Bits of a chain's sum.
fn chain_bits(plan: &ConvPlan, act: u32) -> u32 {
    act + plan.weight_bits + log2_ceil(plan.chain())
}

/// Booth digits of a weight in the first stage of `sg_product` with `Lut` = 1, and in the second one.
fn digits(weight: u32) -> (u32, u32) {
    let low = (weight + 2) / 4;
    (low, weight.div_ceil(2) - low)
}

/// Different bits of a weight that `sg_product` with `Lut` = 1 keeps for its second stage.
fn waiting_bits(weight: u32) -> u32 {
    match digits(weight) {
        (_, 0) => weight,
        (low, _) => weight - 2 * low + 1,
    }
}

/// The products of an output, `sg_product` with `Lut` = 1, without the registers of the operands; `a` bits with a sign. What
/// begins a chain is added to nothing.
fn booth_products(parts: &mut Parts, a: u32, plan: &ConvPlan) {
    let (low, high) = digits(plan.weight_bits);
    let whole = a + 2 * (low + high);
    let first = if high > 0 { a + 2 * low } else { 0 };
    let products = plan.folding.products();
    cells::booth(parts, a, (low + high) * products as u32);
    // A chain's first sum is the product itself.
    let sum = chain_bits(plan, a - 1).min(plan.sum_bits) as usize;
    let begun = plan.segments();
    // The bits of its low rows go through three registers unchanged, where there are high ones.
    let passed = if high > 0 { 2 * low as usize } else { 0 };
    parts.flops((first + whole) as usize * products + begun * (whole as usize).min(sum) - begun * 3 * passed);
    (0..begun).for_each(|_| parts.shift_register(passed, 3));
    parts.flops((products - begun) * sum);
    parts.add(Feature::Add, ((products - begun) * sum) as f64);
}

/// `sg_product` with `Lut` = 0.
fn blocks(parts: &mut Parts, plan: &ConvPlan, input: &Stream) {
    let count = plan.blocks();
    if count == 0 {
        return;
    }
    let act = input.bits + 1;
    let operand = (plan.pack.lanes as u32 - 1) * plan.pack.offset + plan.weight_bits;
    let link = (plan.pack.lanes as u32 - 1) * plan.pack.offset + plan.pack.offset.min(plan.sum_bits);
    let each = if parts.family() == Target::Xcup { 1 } else { products::blocks(parts.block, operand, act, link) };
    parts.dsp += count * each;
    if each == 0 {
        (0..count).for_each(|_| parts.soft_product(act, operand.into()));
    }
    // Registers outside the block of activations, which the outputs share, of weights, and of the sum as far as it has use. Yosys
    // gives SB_MAC16 the sum and one of the weights' registers.
    let lanes = plan.pack.lanes as u32;
    let (acts, weights, sums) = match parts.family() {
        _ if each == 0 => (2, 2, 1),
        Target::Xc7 | Target::Xcup => (0, 0, 0),
        Target::Ecp5 => (1, 1, 0),
        Target::Ice40 => (2, 1, 0),
    };
    let sum = lanes * plan.pack.offset.min(plan.sum_bits) + lanes - 1;
    parts.flops(acts * plan.folding.products() * input.bits as usize);
    parts.flops(count * (weights * lanes * plan.weight_bits + sums * sum) as usize);
}

//! The dense engine, `templates/conv.v`.

use super::cells;
use super::parts::{Feature, Parts};
use super::products;
use crate::plan::conv::ConvPlan;
use crate::plan::sparse::bits_for;
use crate::plan::stream::Stream;
use crate::synth::Target;

/// The engine of `plan` without memories, queue and credit.
pub fn conv(parts: &mut Parts, plan: &ConvPlan, input: &Stream, out: &Stream) {
    parts.counter(plan.weight_depth());
    let late = (bits_for(plan.weight_depth() - 1) as usize + 1) * (plan.chain() - 1);
    parts.flops(late);
    for tap in 0..plan.folding.products() {
        parts.shift_register(input.bits as usize, (tap + plan.skip()) % plan.chain());
    }
    lanes(parts, plan, input);
    cells::delay(parts, 3, plan.mac_latency());
    // sg_acc, sg_serial.
    let sums = plan.folding.out_par * plan.acc_bits as usize;
    parts.add(Feature::Accumulate, sums as f64);
    parts.flops(sums + 1);
    let later = (plan.folding.out_par - plan.step.min(plan.folding.out_par)) * plan.acc_bits as usize;
    parts.add(Feature::Serial, later as f64);
    parts.flops(sums + bits_for(plan.steps) as usize);
    cells::drain(parts, plan.step, plan.const_depth(), plan.acc_bits, &plan.requant, out);
    parts.flops(usize::from(plan.out_channels.div_ceil(plan.step) < plan.const_depth()));
}

fn lanes(parts: &mut Parts, plan: &ConvPlan, input: &Stream) {
    let products = plan.folding.products();
    let act = input.bits as usize;
    let (sum, single) = (plan.sum_bits as usize, plan.lut_outputs);
    if single > 0 {
        // The outputs share the activations' registers.
        parts.flops(products * act);
        for _ in 0..single * products {
            booth_product(parts, input.bits + 1, plan.weight_bits, sum);
        }
    }
    blocks(parts, plan, input);
    let adders = plan.segments() - 1;
    let fields = plan.fields();
    parts.add(Feature::Add, (fields * adders * sum) as f64);
    parts.flops(fields * tree_registers(plan.segments()) * sum);
}

/// Registers of an adder tree over `leaves`, those that have only one term among them.
pub fn tree_registers(leaves: usize) -> usize {
    let mut level = leaves;
    let mut registers = 0;
    while level > 1 {
        level = level.div_ceil(2);
        registers += level;
    }
    registers
}

/// `sg_product` with `Lut` = 1, without the register of the activation; `a` bits with a sign.
fn booth_product(parts: &mut Parts, a: u32, weight: u32, sum: usize) {
    let low = (weight + 2) / 4;
    let high = weight.div_ceil(2) - low;
    cells::booth(parts, a, low);
    let mut flops = weight + a + 2 * low;
    if high > 0 {
        cells::booth(parts, a, high);
        flops += a + 2 * high;
    }
    parts.add(Feature::BoothSum, sum as f64);
    parts.flops(flops as usize + sum);
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
    if each == 0 || !parts.family().is_amd() {
        // Operand, product and sum registers, as far as a sum has use for them; the outputs share the activations'.
        let lanes = plan.pack.lanes as u32;
        let sum = lanes * plan.pack.offset.min(plan.sum_bits) + lanes - 1;
        parts.flops(plan.folding.products() * input.bits as usize);
        parts.flops(count * (lanes * plan.weight_bits + sum.min(operand + act) + sum) as usize);
    }
}

//! The constant engine, `templates/constant.v`.

use std::collections::BTreeSet;

use super::cells;
use super::features::Feature;
use super::parts::Parts;
use super::requant::drain;
use crate::plan::constant::{ConstPlan, Digits};
use crate::plan::layer::LayerPlan;
use crate::plan::sparse::bits_for;
use crate::plan::stream::Stream;

/// The engine of `plan` without memories, window generator, queue and credit.
pub fn constant(parts: &mut Parts, plan: &ConstPlan, layer: &LayerPlan) {
    let (graph, pipeline) = (&plan.adders.graph, &plan.adders.pipeline);
    if plan.pauses() {
        parts.counter(plan.window_cycles);
        parts.flops(1);
    }
    if plan.direct && plan.words > 1 {
        parts.counter(plan.words);
    }
    if plan.gathers() {
        gather(parts, plan, layer.input());
    }
    match plan.digits {
        Some(digits) => digital(parts, plan, digits, layer.input()),
        None => parts.add(Feature::ConstantAdd, pipeline.adder_bits(graph) as f64),
    }
    stages(parts, plan);
    // Valid bits: of the windows, of the results.
    cells::delay(parts, 1, plan.sums_latency());
    if plan.steps > 1 {
        serial(parts, plan);
    }
    drain(parts, (plan.folding.step, plan.steps), plan.acc_bits, &plan.requant, layer);
}

/// The register of a window's words. A word moves down from the last place; what an adder reads on its way stays a register of
/// its own, and nothing is left below the last reader.
fn gather(parts: &mut Parts, plan: &ConstPlan, input: &Stream) {
    let values = plan.folding.values();
    let mut read = vec![BTreeSet::new(); values];
    for (node, &place) in plan.places.iter().enumerate() {
        if plan.adders.pipeline.read[node].is_some() {
            read[place % values].insert(plan.words - place / values);
        }
    }
    for taps in read {
        let mut from = 0;
        for tap in taps {
            parts.shift_register(input.bits as usize, tap - from);
            from = tap;
        }
    }
    parts.flops(1);
}

/// Sums digit by digit: what gives the digits of the values, carries, starts, and whole sums again.
fn digital(parts: &mut Parts, plan: &ConstPlan, digits: Digits, input: &Stream) {
    let (graph, pipeline) = (&plan.adders.graph, &plan.adders.pipeline);
    let values = pipeline.read[..graph.inputs].iter().flatten().count();
    let (bits, count) = (digits.bits as usize, input.bits.div_ceil(digits.bits) as usize);
    parts.flops(values * (input.bits as usize + bits) + 1);
    parts.counter(count + 1);
    parts.mux(Feature::Mux, count, values * bits);
    let adders = graph.adders.len() + plan.complements();
    parts.flops(adders + plan.last_init() - 1);
    parts.flops(plan.shifts().values().sum());
    parts.add(Feature::DigitAdd, (adders * bits) as f64);
    parts.flops(graph.outputs.iter().flatten().count() * digits.count * bits);
}

/// The registers behind the inputs and adders, from reader to reader.
fn stages(parts: &mut Parts, plan: &ConstPlan) {
    let (graph, pipeline) = (&plan.adders.graph, &plan.adders.pipeline);
    let mut taps: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); pipeline.made.len()];
    for (at, adder) in graph.adders.iter().enumerate() {
        for term in [adder.left, adder.right] {
            taps[term.node].insert(pipeline.made[graph.inputs + at] - pipeline.made[term.node]);
        }
    }
    for (node, taps) in taps.iter_mut().enumerate() {
        let last = pipeline.registers(node);
        taps.insert(last);
        let mut from = 0;
        for &tap in taps.iter().filter(|tap| (1..=last).contains(*tap)) {
            parts.shift_register(pipeline.bits[node][tap] as usize, tap - from);
            from = tap;
        }
    }
}

/// The serializer: registers of the results up to the last one that is not 0, in each of the places that leave together.
fn serial(parts: &mut Parts, plan: &ConstPlan) {
    let sum_bits = plan.adders.pipeline.sum_bits as usize;
    let step = plan.folding.step;
    let held = |lane: usize| {
        let outputs = plan.adders.graph.outputs.iter().skip(lane).step_by(step);
        outputs.enumerate().rev().find(|(_, term)| term.is_some()).map_or(0, |(at, _)| at + 1)
    };
    let words: usize = (0..step).map(held).sum();
    parts.add(Feature::Serial, (words.saturating_sub(step) * sum_bits) as f64);
    parts.flops(words * sum_bits + bits_for(plan.steps) as usize);
}

//! Pools, affine, joins, flatten, and the top.

use super::features::Feature;
use super::parts::{Parts, counter_bits, distinct};
use super::requant::Requantizers;
use super::scale::{Scale, Shift};
use super::{cells, products};
use crate::plan::Plan;
use crate::plan::affine::AffinePlan;
use crate::plan::contents::Shifts;
use crate::plan::join::{How, JoinPlan, Port};
use crate::plan::layer::LayerPlan;
use crate::plan::pool::{PoolPlan, Reduce};
use crate::plan::reorder::ReorderPlan;
use crate::plan::requant::REQUANT_CYCLES;
use crate::plan::stream::Stream;
use crate::synth::Target;

/// `templates/pool.v`.
pub fn pool(parts: &mut Parts, plan: &PoolPlan, out: &Stream) {
    let values = plan.input.lanes * plan.value_bits as usize;
    let reduce = if plan.reduce == Reduce::Max { Feature::PoolMax } else { Feature::PoolSum };
    parts.add(reduce, values as f64);
    match &plan.window {
        Some(_) => parts.flops(values + 1),
        None => tiles(parts, plan, values),
    }
    if let Reduce::Average { multiplier, shift, .. } = plan.reduce {
        let signed = plan.input.signed;
        let all = Requantizers {
            count: plan.input.lanes,
            acc: plan.value_bits - u32::from(!signed),
            signed,
            scale: Scale::Constant(multiplier.into()),
            shift: Shift::Constant(shift),
            out: out.bits,
            // A window's sum grows there.
            own: plan.window.is_none(),
        };
        all.add(parts);
        cells::delay(parts, 1, REQUANT_CYCLES + usize::from(plan.window.is_none()));
    }
}

/// Where the beat stands, and the three stages: the partial result's memory is among the plan's.
fn tiles(parts: &mut Parts, plan: &PoolPlan, values: usize) {
    parts.add(Feature::Pool, 1.0);
    let words = plan.out[1] * plan.groups();
    let counts = [plan.groups(), plan.input.width, plan.input.height, plan.kernel[0], plan.kernel[1], words, words];
    counts.into_iter().for_each(|count| parts.counter(count));
    // Data, address and tags twice; the partial result.
    parts.flops(2 * plan.input.beat_bits() + 2 * counter_bits(words) + 6 + values);
    if plan.groups() <= 2 {
        parts.flops(values + 1 + usize::from(plan.groups() == 1));
        parts.add(Feature::Mux, values as f64);
    }
}

/// `templates/affine.v`.
pub fn affine(parts: &mut Parts, plan: &AffinePlan, layer: &LayerPlan) {
    parts.counter(plan.groups);
    parts.counter(plan.groups);
    cells::delay(parts, 1, plan.latency());
    let all = Requantizers::new(plan.lanes, plan.acc_bits, &plan.requant, plan.groups, layer.out.bits, &layer.contents);
    if !all.add(parts) {
        parts.add(Feature::Add, (plan.lanes * plan.acc_bits as usize) as f64);
    }
    parts.ff += plan.lanes as f64 * all.shift.registers();
    (0..plan.lanes).for_each(|_| affine_product(parts, plan, layer.input().bits));
}

/// A word's register, the product of three stages; a weight that is the only one is a constant.
fn affine_product(parts: &mut Parts, plan: &AffinePlan, act: u32) {
    let (weight, product, constant) = (plan.weight_bits, plan.product_bits as usize, plan.groups == 1);
    let blocks = if plan.lut_products { 0 } else { products::blocks(parts.block, act + 1, weight, plan.product_bits) };
    parts.dsp += blocks;
    if blocks > 0 && parts.family().is_amd() {
        parts.flops(if parts.family() == Target::Xc7 { 0 } else { act as usize });
        return;
    }
    if constant && blocks == 0 {
        parts.shift_register(act as usize, 4);
        parts.constant_product(act, weight);
        return;
    }
    let weight_flops = if constant { 0 } else { weight as usize };
    parts.flops(2 * act as usize + weight_flops + 2 * product);
    if plan.lut_products {
        cells::booth(parts, act + 1, weight.div_ceil(2));
    } else if blocks == 0 {
        parts.soft_product(act + 1, weight.into());
    }
}

/// `templates/join.v`.
pub fn join(parts: &mut Parts, plan: &JoinPlan) {
    parts.add(Feature::Join, 1.0);
    parts.counter(plan.beats());
    cells::delay(parts, 1, plan.latency());
    for port in plan.ports.iter().filter(|port| port.depth > 0) {
        cells::buffer(parts, port.depth);
    }
    match plan.how {
        How::Add => {
            for port in &plan.ports {
                rescale(plan, port, Scale::Constant(port.multiplier.into()), plan.out.bits + 1).add(parts);
            }
            let bits = plan.lanes * plan.out.bits as usize;
            parts.add(Feature::JoinSum, bits as f64);
            parts.flops(bits);
        }
        How::Concat => concat(parts, plan),
    }
}

fn rescale(plan: &JoinPlan, port: &Port, scale: Scale, out: u32) -> Requantizers {
    Requantizers {
        count: plan.lanes,
        acc: port.bits,
        signed: port.signed,
        scale,
        shift: Shift::Constant(port.shift),
        out,
        own: true,
    }
}

fn concat(parts: &mut Parts, plan: &JoinPlan) {
    let words = plan.turns.len();
    if words == 1 {
        for port in &plan.ports {
            let scale = Scale::Constant(port.multiplier.into());
            Requantizers { count: port.lanes, ..rescale(plan, port, scale, plan.out.bits) }.add(parts);
        }
        return;
    }
    let first = &plan.ports[0];
    let same = plan.ports.iter().all(|port| port.multiplier == first.multiplier);
    let bits = plan.ports.iter().map(|port| u16::BITS - port.multiplier.leading_zeros()).max().unwrap_or(1).max(1);
    let stored = Scale::Stored { bits, words, registers: distinct(bits, words) };
    let scale = if same { Scale::Constant(first.multiplier.into()) } else { stored };
    let shifts = Shifts::of(&plan.ports.iter().map(|port| vec![port.shift.into()]).collect::<Vec<_>>());
    let alike = plan.ports.iter().all(|port| port.shift == first.shift);
    let shift = if alike { Shift::Constant(first.shift) } else { Shift::stored(shifts, 1) };
    let all = Requantizers { acc: plan.value_bits, signed: true, shift, ..rescale(plan, first, scale, plan.out.bits) };
    all.add(parts);
    parts.mux(Feature::Mux, words, plan.lanes * plan.value_bits as usize);
}

/// `templates/flatten.v`.
pub fn flatten(parts: &mut Parts, plan: &ReorderPlan) {
    let addr = counter_bits(2 * plan.values());
    parts.flops(2 + 1 + 1);
    for count in [2 * plan.values(), plan.values(), plan.pixels, plan.channels] {
        parts.counter(count);
    }
    parts.flops(2 * addr);
    parts.add(Feature::Counter, 2.0 * addr as f64);
}

/// What stands beside the engines: pixels in, forks, scores out.
pub fn top(parts: &mut Parts, plan: &Plan) {
    let pixel = plan.input.channels * 8;
    parts.add(Feature::Top, 1.0);
    // sg_slice, sg_pixels.
    parts.flops(2 * pixel + 2 + 1);
    parts.add(Feature::Mux, pixel as f64);
    parts.counter(plan.input.height * plan.input.width);
    for from in (0..plan.layers.len()).map(Some).chain([None]) {
        let ways = plan.layers.iter().flat_map(|layer| &layer.inputs).filter(|feed| feed.from == from).count();
        if ways > 1 {
            parts.flops(ways);
            parts.add(Feature::Mux, 2.0 * ways as f64);
        }
    }
    // sg_scores: the score that is compared, valid; the best so far, its index, the class; data, valid, last, index.
    let score = plan.layers.last().map_or(0, |layer| layer.out.bits) as usize;
    let index = counter_bits(plan.classes).max(1);
    parts.flops(score + 1 + score + 2 * index + score + 1 + 1 + index);
    parts.add(Feature::Score, score as f64);
}

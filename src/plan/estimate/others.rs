//! Pools, affine, joins, flatten, and the top.

use super::cells::{self, Scale};
use super::parts::{Feature, Parts, counter_bits};
use super::products;
use crate::plan::Plan;
use crate::plan::affine::AffinePlan;
use crate::plan::join::{How, JoinPlan};
use crate::plan::pool::{PoolPlan, Reduce};
use crate::plan::reorder::ReorderPlan;
use crate::plan::stream::Stream;

/// Bits of an average pool's multiplier port.
const FULL_TURN: usize = 1;

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
        let scale = Scale::Constant(multiplier.into());
        cells::requantizers(parts, plan.input.lanes, plan.value_bits, scale, Some(shift), out.bits);
        cells::delay(parts, 1, 4);
    }
}

fn tiles(parts: &mut Parts, plan: &PoolPlan, values: usize) {
    parts.add(Feature::Pool, 1.0);
    let words = plan.out[1] * plan.groups();
    let counts = [plan.groups(), plan.input.width, plan.input.height, plan.kernel[0], plan.kernel[1]];
    counts.into_iter().for_each(|count| parts.counter(count));
    parts.counter(words);
    parts.counter(words);
    parts.lut_memory(values as u32, 1 << counter_bits(words).max(FULL_TURN));
}

/// `templates/affine.v`.
pub fn affine(parts: &mut Parts, plan: &AffinePlan, input: &Stream, out: &Stream) {
    let (lanes, act) = (plan.lanes, input.bits);
    parts.flops(lanes * act as usize);
    parts.counter(plan.groups);
    parts.counter(plan.groups);
    cells::delay(parts, 1, plan.latency());
    let product = plan.product_bits;
    for _ in 0..lanes {
        parts.add(Feature::Add, f64::from(plan.acc_bits));
        let blocks = if plan.lut_products { 0 } else { products::blocks(parts.block, act + 1, plan.weight_bits) };
        parts.dsp += blocks;
        if blocks == 0 || !parts.family().is_amd() {
            parts.flops((act + plan.weight_bits + act + plan.weight_bits + product) as usize);
        }
        if plan.lut_products {
            cells::booth(parts, act + 1, plan.weight_bits.div_ceil(2));
            parts.add(Feature::BoothSum, f64::from(product));
        } else if blocks == 0 {
            parts.add(Feature::Multiply, f64::from((act + 1) * plan.weight_bits));
        }
        parts.flops((plan.acc_bits + plan.requant.mul_bits) as usize);
        if plan.requant.shift.is_none() {
            parts.flops(6);
        }
    }
    let scale = Scale::Bits(plan.requant.mul_bits);
    cells::requantizers(parts, lanes, plan.acc_bits, scale, plan.requant.shift, out.bits);
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
                let scale = Scale::Constant(port.multiplier.into());
                cells::requantizers(parts, plan.lanes, plan.value_bits, scale, Some(port.shift), plan.out.bits + 1);
            }
            let bits = plan.lanes * plan.out.bits as usize;
            parts.add(Feature::JoinSum, bits as f64);
            parts.flops(bits);
        }
        How::Concat => {
            let bits = plan.ports.iter().map(|port| u16::BITS - port.multiplier.leading_zeros()).max().unwrap_or(1);
            let same = plan.ports.iter().all(|port| port.shift == plan.ports[0].shift);
            let shift = same.then_some(plan.ports[0].shift);
            let alike = plan.ports.iter().all(|port| port.multiplier == plan.ports[0].multiplier);
            let scale = if alike || plan.turns.len() == 1 { Scale::Constant(plan.ports[0].multiplier.into()) } else { Scale::Bits(bits.max(1)) };
            cells::requantizers(parts, plan.lanes, plan.value_bits, scale, shift, plan.out.bits);
            if plan.turns.len() > 1 {
                parts.mux(Feature::Mux, plan.ports.len(), plan.lanes * plan.value_bits as usize);
            }
        }
    }
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
    // sg_scores: the best so far, its index, the class; data, valid, last, index.
    let score = plan.layers.last().map_or(0, |layer| layer.out.bits) as usize;
    let index = counter_bits(plan.classes).max(1);
    parts.flops(score + 2 * index + score + 1 + 1 + index);
    parts.add(Feature::Score, score as f64);
}

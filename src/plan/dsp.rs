//! A budget of multiplier blocks: lanes past it multiply in LUTs.

use super::layer::Engine;
use super::{Plan, Resources, estimate};

/// Moves lanes of `plan` from DSPs to LUTs, narrow operands first, until at most `max` DSPs are left, or no lane is:
/// requantizers and the sparse fully connected engine's multipliers stay.
pub fn limit(plan: &mut Plan, max: usize) {
    let mut over = (plan.resources.dsp.ceil() as usize).saturating_sub(max);
    let mut order: Vec<usize> = (0..plan.layers.len()).collect();
    order.sort_by_key(|&i| match &plan.layers[i].engine {
        Engine::Conv(conv) => plan.layers[i].input.bits * conv.weight_bits,
        Engine::SparseConv(conv) => plan.layers[i].input.bits * conv.weight_bits,
        _ => u32::MAX,
    });
    for i in order {
        let layer = &mut plan.layers[i];
        let lut_products = match &mut layer.engine {
            Engine::Conv(conv) => &mut conv.lut_products,
            Engine::SparseConv(conv) => &mut conv.lut_products,
            _ => continue,
        };
        let moved = over.min(layer.lanes - *lut_products);
        *lut_products += moved;
        over -= moved;
        layer.resources = estimate::layer(&layer.engine, &layer.memories, &layer.input, &layer.out);
    }
    plan.resources = plan.layers.iter().map(|layer| layer.resources).sum::<Resources>();
}

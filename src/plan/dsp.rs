//! A budget of multiplier blocks: lanes past it multiply in LUTs.

use super::{Engine, Plan, Resources, estimate};

/// Moves lanes of `plan` from DSPs to LUTs, narrow operands first, until at most `max` DSPs are left, or no lane is:
/// requantizers and the sparse engine's multipliers stay.
pub fn limit(plan: &mut Plan, max: usize) {
    let mut over = (plan.resources.dsp.ceil() as usize).saturating_sub(max);
    let mut order: Vec<usize> = (0..plan.layers.len()).collect();
    order.sort_by_key(|&i| match &plan.layers[i].engine {
        Engine::Conv(conv) => plan.layers[i].input().bits * conv.weight_bits,
        _ => u32::MAX,
    });
    for i in order {
        let layer = &mut plan.layers[i];
        let Engine::Conv(conv) = &mut layer.engine else { continue };
        let moved = over.min(conv.folding.lanes() - conv.lut_products);
        conv.lut_products += moved;
        over -= moved;
        layer.resources = estimate::layer(&layer.engine, &layer.memories, &layer.inputs[0].stream, &layer.out);
    }
    plan.resources = plan.layers.iter().map(|layer| layer.resources).sum::<Resources>();
}

//! A budget of multiplier blocks: lanes past it multiply in LUTs.

use super::Plan;
use super::engine::Engine;
use super::layer::LayerPlan;

/// Products whose operands have together at most this many bits take no block: few LUTs make them.
const TINY_PRODUCT_BITS: u32 = 5;

/// Gives every lane's product to a multiplier block, tiny ones apart, then moves lanes to LUTs until at most `max`
/// blocks are left, or no lane is: requantizers and the sparse engine's multipliers stay. The lanes that cost the fewest
/// LUTs for a block go first, and of those the smallest groups.
pub fn limit(plan: &mut Plan, max: Option<usize>) {
    for layer in &mut plan.layers {
        let bits = layer.input().bits;
        if let Engine::Conv(conv) = &layer.engine {
            if bits + conv.weight_bits <= TINY_PRODUCT_BITS {
                let all = conv.packs();
                move_to_luts(layer, all);
            }
        }
    }
    let blocks: f64 = plan.layers.iter().map(|layer| layer.resources.dsp).sum();
    let mut over = max.map_or(0, |max| (blocks.ceil() as usize).saturating_sub(max));
    let mut order: Vec<usize> = (0..plan.layers.len()).collect();
    order.sort_by_key(|&i| luts_a_block(&plan.layers[i]));
    for i in order {
        let layer = &mut plan.layers[i];
        let Engine::Conv(conv) = &layer.engine else { continue };
        let products = conv.folding.products();
        let packs = over.div_ceil(products).min(conv.packs());
        over = over.saturating_sub(packs * products);
        move_to_luts(layer, packs);
    }
}

/// LUTs, roughly, that one block of `layer` saves, and blocks that move at once.
fn luts_a_block(layer: &LayerPlan) -> (u32, usize) {
    match &layer.engine {
        Engine::Conv(conv) => (layer.input().bits * conv.weight_bits * conv.pack.lanes as u32, conv.folding.products()),
        _ => (u32::MAX, 0),
    }
}

fn move_to_luts(layer: &mut LayerPlan, packs: usize) {
    let Engine::Conv(conv) = &mut layer.engine else { return };
    if packs > 0 {
        conv.move_to_luts(packs);
        layer.recount();
    }
}

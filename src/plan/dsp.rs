//! A budget of multiplier blocks: lanes past it multiply in LUTs.

use super::Plan;
use super::engine::Engine;
use super::layer::LayerPlan;
use super::pack::Block;

/// Products whose operands have together at most this many bits take no block: few LUTs make them.
const TINY_PRODUCT_BITS: u32 = 5;

/// Gives every lane's product to a multiplier block, tiny ones apart and where there are blocks, then moves lanes to LUTs until at most `max`
/// blocks are left, or no lane is: requantizers and the sparse fully connected engine's multipliers stay. The lanes that
/// cost the fewest LUTs for a block go first, and of those the smallest groups.
pub fn limit(plan: &mut Plan, block: Block, max: Option<usize>) {
    for layer in &mut plan.layers {
        let bits = layer.input().bits;
        let all = match &layer.engine {
            Engine::Conv(conv) if !block.exists || bits + conv.weight_bits <= TINY_PRODUCT_BITS => conv.packs(),
            Engine::SparseConv(conv) if !block.exists => conv.blocks(),
            _ => 0,
        };
        move_to_luts(layer, all);
    }
    let blocks: f64 = plan.layers.iter().map(|layer| layer.resources.dsp).sum();
    let mut over = max.map_or(0, |max| (blocks.ceil() as usize).saturating_sub(max));
    let mut order: Vec<usize> = (0..plan.layers.len()).collect();
    order.sort_by_key(|&i| luts_a_block(&plan.layers[i]));
    for i in order {
        let layer = &mut plan.layers[i];
        let (groups, blocks) = match &layer.engine {
            Engine::Conv(conv) => (conv.packs(), conv.folding.products()),
            Engine::SparseConv(conv) => (conv.blocks(), 1),
            _ => continue,
        };
        let moved = over.div_ceil(blocks).min(groups);
        over = over.saturating_sub(moved * blocks);
        move_to_luts(layer, moved);
    }
}

/// LUTs, roughly, that one block of `layer` saves, and blocks that move at once.
fn luts_a_block(layer: &LayerPlan) -> (u32, usize) {
    match &layer.engine {
        Engine::Conv(conv) => (layer.input().bits * conv.weight_bits * conv.pack.lanes as u32, conv.folding.products()),
        Engine::SparseConv(conv) => (layer.input().bits * conv.weight_bits, 1),
        _ => (u32::MAX, 0),
    }
}

/// Moves `groups` of the blocks that move at once.
fn move_to_luts(layer: &mut LayerPlan, groups: usize) {
    match &mut layer.engine {
        _ if groups == 0 => return,
        Engine::Conv(conv) => conv.move_to_luts(groups),
        Engine::SparseConv(conv) => conv.lut_products += groups,
        _ => return,
    }
    layer.recount();
}

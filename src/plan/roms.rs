//! Where LUTs are short: ROMs move from LUTs to block RAM.

use super::goal::Goal;
use super::layer::LayerPlan;
use super::memory::{Kind, Style};
use super::{Plan, estimate};

/// `plan` with ROMs of LUTs in block RAM, those first that save the most LUTs for a block, until it keeps the limits of `goal`;
/// `None` where all that the device has block RAM for are not enough.
pub fn in_block_ram(plan: &Plan, goal: &Goal) -> Option<Plan> {
    let mut plan = plan.clone();
    let mut moves: Vec<(f64, usize, usize)> = Vec::new();
    for (at, layer) in plan.layers.iter_mut().enumerate() {
        moves.extend(savings(layer).into_iter().map(|(saved, memory)| (saved, at, memory)));
    }
    moves.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, at, memory) in moves {
        plan.layers[at].restyle(memory, Style::Block);
        plan.resources = estimate::design(&plan, goal.block());
        if plan.resources.bram_kbit() > f64::from(goal.device.bram_kbit) {
            plan.layers[at].restyle(memory, Style::Distributed);
            continue;
        }
        if goal.broken(&plan).is_none() {
            return Some(plan);
        }
    }
    None
}

/// LUTs that each ROM of `layer` saves for a block, if it moves; those that save none are left out.
fn savings(layer: &mut LayerPlan) -> Vec<(f64, usize)> {
    let mut all = Vec::new();
    for memory in 0..layer.memories.len() {
        let rom = &layer.memories[memory];
        if (rom.kind, rom.style) != (Kind::Rom, Style::Distributed) || rom.depth <= 1 {
            continue;
        }
        let before = layer.resources;
        layer.restyle(memory, Style::Block);
        let (saved, blocks) = (before.lut - layer.resources.lut, layer.resources.bram - before.bram);
        layer.restyle(memory, Style::Distributed);
        if saved > 0.0 && blocks > 0.0 {
            all.push((saved / blocks, memory));
        }
    }
    all
}

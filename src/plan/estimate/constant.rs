//! The constant engine, `templates/constant.v`.

use super::cells;
use super::features::Feature;
use super::parts::Parts;
use super::requant::drain;
use crate::plan::constant::ConstPlan;
use crate::plan::layer::LayerPlan;
use crate::plan::sparse::bits_for;
use crate::plan::stream::Stream;

/// The engine of `plan` without memories, window generator, queue and credit.
pub fn constant(parts: &mut Parts, plan: &ConstPlan, layer: &LayerPlan) {
    let (graph, pipeline) = (&plan.adders.graph, &plan.adders.pipeline);
    if plan.steps > plan.words {
        parts.counter(plan.window_cycles);
        parts.flops(1);
    }
    if plan.direct && plan.words > 1 {
        parts.counter(plan.words);
    }
    if plan.gathers() {
        gather(parts, plan, layer.input());
    }
    parts.add(Feature::ConstantAdd, pipeline.adder_bits(graph) as f64);
    parts.flops(pipeline.register_bits());
    // Valid bits: of the windows, of the results.
    cells::delay(parts, 1, pipeline.stages);
    if plan.steps > 1 {
        let later = plan.out_channels.saturating_sub(plan.folding.step) * pipeline.sum_bits as usize;
        parts.add(Feature::Serial, later as f64);
        parts.flops(plan.out_channels * pipeline.sum_bits as usize + bits_for(plan.steps) as usize);
    }
    drain(parts, (plan.folding.step, plan.steps), plan.acc_bits, &plan.requant, layer);
}

/// The register of a window's words: the places before and at those that an adder reads.
fn gather(parts: &mut Parts, plan: &ConstPlan, input: &Stream) {
    let pipeline = &plan.adders.pipeline;
    let values = plan.folding.values();
    // Words move down from the last place: a value that is read keeps those of the words behind it.
    let mut lowest = vec![plan.words; values];
    for (node, &place) in plan.places.iter().enumerate() {
        if pipeline.read[node].is_some() {
            let word = &mut lowest[place % values];
            *word = (*word).min(place / values);
        }
    }
    let kept: usize = lowest.iter().map(|word| plan.words - word).sum();
    parts.flops(kept * input.bits as usize + 1);
}

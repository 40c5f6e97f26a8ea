//! The foldings of a constant engine that are worth a plan.

use super::super::choose::{beats, columns, foldings as all_foldings, steps_within, supplied};
use super::super::conv::Folding;
use super::super::estimate::{BLOCK_LUTS, order_luts};
use super::super::stages::Stage;
use super::super::want::Demand;
use super::ConstFolding;
use crate::network::graph::Shape;

/// Foldings that are planned, those that look smallest.
const CANDIDATES: usize = 2;

/// The foldings that take at most `cycles` an image and look smallest, with the fewest results a cycle.
pub fn foldings(stage: &Stage, demand: &Demand, cycles: u64) -> Vec<ConstFolding> {
    let Shape { c, h, w } = stage.output;
    let most = stage.taps() * stage.channels() * c;
    let window = (cycles / (h * w) as u64).min(most as u64) as usize;
    let fits = |f: &Folding| f.out_par == c && columns(stage, *f) <= window;
    let all = all_foldings(stage).into_iter().filter(fits).filter(|f| supplied(stage, *f, demand, cycles));
    let mut all: Vec<(usize, ConstFolding)> = all
        .filter_map(|f| {
            let steps = steps_within(stage, f, window, &demand.wants);
            let step = steps.into_iter().find(|&s| beats(stage, s) <= cycles)?;
            Some((size(stage, f, step), ConstFolding { k_par: f.k_par, in_par: f.in_par, step }))
        })
        .collect();
    all.sort_by_key(|(size, folding)| (*size, folding.values()));
    all.into_iter().take(CANDIDATES).map(|(_, folding)| folding).collect()
}

/// LUTs in which the foldings differ, roughly: what selects several taps a cycle, and requantizers.
fn size(stage: &Stage, folding: Folding, step: usize) -> usize {
    order_luts(folding.k_par, stage.taps(), folding.in_par, stage.input().act.bits) + BLOCK_LUTS * step
}

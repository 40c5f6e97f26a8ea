//! The foldings of a constant engine that are worth a plan.

use super::super::choose::read_once;
use super::super::conv::Folding;
use super::super::estimate::{BLOCK_LUTS, order_luts};
use super::super::stages::Stage;
use super::super::want::Demand;
use super::ConstFolding;

/// Foldings that are planned, those that look smallest.
const CANDIDATES: usize = 2;

/// The foldings that take at most `cycles` an image and look smallest, with the fewest results a cycle.
pub fn foldings(stage: &Stage, demand: &Demand, cycles: u64) -> Vec<ConstFolding> {
    let rated =
        |(f, step): (Folding, usize)| (size(stage, f, step), ConstFolding { k_par: f.k_par, in_par: f.in_par, step });
    let mut all: Vec<(usize, ConstFolding)> = read_once(stage, demand, cycles).into_iter().map(rated).collect();
    all.sort_by_key(|(size, folding)| (*size, folding.values()));
    all.into_iter().take(CANDIDATES).map(|(_, folding)| folding).collect()
}

/// LUTs in which the foldings differ, roughly: what selects several taps a cycle, and requantizers.
fn size(stage: &Stage, folding: Folding, step: usize) -> usize {
    order_luts(folding.k_par, stage.taps(), folding.in_par, stage.input().act.bits) + BLOCK_LUTS * step
}

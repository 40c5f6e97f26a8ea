//! The foldings of a constant engine that are worth a plan.

use std::iter;

use super::super::choose::read_once;
use super::super::conv::Folding;
use super::super::estimate::{BLOCK_LUTS, order_luts};
use super::super::stages::Stage;
use super::super::want::Demand;
use super::ConstFolding;

/// Foldings that are planned, those that look smallest.
const CANDIDATES: usize = 2;

/// The foldings that take at most `cycles` an image and look smallest, with the fewest results a cycle; each also with sums
/// that are added digit by digit, where they may be.
pub fn foldings(stage: &Stage, demand: &Demand, cycles: u64, digit: Option<u32>) -> Vec<ConstFolding> {
    let rated = |(f, step): (Folding, usize)| {
        (size(stage, f, step), ConstFolding { k_par: f.k_par, in_par: f.in_par, step, digit: None })
    };
    let mut all: Vec<(usize, ConstFolding)> = read_once(stage, demand, cycles).into_iter().map(rated).collect();
    all.sort_by_key(|(size, folding)| (*size, folding.values()));
    let each = all.into_iter().take(CANDIDATES).map(|(_, folding)| folding);
    each.flat_map(|folding| {
        iter::once(folding).chain(digit.map(|digit| ConstFolding { digit: Some(digit), ..folding }))
    })
    .collect()
}

/// Bits that are added a cycle where sums of `sum_bits` are added digit by digit and an image takes `cycles`: the fewest, less
/// than half a sum.
pub fn digit(stage: &Stage, cycles: u64, sum_bits: u32) -> Option<u32> {
    let window = cycles / (stage.output.h * stage.output.w) as u64;
    let window = u32::try_from(window).unwrap_or(u32::MAX).max(1);
    Some(sum_bits.div_ceil(window)).filter(|digit| 2 * digit < sum_bits)
}

/// LUTs in which the foldings differ, roughly: what selects several taps a cycle, and requantizers.
fn size(stage: &Stage, folding: Folding, step: usize) -> usize {
    order_luts(folding.k_par, stage.taps(), folding.in_par, stage.input().act.bits) + BLOCK_LUTS * step
}

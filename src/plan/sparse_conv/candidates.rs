//! The foldings of a sparse convolution that are worth a plan: a plan reads every weight, and there are hundreds.

use super::super::choose::{columns, read_once, window_cycles};
use super::super::conv::{Folding, log2_ceil};
use super::super::estimate::order_luts;
use super::super::stages::Stage;
use super::super::want::Demand;
use super::SparseConvFolding;
use super::cost::Lane;

/// Foldings that are planned, those that look smallest.
const CANDIDATES: usize = 4;

/// What a folding should keep.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// Most cycles an image.
    pub cycles: u64,
    /// Most values of the window a cycle.
    pub most_slots: usize,
    /// Weights that are not 0.
    pub nonzeros: usize,
}

/// The foldings that keep `goal` and look smallest, with the fewest results a cycle.
pub fn foldings(stage: &Stage, demand: &Demand, goal: &Goal) -> Vec<SparseConvFolding> {
    let cycles = window_cycles(stage, goal.cycles);
    let all = read_once(stage, demand, goal.cycles).into_iter().filter(|(f, _)| f.products() <= goal.most_slots);
    let rated = |(f, step): (Folding, usize)| {
        let folding = SparseConvFolding { k_par: f.k_par, in_par: f.in_par, step, cycles };
        (size(stage, folding, columns(stage, f), goal.nonzeros), folding)
    };
    let mut all: Vec<(usize, SparseConvFolding)> = all.map(rated).collect();
    all.sort_by_key(|(size, _)| *size);
    all.into_iter().take(CANDIDATES).map(|(_, folding)| folding).collect()
}

/// LUTs of a folding, roughly, where every row has as many weights as every other, at the usual prices.
fn size(stage: &Stage, folding: SparseConvFolding, columns: usize, nonzeros: usize) -> usize {
    let banks = folding.slots() * folding.step;
    let rows = stage.output.c.div_ceil(folding.step);
    let row_entries = nonzeros.div_ceil(folding.slots() * stage.output.c).max(1);
    let rows_a_lane = (folding.cycles / row_entries).clamp(1, rows);
    let lanes = banks * rows.div_ceil(rows_a_lane);
    let act_bits = stage.input().act.bits;
    let sum_bits = act_bits + stage.weight_bits + log2_ceil(columns);
    let lane = Lane { act_bits, weight_bits: stage.weight_bits, sum_bits, columns, rows: rows_a_lane };
    let order = order_luts(folding.k_par, stage.taps(), folding.in_par, act_bits);
    (lanes as f64 * lane.in_luts(folding.cycles)) as usize + banks * sum_bits as usize + order
}

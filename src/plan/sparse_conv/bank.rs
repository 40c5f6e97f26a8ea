//! Which lane works on which rows: every slot gets the fewest lanes that finish in time.

use std::cmp::Reverse;

use serde::Serialize;

use super::super::conv::ConvLayer;
use super::super::sparse::bits_for;
use super::{ActType, SparseConvFolding};
use crate::network::acc::signed_bits;

/// The lanes that read one slot of the window and serve one exit: one of the results that leave a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bank {
    /// Slot of the window: tap of the group, then input channel of the group.
    pub slot: usize,
    /// Result of a beat: its rows are `exit`, `exit + step`, …
    pub exit: usize,
    /// Rows of each lane, ascending; the position is the row's address in the lane.
    #[serde(skip)]
    pub lanes: Vec<Vec<usize>>,
}

impl Bank {
    /// Rows of the lane that has most.
    pub fn rows(&self) -> usize {
        self.lanes.iter().map(Vec::len).max().unwrap_or(1)
    }

    /// Bits of a row's address in its lane.
    pub fn row_bits(&self) -> u32 {
        bits_for(self.rows() - 1)
    }

    /// Where a row's sum may come from: a lane, or none of them where one of the `steps` rows has no weights here.
    pub fn choices(&self, steps: usize) -> usize {
        let held: usize = self.lanes.iter().map(Vec::len).sum();
        self.lanes.len() + usize::from(held < steps)
    }

    /// Bits of the choice; 0 where there is but one.
    pub fn select_bits(&self, steps: usize) -> u32 {
        if self.choices(steps) == 1 { 0 } else { bits_for(self.choices(steps) - 1) }
    }

    /// Bits in a word of the table of the rows.
    pub fn table_bits(&self, steps: usize) -> u32 {
        self.row_bits() + self.select_bits(steps)
    }
}

/// The weights of one row in one slot.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    nonzeros: usize,
    /// Range of their sum of products, in any order.
    range: (i64, i64),
}

/// The work of every row in every slot.
pub(super) struct Loads {
    rows: usize,
    loads: Vec<Load>,
}

impl Loads {
    pub(super) fn new(layer: &ConvLayer, folding: SparseConvFolding) -> Self {
        let taps = layer.geometry[0][0] * layer.geometry[0][1];
        let (rows, channels) = (layer.out_shape.c, layer.input.channels);
        let (low, high) = ActType { bits: layer.input.bits, signed: layer.input.signed }.range();
        let mut loads = vec![Load::default(); folding.slots() * rows];
        for (at, weight) in layer.params.weight.iter().enumerate().filter(|(_, w)| **w != 0) {
            let (row, channel, tap) = (at / (channels * taps), at / taps % channels, at % taps);
            let slot = tap % folding.k_par * folding.in_par + channel % folding.in_par;
            let load = &mut loads[slot * rows + row];
            let ends = [low, high].map(|x| i64::from(*weight) * i64::from(x));
            load.nonzeros += 1;
            load.range.0 += ends[0].min(ends[1]).min(0);
            load.range.1 += ends[0].max(ends[1]).max(0);
        }
        Self { rows, loads }
    }

    fn of(&self, slot: usize, row: usize) -> &Load {
        &self.loads[slot * self.rows + row]
    }

    pub(super) fn nonzeros(&self) -> usize {
        self.loads.iter().map(|load| load.nonzeros).sum()
    }

    /// Signed bits that hold every partial sum of a row in a slot.
    pub(super) fn sum_bits(&self) -> u32 {
        self.loads.iter().map(|load| signed_bits(load.range.0, load.range.1)).max().unwrap_or(1)
    }

    /// Entries of each lane's program: a row without a weight takes one of weight 0.
    pub(super) fn lane_cycles<'a>(&'a self, bank: &'a Bank) -> impl Iterator<Item = usize> + 'a {
        bank.lanes.iter().map(|rows| rows.iter().map(|&row| self.of(bank.slot, row).nonzeros.max(1)).sum())
    }
}

/// The banks, by slot, then exit. An exit without any weight keeps one lane, with one row, so that it has a sum to give.
pub(super) fn spread(loads: &Loads, folding: SparseConvFolding) -> Vec<Bank> {
    let mut banks = Vec::new();
    for slot in 0..folding.slots() {
        for exit in 0..folding.step {
            let lanes = pack(loads, slot, (exit..loads.rows).step_by(folding.step), folding.cycles);
            banks.push(Bank { slot, exit, lanes });
        }
    }
    for exit in 0..folding.step {
        if banks.iter().all(|bank| bank.exit != exit || bank.lanes.is_empty()) {
            banks[exit].lanes.push(vec![exit]);
        }
    }
    banks.retain(|bank| !bank.lanes.is_empty());
    banks
}

/// Packs those of `rows` that have weights in `slot` into lanes of `cycles`: the largest first, each into the fullest lane
/// that still takes it. A row has at most one weight in each of the slot's columns, and a window has as many cycles.
fn pack(loads: &Loads, slot: usize, rows: impl Iterator<Item = usize>, cycles: usize) -> Vec<Vec<usize>> {
    let mut rows: Vec<(usize, usize)> = rows.map(|row| (loads.of(slot, row).nonzeros, row)).collect();
    rows.retain(|(nonzeros, _)| *nonzeros > 0);
    rows.sort_by_key(|&(nonzeros, row)| (Reverse(nonzeros), row));
    let mut lanes: Vec<(usize, Vec<usize>)> = Vec::new();
    for (nonzeros, row) in rows {
        let open = lanes.iter_mut().filter(|(used, _)| used + nonzeros <= cycles).max_by_key(|(used, _)| *used);
        match open {
            Some((used, rows)) => {
                *used += nonzeros;
                rows.push(row);
            }
            None => lanes.push((nonzeros, vec![row])),
        }
    }
    let sorted = |(_, mut rows): (usize, Vec<usize>)| {
        rows.sort_unstable();
        rows
    };
    lanes.into_iter().map(sorted).collect()
}

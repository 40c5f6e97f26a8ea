//! Plan of a sparse fully connected engine: which row lies in which bank, entry memories, queue depth, cycles.

mod assign;
mod cycles;

use anyhow::{Result, bail, ensure};
use serde::Serialize;

use crate::network::graph::ActType;

use super::Memory;
use assign::assign;
pub use cycles::{bound_cycles, completion_cycles};

/// Values that the output FIFO holds, as a power of two: more than the cycles from a row's start to its return.
pub const OUT_FIFO_ADDR_BITS: u32 = 4;
/// Pages of a bank's accumulators: one fills, the other is drained.
const PAGES: usize = 2;
/// Shallowest and deepest work queue considered, as powers of two (LUT RAM comes in 32 or 64 words).
const QUEUE_ADDR_BITS: std::ops::RangeInclusive<u32> = 2..=6;

/// A sparse matrix and the number formats around it.
#[derive(Debug, Clone)]
pub struct SparseInput {
    /// Outputs.
    pub rows: usize,
    /// Per column, in stream order, its nonzeros `(row, weight)`; unused stream positions are empty columns.
    pub columns: Vec<Vec<(usize, i32)>>,
    /// Bits of a weight, two's complement.
    pub weight_bits: u32,
    /// Format of the activations.
    pub act: ActType,
    /// Bits of an accumulator, two's complement; must hold every result, bias included.
    pub acc_bits: u32,
    /// Format of the outputs, or `None` for raw accumulators.
    pub out: Option<ActType>,
    /// Bias per row at accumulator scale.
    pub bias: Vec<i64>,
    /// Requantizer multiplier per row (empty for raw accumulators).
    pub multiplier: Vec<u16>,
    /// Requantizer shift per row, 1 to 40 (empty for raw accumulators).
    pub shift: Vec<u8>,
}

/// How many banks work, and how many activations arrive a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct SparseFolding {
    /// Accumulator banks, each one entry a cycle.
    pub banks: usize,
    /// Activations a beat.
    pub in_lanes: usize,
}

/// A bank's share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bank {
    /// Rows, in ascending order; the position is the row's address in the bank.
    pub rows: Vec<usize>,
    /// `(weight, address of the row)` in column order.
    #[serde(skip)]
    pub entries: Vec<(i32, usize)>,
    /// Entries per column.
    #[serde(skip)]
    pub counts: Vec<usize>,
}

impl Bank {
    /// Bits of an entry's address, no fewer than those of the longest column's count.
    pub fn addr_bits(&self, count_bits: u32) -> u32 {
        bits_for(self.entries.len().saturating_sub(1)).max(count_bits)
    }

    /// Words of the entry memory: so many that the address has no idle bit.
    pub fn depth(&self, count_bits: u32) -> usize {
        let bits = self.addr_bits(count_bits);
        self.entries.len().max(if bits == 1 { 1 } else { (1 << (bits - 1)) + 1 })
    }
}

/// Everything the generator needs, and what a report shows.
#[derive(Debug, Clone, Serialize)]
pub struct SparsePlan {
    /// What was asked for.
    pub folding: SparseFolding,
    /// Banks, with their rows.
    pub banks: Vec<Bank>,
    /// Entries of each bank: the cycles it works on an image without a zero activation.
    pub entries_per_bank: Vec<usize>,
    /// Beats an image.
    pub beats: usize,
    /// Upper bound of the cycles an image: see [`bound_cycles`].
    pub cycles_bound: u64,
    /// Work items that a bank's queue holds, as a power of two.
    pub queue_addr_bits: u32,
    /// Bits of an entry's row address.
    pub local_bits: u32,
    /// Bits of a column's entry count.
    pub count_bits: u32,
    /// ROMs: column counts, row table, entry memories.
    pub memories: Vec<Memory>,
    /// The layer itself.
    #[serde(skip)]
    pub input: SparseInput,
}

/// Bits to write `value`, at least 1.
pub fn bits_for(value: usize) -> u32 {
    (usize::BITS - value.leading_zeros()).max(1)
}

/// Plans the engine of `input`. Fails where the input contradicts itself or a folding is zero.
///
/// Entries carry the plain row address in their bank, not a gap: at 8 % density a gap code two bits narrower needs a
/// filler for every fourth entry, and a filler costs a word and a cycle.
pub fn plan(input: &SparseInput, folding: &SparseFolding) -> Result<SparsePlan> {
    check(input, folding)?;
    let banks = assign(input, folding.banks);
    let beats = input.columns.len().div_ceil(folding.in_lanes);
    let entries_per_bank: Vec<usize> = banks.iter().map(|b| b.entries.len()).collect();
    let most_rows = banks.iter().map(|b| b.rows.len()).max().unwrap_or(0);
    let most_in_column = banks.iter().flat_map(|b| b.counts.iter().copied()).max().unwrap_or(0);
    let (queue_addr_bits, cycles_bound) = choose_queue(&banks, folding.in_lanes, input.rows);
    let mut plan = SparsePlan {
        folding: *folding,
        banks,
        entries_per_bank,
        beats,
        cycles_bound,
        queue_addr_bits,
        local_bits: bits_for(most_rows.saturating_sub(1)),
        count_bits: bits_for(most_in_column),
        memories: Vec::new(),
        input: input.clone(),
    };
    plan.memories = memories(&plan);
    Ok(plan)
}

impl SparsePlan {
    /// Cycles an image to plan with: the bound, and half as many again as there are beats, since these come in bursts, a
    /// pool's row by row, and the engine has no line buffer that would gather them.
    pub fn cycles(&self) -> u64 {
        self.cycles_bound.max((self.beats * 3 / 2) as u64)
    }

    /// Bits of a row's multiplier in the row table (0 for raw accumulators).
    pub fn mul_bits(&self) -> u32 {
        if self.input.out.is_none() {
            return 0;
        }
        bits_for(self.input.multiplier.iter().copied().max().unwrap_or(0).into())
    }

    /// The shift that all rows share, or `None` where they differ (or nothing is requantized).
    pub fn common_shift(&self) -> Option<u8> {
        let first = *self.input.shift.first()?;
        self.input.shift.iter().all(|s| *s == first).then_some(first)
    }

    /// Bits of a shift in the row table: 6 where shifts differ, else 0.
    pub fn shift_bits(&self) -> u32 {
        if self.input.out.is_some() && self.common_shift().is_none() { 6 } else { 0 }
    }

    /// Bits of a bank number in the row table.
    pub fn bank_bits(&self) -> u32 {
        if self.folding.banks == 1 { 0 } else { bits_for(self.folding.banks - 1) }
    }
}

fn check(input: &SparseInput, folding: &SparseFolding) -> Result<()> {
    ensure!(input.rows > 0 && !input.columns.is_empty(), "a sparse layer without rows or columns");
    ensure!(folding.banks > 0 && folding.in_lanes > 0, "banks and input lanes must be at least 1");
    ensure!(folding.banks <= input.rows, "{} banks for {} rows", folding.banks, input.rows);
    ensure!(input.bias.len() == input.rows, "{} biases for {} rows", input.bias.len(), input.rows);
    if input.out.is_some() {
        let scaled = input.multiplier.len() == input.rows && input.shift.len() == input.rows;
        ensure!(scaled, "multipliers and shifts must be as many as rows");
        ensure!(input.shift.iter().all(|s| (1..=40).contains(s)), "a shift is outside 1 to 40");
    }
    let (low, high) = ActType::signed(input.weight_bits).range();
    for (index, column) in input.columns.iter().enumerate() {
        let mut seen = std::collections::HashSet::new();
        for &(row, weight) in column {
            if row >= input.rows || weight == 0 || weight < low || weight > high || !seen.insert(row) {
                bail!("column {index}: entry (row {row}, weight {weight}) is out of range, zero or repeated");
            }
        }
    }
    Ok(())
}

/// The shallowest queue whose cycles are within 1 % of the deepest one's, and those cycles.
fn choose_queue(banks: &[Bank], in_lanes: usize, rows: usize) -> (u32, u64) {
    let counts: Vec<&[usize]> = banks.iter().map(|b| b.counts.as_slice()).collect();
    let cycles = |bits: u32| bound_cycles(&counts, in_lanes, rows, 1 << bits);
    let best = cycles(*QUEUE_ADDR_BITS.end());
    QUEUE_ADDR_BITS
        .map(|bits| (bits, cycles(bits)))
        .find(|(_, c)| *c * 100 <= best * 101)
        .unwrap_or((*QUEUE_ADDR_BITS.end(), best))
}

fn memories(plan: &SparsePlan) -> Vec<Memory> {
    let memory = |name: String, width: u32, used: usize, depth: usize| {
        Memory::rom(name, width, depth, u64::from(width) * used as u64)
    };
    let banks = plan.banks.len() as u32;
    let counts_width = banks * plan.folding.in_lanes as u32 * plan.count_bits;
    let row_width = plan.input.acc_bits + plan.mul_bits() + plan.shift_bits() + plan.bank_bits() + plan.local_bits;
    let mut all = vec![
        memory("counts".into(), counts_width, plan.beats, plan.beats),
        memory("rows".into(), row_width, plan.input.rows, plan.input.rows),
    ];
    for (index, bank) in plan.banks.iter().enumerate() {
        all.push(memory(
            format!("bank{index}"),
            plan.input.weight_bits + plan.local_bits,
            bank.entries.len(),
            bank.depth(plan.count_bits),
        ));
        let (words, bits) = (1 << plan.local_bits, plan.input.acc_bits);
        let used = (PAGES * bank.rows.len()) as u64 * u64::from(bits);
        all.push(Memory::ram(format!("sums{index}"), PAGES as u32 * bits, words, used).split(PAGES));
    }
    all
}

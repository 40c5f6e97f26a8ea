//! Plan of the sparse convolution engine: its lanes, their program, cycles. A zero weight has no word and no cycle.
//!
//! The window's words come as in the dense engine, `k_par * in_par` *slots* a cycle. Each slot has lanes of its own, which
//! gather what their program asks for from the slot's values of the window. The program is known beforehand, so every
//! window takes the same number of cycles, and the planned cycles are exact.

mod bank;
pub mod candidates;
pub mod cost;
mod program;

use serde::Serialize;

pub use bank::Bank;
pub use program::{lane_programs, row_table};

use super::Memory;
use super::conv::{ConvLayer, log2_ceil, rows_memory};
use super::estimate::in_lut;
use super::requant::Requant;
use super::sparse::bits_for;
use super::stream::Adapter;
use super::window::WindowPlan;
use crate::network::graph::{ActType, Shape};

/// How a sparse convolution is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct SparseConvFolding {
    /// Taps of the window a cycle.
    pub k_par: usize,
    /// Input channels a cycle.
    pub in_par: usize,
    /// Results that leave a cycle.
    pub step: usize,
    /// Most cycles that a window may take: each slot has as many lanes as that needs.
    pub cycles: usize,
}

impl SparseConvFolding {
    /// Values of the window that arrive in one cycle.
    pub fn slots(self) -> usize {
        self.k_par * self.in_par
    }
}

/// Everything the generator needs of a sparse convolution engine.
#[derive(Debug, Clone, Serialize)]
pub struct SparseConvPlan {
    /// What was asked for.
    pub folding: SparseConvFolding,
    /// Line buffer; its windows are read once.
    pub window: WindowPlan,
    /// Between the input stream and the line buffer's words.
    pub adapter: Adapter,
    /// Lanes, by slot and exit.
    pub banks: Vec<Bank>,
    /// Cycles from one window to the next, those of the program.
    pub window_cycles: usize,
    /// Cycles in which one window's results leave.
    pub steps: usize,
    /// Nonzero weights.
    pub nonzeros: usize,
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of a lane's sum.
    pub sum_bits: u32,
    /// Bits of an accumulator.
    pub acc_bits: u32,
    /// Levels of the adder trees over the slots.
    pub tree_levels: u32,
    /// Lanes whose products are made of LUTs, not of DSPs.
    pub lut_products: usize,
    /// Constants and widths of the requantizer.
    pub requant: Requant,
    /// Output queue, a power of two of beats.
    pub queue_addr_bits: u32,
    /// Input channels.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
}

/// Cycles from the program's last word until the table of the rows is read: register, read, multiply, add, store.
const STORE_CYCLES: usize = 5;
/// Cycles from the table's word until a row's sum is out of the lanes.
const READ_CYCLES: usize = 2;

impl SparseConvPlan {
    /// Plans `layer` with `folding`; `None` where the input's lanes cannot be adapted, or a window may not take the cycles
    /// in which it arrives, or in which its results leave.
    pub fn new(layer: &ConvLayer, folding: SparseConvFolding) -> Option<Self> {
        let adapter = Adapter::between(layer.input.lanes, folding.in_par, layer.input.channels)?;
        let out_channels = layer.out_shape.c;
        let groups = layer.input.channels.div_ceil(folding.in_par);
        let steps = out_channels.div_ceil(folding.step);
        let input = Shape { c: layer.input.channels, h: layer.input.height, w: layer.input.width };
        let window = WindowPlan::new(input, layer.out_shape, layer.geometry, groups, 1, false).with_taps(folding.k_par);
        let least = window.fold_cycles().max(steps);
        if least > folding.cycles {
            return None;
        }
        let loads = bank::Loads::new(layer, folding);
        let banks = bank::spread(&loads, folding);
        let longest = banks.iter().flat_map(|bank| loads.lane_cycles(bank)).max().unwrap_or(0);
        let lanes = banks.iter().map(|bank| bank.lanes.len()).sum();
        let mut plan = Self {
            folding,
            window,
            adapter,
            window_cycles: least.max(longest),
            steps,
            nonzeros: loads.nonzeros(),
            weight_bits: layer.weight_bits,
            sum_bits: loads.sum_bits(),
            acc_bits: layer.acc_bits,
            tree_levels: log2_ceil((0..folding.step).map(|exit| terms(&banks, exit).count()).max().unwrap_or(1)),
            lut_products: if in_lut(layer.input.bits, layer.weight_bits) { lanes } else { 0 },
            requant: Requant::new(layer.params, layer.out),
            queue_addr_bits: 0,
            in_channels: layer.input.channels,
            out_channels,
            banks,
        };
        plan.queue_addr_bits = plan.queue_bits();
        plan.window = plan.window.paced(plan.window_cycles);
        Some(plan)
    }

    /// Multiply-accumulate lanes.
    pub fn lanes(&self) -> usize {
        self.banks.iter().map(|bank| bank.lanes.len()).sum()
    }

    /// Values that a slot gives a window.
    pub fn columns(&self) -> usize {
        self.window.fold_cycles()
    }

    /// Bits of an entry's column.
    pub fn column_bits(&self) -> u32 {
        bits_for(self.columns() - 1)
    }

    /// Bits of an entry: weight, column, last of its row.
    pub fn entry_bits(&self) -> u32 {
        self.weight_bits + self.column_bits() + 1
    }

    /// Cycles of the windows of an image.
    pub fn cycles(&self) -> u64 {
        (self.window.out[0] * self.window.out[1] * self.window_cycles) as u64
    }

    /// The numbers of the banks whose sums `exit` adds up.
    pub fn terms(&self, exit: usize) -> impl Iterator<Item = usize> {
        terms(&self.banks, exit)
    }

    /// Multiplier blocks of the lanes.
    pub fn blocks(&self) -> usize {
        self.lanes() - self.lut_products
    }

    /// Cycles from a window's start to its first beat out of the queue, less those of the program.
    pub fn latency(&self) -> usize {
        let results = STORE_CYCLES + READ_CYCLES + self.tree_levels as usize + self.requant.latency() + 2;
        self.window.read_latency() + self.columns() + results
    }

    /// Beats that may be under way at the full rate, from the start of their window until they leave the queue.
    fn queue_bits(&self) -> u32 {
        let flight = self.window_cycles + self.latency() + self.steps;
        log2_ceil(self.steps * (flight.div_ceil(self.window_cycles) + 1)).max(1)
    }

    /// Line buffer, program, table of the rows, constants. The lanes' own memories are LUT RAM and count as logic.
    pub fn memories(&self, act_bits: u32) -> Vec<Memory> {
        let entry_bits = u64::from(self.entry_bits());
        let const_bits = self.requant.const_bits();
        let row_bits: u32 = self.banks.iter().map(|bank| bank.table_bits(self.steps)).sum();
        let const_used = self.out_channels as u64 * u64::from(const_bits);
        let program_width = self.lanes() as u32 * self.entry_bits();
        vec![
            rows_memory(&self.window, self.folding.in_par, self.in_channels, act_bits),
            Memory::rom("program", program_width, self.window_cycles, self.nonzeros as u64 * entry_bits),
            Memory::rom("row", row_bits, self.steps, u64::from(row_bits) * self.steps as u64),
            Memory::rom("const", self.folding.step as u32 * const_bits, self.steps, const_used),
        ]
    }
}

fn terms(banks: &[Bank], exit: usize) -> impl Iterator<Item = usize> {
    banks.iter().enumerate().filter(move |(_, bank)| bank.exit == exit).map(|(index, _)| index)
}

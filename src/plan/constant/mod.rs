//! Plan of the constant engine: a small layer unrolled as a whole, every weight a constant made of adders. It takes a window
//! in the cycles in which its words come, or its results leave: one, where both do at once. Where a window has cycles to
//! spare, sums are added digit by digit, low digits first, by adders as narrow as a digit.

pub mod adders;
pub mod candidates;
pub mod cost;
pub mod layer;
mod pairs;
pub mod pipeline;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use self::layer::Adders;
use super::Memory;
use super::conv::{ConvLayer, log2_ceil, rows_memory};
use super::requant::Requant;
use super::stream::Adapter;
use super::window::WindowPlan;
use crate::network::graph::Shape;

/// How the windows of a constant engine come, and its results leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct ConstFolding {
    /// Taps of the window a cycle.
    pub k_par: usize,
    /// Input channels a cycle.
    pub in_par: usize,
    /// Results that leave a cycle.
    pub step: usize,
    /// Bits of every sum that are added a cycle; `None`: all of them.
    pub digit: Option<u32>,
}

/// A sum added digit by digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Digits {
    /// Bits of a digit.
    pub bits: u32,
    /// Digits of a sum.
    pub count: usize,
}

/// Cycles from a whole window to its first digits, `sg_digits`.
const DIGITS_LATENCY: usize = 2;

impl ConstFolding {
    /// Values of the window that arrive in one cycle.
    pub fn values(self) -> usize {
        self.k_par * self.in_par
    }
}

/// Everything the generator needs of a constant engine.
#[derive(Debug, Clone, Serialize)]
pub struct ConstPlan {
    /// What was asked for.
    pub folding: ConstFolding,
    /// The windows, each read once.
    pub window: WindowPlan,
    /// True where an image is one pixel: its words come straight from the stream, without a line buffer.
    pub direct: bool,
    /// Between the input stream and the words.
    pub adapter: Adapter,
    /// Words of a window.
    pub words: usize,
    /// Cycles from one window to the next.
    pub window_cycles: usize,
    /// Cycles in which one window's results leave.
    pub steps: usize,
    /// Digits of a sum where it is added digit by digit.
    pub digits: Option<Digits>,
    /// Nonzero weights.
    pub nonzeros: usize,
    /// The adders; their inputs are numbered `(channel or feature) * taps + tap`.
    #[serde(skip)]
    pub adders: Arc<Adders>,
    /// Where each input lies in a window, in values.
    #[serde(skip)]
    pub places: Vec<usize>,
    /// Bits of an accumulator, bias included.
    pub acc_bits: u32,
    /// Constants and widths of the requantizer.
    pub requant: Requant,
    /// Output queue, a power of two of beats.
    pub queue_addr_bits: u32,
    /// Input positions (channels) of the layer.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
}

impl ConstPlan {
    /// Plans `layer` with its `adders` and `folding`; `None` where the input's lanes cannot be adapted, and for sums digit by
    /// digit that have but one digit, or no adder, or whose results all leave in one cycle: none is left to wait for the last digit.
    pub fn new(layer: &ConvLayer, adders: Arc<Adders>, folding: ConstFolding) -> Option<Self> {
        let adapter = Adapter::between(layer.input.lanes, folding.in_par, layer.input.channels)?;
        let groups = layer.input.channels.div_ceil(folding.in_par);
        let input = Shape { c: layer.input.channels, h: layer.input.height, w: layer.input.width };
        let window = WindowPlan::new(input, layer.out_shape, layer.geometry, groups, 1, false).with_taps(folding.k_par);
        let words = window.fold_cycles();
        let steps = layer.out_shape.c.div_ceil(folding.step);
        let digits = folding.digit.map(|bits| Digits { bits, count: adders.pipeline.sum_bits.div_ceil(bits) as usize });
        if digits.is_some_and(|digits| digits.count == 1 || steps == 1 || adders.graph.adders.is_empty()) {
            return None;
        }
        let window_cycles = words.max(steps).max(digits.map_or(0, |digits| digits.count));
        let window = window.paced(window_cycles);
        let mut plan = Self {
            folding,
            window,
            direct: layer.geometry[0] == [1, 1] && layer.geometry[2] == [0, 0] && (input.h, input.w) == (1, 1),
            adapter,
            words,
            window_cycles,
            steps,
            digits,
            nonzeros: layer.params.weight.iter().filter(|weight| **weight != 0).count(),
            adders,
            places: places(layer, &window, folding),
            acc_bits: layer.acc_bits,
            requant: Requant::new(layer.params, layer.out),
            queue_addr_bits: 0,
            in_channels: layer.input.channels,
            out_channels: layer.out_shape.c,
        };
        plan.queue_addr_bits = plan.queue_bits();
        Some(plan)
    }

    /// Cycles of the windows of an image.
    pub fn cycles(&self) -> u64 {
        (self.window.out[0] * self.window.out[1] * self.window_cycles) as u64
    }

    /// True where a window takes longer than its words.
    pub fn pauses(&self) -> bool {
        self.window_cycles > self.words
    }

    /// True where a window's words are gathered in a register.
    pub fn gathers(&self) -> bool {
        self.direct || self.words > 1
    }

    /// Cycles from a window's last word to its first beat out of the queue.
    pub fn latency(&self) -> usize {
        let read = if self.direct { 0 } else { self.window.read_latency() };
        let serial = usize::from(self.steps > 1);
        read + usize::from(self.gathers()) + self.sums_latency() + serial + self.requant.latency() + 2
    }

    /// Cycles from a whole window to the whole sums.
    pub fn sums_latency(&self) -> usize {
        self.adders.pipeline.stages + self.digits.map_or(0, |digits| DIGITS_LATENCY + digits.count)
    }

    /// Beats that may be under way at the full rate, from the start of their window until they leave the queue.
    fn queue_bits(&self) -> u32 {
        let flight = self.words + self.latency() + self.steps;
        log2_ceil(self.steps * (flight.div_ceil(self.window_cycles) + 1)).max(1)
    }

    /// The most places to the left that each node is read in each stage, by stage and node, where it is any.
    pub fn shifts(&self) -> BTreeMap<(usize, usize), usize> {
        let (graph, pipeline) = (&self.adders.graph, &self.adders.pipeline);
        let adders = graph.adders.iter().enumerate().flat_map(|(at, adder)| {
            let stage = pipeline.made[graph.inputs + at];
            [(adder.left, stage), (adder.right, stage)]
        });
        let outputs = graph.outputs.iter().flatten().map(|&term| (term, pipeline.stages + 1));
        let mut shifts = BTreeMap::new();
        for (term, stage) in adders.chain(outputs).filter(|(term, _)| term.shift > 0) {
            let most = shifts.entry((stage, term.node)).or_insert(0);
            *most = (term.shift as usize).max(*most);
        }
        shifts
    }

    /// Outputs whose sum digit by digit is the complement of what was added.
    pub fn complements(&self) -> usize {
        self.adders.graph.outputs.iter().flatten().filter(|term| term.negative).count()
    }

    /// The last stage with sums that start anew, digit by digit: every stage adds; behind them results may be shifted, or negative.
    pub fn last_init(&self) -> usize {
        let stages = self.adders.pipeline.stages;
        let behind = self.complements() > 0 || self.shifts().keys().any(|(stage, _)| *stage > stages);
        stages + usize::from(behind)
    }

    /// Line buffer, constants. Weights take no memory.
    pub fn memories(&self, act_bits: u32) -> Vec<Memory> {
        let const_bits = self.requant.const_bits();
        let const_used = self.out_channels as u64 * u64::from(const_bits);
        let rows = (!self.direct).then(|| rows_memory(&self.window, self.folding.in_par, self.in_channels, act_bits));
        let constants = Memory::rom("const", self.folding.step as u32 * const_bits, self.steps, const_used);
        rows.into_iter().chain([constants]).collect()
    }
}

/// Where in a window each input of the adders lies: words tap group by tap group, in each the input groups; in a word tap by
/// tap.
fn places(layer: &ConvLayer, window: &WindowPlan, folding: ConstFolding) -> Vec<usize> {
    let taps = window.kernel[0] * window.kernel[1];
    let inputs = layer.source.iter().flatten().count();
    let mut places = vec![0; inputs * taps];
    for (at, source) in layer.source.iter().enumerate().filter_map(|(at, source)| source.map(|source| (at, source))) {
        for tap in 0..taps {
            let word = tap / folding.k_par * window.groups + at / folding.in_par;
            let value = tap % folding.k_par * folding.in_par + at % folding.in_par;
            places[source * taps + tap] = word * folding.values() + value;
        }
    }
    places
}

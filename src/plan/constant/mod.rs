//! Plan of the constant engine: a small layer unrolled as a whole, every weight a constant made of adders. It takes a window
//! in the cycles in which its words come, or its results leave: one, where both do at once.

pub mod adders;
pub mod candidates;
pub mod cost;
mod pairs;
pub mod pipeline;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use serde::Serialize;

use self::adders::{Graph, digits};
use self::pipeline::Pipeline;
use super::Memory;
use super::conv::{ConvLayer, log2_ceil, rows_memory};
use super::requant::Requant;
use super::stream::Adapter;
use super::window::WindowPlan;
use crate::network::Params;
use crate::network::graph::{ActType, Shape};

/// Pairs of digits, counted output by output, up to which a layer's adders are looked for: half a second.
const MOST_PAIRS: usize = 500_000;

/// How the windows of a constant engine come, and its results leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct ConstFolding {
    /// Taps of the window a cycle.
    pub k_par: usize,
    /// Input channels a cycle.
    pub in_par: usize,
    /// Results that leave a cycle.
    pub step: usize,
}

impl ConstFolding {
    /// Values of the window that arrive in one cycle.
    pub fn values(self) -> usize {
        self.k_par * self.in_par
    }
}

/// The adders of one layer, whatever its folding; inputs in the order of a row of its weights.
#[derive(Clone)]
pub struct Adders {
    /// What is added.
    pub graph: Graph,
    /// When.
    pub pipeline: Pipeline,
}

/// Thousands of them are of no use in a message.
impl fmt::Debug for Adders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} adders in {} stages", self.graph.adders.len(), self.pipeline.stages)
    }
}

/// Adders that were found before, by node.
pub type Found = Mutex<HashMap<String, Arc<Adders>>>;

impl Adders {
    /// The adders of `node`, whose rows of weights are applied to values of `act`: those in `found`, or new ones; `None`
    /// where the layer is [too large](small).
    pub fn of(node: &str, params: &Params, act: ActType, found: &Found) -> Option<Arc<Self>> {
        let mut found = found.lock().expect("no holder panics");
        if let Some(adders) = found.get(node) {
            return Some(adders.clone());
        }
        small(params)?;
        let (lo, hi) = act.range();
        let graph = Graph::new(&rows(params), (lo.into(), hi.into()));
        let pipeline = Pipeline::new(&graph);
        let adders = Arc::new(Self { graph, pipeline });
        found.insert(node.to_string(), adders.clone());
        Some(adders)
    }
}

/// Digits of a layer's weights; `None` where they are too many for the search of common parts.
pub fn small(params: &Params) -> Option<usize> {
    let (mut all, mut pairs) = (0, 0);
    for row in params.weight.chunks(row_length(params)) {
        let digits: usize = row.iter().map(|&weight| digits(weight.into()).count()).sum();
        all += digits;
        pairs += digits * digits / 2;
    }
    (pairs <= MOST_PAIRS).then_some(all)
}

fn rows(params: &Params) -> Vec<Vec<i32>> {
    params.weight.chunks(row_length(params)).map(|row| row.iter().map(|&weight| weight.into()).collect()).collect()
}

/// Weights of one output.
fn row_length(params: &Params) -> usize {
    (params.weight.len() / params.bias.len().max(1)).max(1)
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
    /// Plans `layer` with its `adders` and `folding`; `None` where the input's lanes cannot be adapted.
    pub fn new(layer: &ConvLayer, adders: Arc<Adders>, folding: ConstFolding) -> Option<Self> {
        let adapter = Adapter::between(layer.input.lanes, folding.in_par, layer.input.channels)?;
        let groups = layer.input.channels.div_ceil(folding.in_par);
        let input = Shape { c: layer.input.channels, h: layer.input.height, w: layer.input.width };
        let window = WindowPlan::new(input, layer.out_shape, layer.geometry, groups, 1, false).with_taps(folding.k_par);
        let words = window.fold_cycles();
        let steps = layer.out_shape.c.div_ceil(folding.step);
        let window_cycles = words.max(steps);
        let window = window.paced(window_cycles);
        let mut plan = Self {
            folding,
            window,
            direct: layer.geometry[0] == [1, 1] && layer.geometry[2] == [0, 0] && (input.h, input.w) == (1, 1),
            adapter,
            words,
            window_cycles,
            steps,
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

    /// True where a window's words are gathered in a register.
    pub fn gathers(&self) -> bool {
        self.direct || self.words > 1
    }

    /// Cycles from a window's last word to its first beat out of the queue.
    pub fn latency(&self) -> usize {
        let read = if self.direct { 0 } else { self.window.read_latency() };
        let serial = usize::from(self.steps > 1);
        read + usize::from(self.gathers()) + self.adders.pipeline.stages + serial + self.requant.latency() + 2
    }

    /// Beats that may be under way at the full rate, from the start of their window until they leave the queue.
    fn queue_bits(&self) -> u32 {
        let flight = self.words + self.latency() + self.steps;
        log2_ceil(self.steps * (flight.div_ceil(self.window_cycles) + 1)).max(1)
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

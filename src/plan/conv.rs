//! Plan of the dense engine: convolutions, and fully connected layers as 1x1 convolutions over one pixel.

use serde::Serialize;

use super::Memory;
use super::estimate::in_lut;
use super::requant::Requant;
use super::stream::{Adapter, Stream};
use super::window::WindowPlan;
use crate::network::Params;
use crate::network::graph::{ActType, Shape};

/// How many taps, input channels and output channels one cycle takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Folding {
    /// Taps of the window a cycle.
    pub k_par: usize,
    /// Input channels a cycle.
    pub in_par: usize,
    /// Output channels a cycle.
    pub out_par: usize,
}

impl Folding {
    /// Multiply-accumulate lanes.
    pub fn lanes(self) -> usize {
        self.products() * self.out_par
    }

    /// Products of one output channel a cycle.
    pub fn products(self) -> usize {
        self.k_par * self.in_par
    }
}

/// A dense layer as the engine sees it.
#[derive(Debug, Clone)]
pub struct ConvLayer<'a> {
    /// Stream that arrives (flattened for a fully connected layer).
    pub input: Stream,
    /// Shape of the result.
    pub out_shape: Shape,
    /// `[kernel, stride, padding]`.
    pub geometry: [[usize; 2]; 3],
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of an accumulator, bias included.
    pub acc_bits: u32,
    /// Format of the result, or `None` for raw accumulators.
    pub out: Option<ActType>,
    /// Input channel (or feature) of each stream position; `None` for unused lanes.
    pub source: Vec<Option<usize>>,
    /// The integers.
    pub params: &'a Params,
}

/// Everything the generator needs of a dense engine.
#[derive(Debug, Clone, Serialize)]
pub struct ConvPlan {
    /// Lanes.
    pub folding: Folding,
    /// Line buffer.
    pub window: WindowPlan,
    /// Between the input stream and the line buffer's words.
    pub adapter: Adapter,
    /// Results that leave a cycle: lanes of the output stream, and requantizers.
    pub step: usize,
    /// Cycles in which one fold's results leave.
    pub steps: usize,
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of a lane's sum.
    pub sum_bits: u32,
    /// Bits of an accumulator.
    pub acc_bits: u32,
    /// Levels of a lane's adder tree.
    pub tree_levels: u32,
    /// Lanes whose products are made of LUTs, not of DSPs.
    pub lut_products: usize,
    /// Constants and widths of the requantizer.
    pub requant: Requant,
    /// Output queue, a power of two of beats.
    pub queue_addr_bits: u32,
    /// Input positions (channels) of the layer.
    pub in_channels: usize,
    /// Output channels.
    pub out_channels: usize,
}

/// Cycles of the parts behind the multiply-accumulate lanes: accumulate, serialize.
const BEHIND_LANES: usize = 2;

/// `ceil(log2(n))`.
pub fn log2_ceil(n: usize) -> u32 {
    n.next_power_of_two().trailing_zeros()
}

impl ConvPlan {
    /// Plans `layer` with `folding` and `step` results a cycle; `None` where the input's lanes cannot be adapted, a
    /// fold's results would leave more slowly than they come, or a beat would straddle two output groups.
    pub fn new(layer: &ConvLayer, folding: Folding, step: usize) -> Option<Self> {
        let adapter = Adapter::between(layer.input.lanes, folding.in_par, layer.input.channels)?;
        let out_channels = layer.out_shape.c;
        let groups = layer.input.channels.div_ceil(folding.in_par);
        let folds = out_channels.div_ceil(folding.out_par);
        let input = Shape { c: layer.input.channels, h: layer.input.height, w: layer.input.width };
        let window =
            WindowPlan::new(input, layer.out_shape, layer.geometry, groups, folds, false).with_taps(folding.k_par);
        let steps = folding.out_par.div_ceil(step);
        if steps > window.fold_cycles() || (folds > 1 && folding.out_par % step != 0) {
            return None;
        }
        let tree_levels = log2_ceil(folding.products());
        let mut plan = Self {
            folding,
            window,
            adapter,
            step,
            steps,
            weight_bits: layer.weight_bits,
            sum_bits: (layer.input.bits + layer.weight_bits + tree_levels).min(layer.acc_bits),
            acc_bits: layer.acc_bits,
            tree_levels,
            lut_products: if in_lut(layer.input.bits, layer.weight_bits) { folding.lanes() } else { 0 },
            requant: Requant::new(layer.params, layer.out),
            queue_addr_bits: 0,
            in_channels: layer.input.channels,
            out_channels,
        };
        plan.queue_addr_bits = plan.queue_bits();
        Some(plan)
    }

    /// Cycles from a lane's operands to its sum.
    pub fn mac_latency(&self) -> usize {
        2 + self.tree_levels as usize
    }

    /// Beats that may be under way, from the start of their fold until they leave the queue, at the full rate.
    fn queue_bits(&self) -> u32 {
        let fold = self.window.fold_cycles();
        let behind =
            self.window.read_latency() + self.mac_latency() + BEHIND_LANES + self.requant.latency() + self.steps + 2;
        log2_ceil(self.steps * ((fold + behind).div_ceil(fold) + 1)).max(1)
    }

    /// Bits of a weight word.
    pub fn weight_width(&self) -> usize {
        self.folding.lanes() * self.weight_bits as usize
    }

    /// Weight words.
    pub fn weight_depth(&self) -> usize {
        self.window.folds * self.window.fold_cycles()
    }

    /// Words of channel constants.
    pub fn const_depth(&self) -> usize {
        self.window.folds * self.steps
    }

    /// Line buffer, weights, constants. `weights` counts the layer's own weights.
    pub fn memories(&self, act_bits: u32, weights: usize) -> Vec<Memory> {
        let weight_bits = weights as u64 * u64::from(self.weight_bits);
        let const_bits = self.requant.const_bits();
        let const_used = self.out_channels as u64 * u64::from(const_bits);
        vec![
            rows_memory(&self.window, self.folding.in_par, self.in_channels, act_bits),
            Memory::new("weight", self.weight_width() as u32, self.weight_depth(), weight_bits),
            Memory::new("const", self.step as u32 * const_bits, self.const_depth(), const_used),
        ]
    }
}

/// The line buffer of words of `in_par` of the `channels`; banks that are read together count as one word.
pub(super) fn rows_memory(window: &WindowPlan, in_par: usize, channels: usize, act_bits: u32) -> Memory {
    let word_bits = in_par as u32 * act_bits;
    let used = (window.rows * window.width * channels) as u64 * u64::from(act_bits);
    match window.k_par {
        1 => Memory::new("rows", word_bits, window.depth(), used),
        _ => Memory::new("rows", word_bits * (window.rows * window.banks()) as u32, window.bank_words(), used),
    }
}

/// The weight words in the order in which the engine reads them: per output group, per group of taps, per input group;
/// each word holds `out_par * k_par * in_par` weights, output-major, then by tap. Lanes past the last channel or tap
/// hold 0.
pub fn weight_words(plan: &ConvPlan, layer: &ConvLayer) -> Vec<Vec<i64>> {
    let taps = plan.window.kernel[0] * plan.window.kernel[1];
    let inputs = layer.source.iter().flatten().count();
    let weight = |o: usize, i: usize, tap: usize| -> i64 {
        let source = layer.source.get(i).copied().flatten().filter(|_| o < plan.out_channels && tap < taps);
        source.map_or(0, |source| i64::from(layer.params.weight[(o * inputs + source) * taps + tap]))
    };
    let Folding { k_par, in_par, out_par } = plan.folding;
    let mut words = Vec::with_capacity(plan.weight_depth());
    for fold in 0..plan.window.folds {
        for phase in 0..plan.window.phases() {
            for group in 0..plan.window.groups {
                let products = (0..k_par).flat_map(|k| (0..in_par).map(move |i| (k, i)));
                let lanes = (0..out_par).flat_map(|o| products.clone().map(move |(k, i)| (o, k, i)));
                let lane = |(o, k, i)| weight(fold * out_par + o, group * in_par + i, phase * k_par + k);
                words.push(lanes.map(lane).collect());
            }
        }
    }
    words
}

/// The constant words: per group of `out_par` output channels, per step; each holds `step` channels' fields, low bits
/// first.
pub fn const_words(
    requant: &Requant,
    params: &Params,
    out_channels: usize,
    out_par: usize,
    step: usize,
) -> Vec<Vec<(i64, u32)>> {
    let channel = |fold: usize, lane: usize| if lane < out_par { fold * out_par + lane } else { usize::MAX };
    let folds = 0..out_channels.div_ceil(out_par);
    let words = folds.flat_map(|fold| (0..out_par.div_ceil(step)).map(move |s| (fold, s)));
    words
        .map(|(fold, s)| {
            let lanes = s * step..(s + 1) * step;
            lanes.flat_map(|lane| requant.fields(params, channel(fold, lane))).collect()
        })
        .collect()
}

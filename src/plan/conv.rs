//! Plan of the dense engine: convolutions, and fully connected layers as 1x1 convolutions over one pixel.

use serde::Serialize;

use super::Memory;
use super::pack::{Block, Pack, ready};
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
    /// Products that share a multiplier block.
    pub pack: Pack,
    /// Outputs of a fold whose products are made of LUTs, not in blocks.
    pub lut_outputs: usize,
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

/// Words up to which a weight memory is one; a deeper one is several of so many, whose words take a cycle more.
pub const SHALLOW_WORDS: usize = 4096;

/// `ceil(log2(n))`.
pub fn log2_ceil(n: usize) -> u32 {
    n.next_power_of_two().trailing_zeros()
}

impl ConvPlan {
    /// Plans `layer` with `folding` and `step` results a cycle; `None` where the input's lanes cannot be adapted, a
    /// fold's results would leave more slowly than they come, or a beat would straddle two output groups.
    pub fn new(layer: &ConvLayer, folding: Folding, step: usize, block: Block) -> Option<Self> {
        let adapter = Adapter::between(layer.input.lanes, folding.in_par, layer.input.channels)?;
        let out_channels = layer.out_shape.c;
        let groups = layer.input.channels.div_ceil(folding.in_par);
        let folds = out_channels.div_ceil(folding.out_par);
        let input = Shape { c: layer.input.channels, h: layer.input.height, w: layer.input.width };
        let window =
            WindowPlan::new(input, layer.out_shape, layer.geometry, groups, folds, false).with_taps(folding.k_par);
        let window = window.paced(folds * window.fold_cycles());
        let steps = folding.out_par.div_ceil(step);
        if steps > window.fold_cycles() || (folds > 1 && folding.out_par % step != 0) {
            return None;
        }
        let act = ActType { bits: layer.input.bits, signed: layer.input.signed };
        let growth = log2_ceil(folding.products());
        let sum_bits = (layer.input.bits + layer.weight_bits + growth).min(layer.acc_bits);
        let mut plan = Self {
            folding,
            window,
            adapter,
            step,
            steps,
            weight_bits: layer.weight_bits,
            sum_bits,
            acc_bits: layer.acc_bits,
            pack: Pack::new(act, layer.weight_bits, sum_bits, block, folding.out_par),
            lut_outputs: 0,
            requant: Requant::new(layer.params, layer.out),
            queue_addr_bits: 0,
            in_channels: layer.input.channels,
            out_channels,
        };
        plan.queue_addr_bits = plan.queue_bits();
        Some(plan)
    }

    /// Moves `packs` more groups of outputs from multiplier blocks to LUTs.
    pub fn move_to_luts(&mut self, packs: usize) {
        self.lut_outputs = (self.lut_outputs + packs * self.pack.lanes).min(self.folding.out_par);
        self.queue_addr_bits = self.queue_bits();
    }

    /// Groups of outputs that share multiplier blocks.
    pub fn packs(&self) -> usize {
        self.pack.blocks(self.folding.out_par - self.lut_outputs)
    }

    /// Multiplier blocks of the lanes.
    pub fn blocks(&self) -> usize {
        self.packs() * self.folding.products()
    }

    /// Outputs that the lanes make, the unused fields of the last block among them.
    pub fn fields(&self) -> usize {
        self.lut_outputs + self.packs() * self.pack.lanes
    }

    /// Chains that add up an output's products.
    pub fn segments(&self) -> usize {
        let products = self.folding.products();
        let longest = if self.packs() == 0 { 1 } else { self.pack.chain };
        products.div_ceil(longest)
    }

    /// Multipliers of a chain.
    pub fn chain(&self) -> usize {
        self.folding.products().div_ceil(self.segments())
    }

    /// Products that the first chain lacks.
    pub fn skip(&self) -> usize {
        self.segments() * self.chain() - self.folding.products()
    }

    /// The products of a cycle whose operands come `late` cycles after the first: positions `late` of the chains.
    pub fn products_at(&self, late: usize) -> Vec<usize> {
        let positions = (0..self.segments()).map(|s| s * self.chain() + late);
        positions.filter_map(|at| at.checked_sub(self.skip())).collect()
    }

    /// Levels of the adder tree over the chains.
    pub fn tree_levels(&self) -> u32 {
        log2_ceil(self.segments())
    }

    /// True where the weights come a cycle later than from a shallow memory.
    pub fn deep(&self) -> bool {
        self.weight_depth() > SHALLOW_WORDS
    }

    /// Cycles from a tap to its lane's sum.
    pub fn mac_latency(&self) -> usize {
        usize::from(self.deep()) + 2 + self.chain() + self.tree_levels() as usize
    }

    /// Cycles from a pass's last word to its first beat out of the queue.
    pub fn latency(&self) -> usize {
        self.window.read_latency() + self.mac_latency() + BEHIND_LANES + self.requant.latency() + 2
    }

    /// Beats that may be under way, from the start of their fold until they leave the queue, at the full rate.
    fn queue_bits(&self) -> u32 {
        let fold = self.window.fold_cycles();
        let behind = self.latency() + self.steps;
        log2_ceil(self.steps * ((fold + behind).div_ceil(fold) + 1)).max(1)
    }

    /// Bits of a word of the weights that come `late` cycles after the first.
    pub fn weight_width(&self, late: usize) -> usize {
        self.products_at(late).len() * self.fields() * self.weight_bits as usize
    }

    /// Name of the memory of the weights that come `late` cycles after the first.
    pub fn weight_name(&self, late: usize) -> String {
        if self.chain() == 1 { "weight".into() } else { format!("weight{late}") }
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
        let const_bits = self.requant.const_bits();
        let const_used = self.out_channels as u64 * u64::from(const_bits);
        let mut memories = vec![rows_memory(&self.window, self.folding.in_par, self.in_channels, act_bits)];
        let weight_bits = weights as u64 * u64::from(self.weight_bits);
        let products = self.folding.products() as u64;
        memories.extend((0..self.chain()).map(|late| {
            let share = weight_bits * self.products_at(late).len() as u64 / products;
            Memory::new(self.weight_name(late), self.weight_width(late) as u32, self.weight_depth(), share)
        }));
        memories.push(Memory::new("const", self.step as u32 * const_bits, self.const_depth(), const_used));
        memories
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

/// The weight words that the engine reads `late` cycles after the first, in its order: per output group, per group of taps,
/// per input group. A word holds, for each output in LUTs and then for each pack of outputs, [`ConvPlan::products_at`]
/// times the outputs' weights, ready for packing. Lanes past the last channel or tap hold 0.
pub fn weight_words(plan: &ConvPlan, layer: &ConvLayer, late: usize) -> Vec<Vec<i64>> {
    let taps = plan.window.kernel[0] * plan.window.kernel[1];
    let inputs = layer.source.iter().flatten().count();
    let Folding { k_par, in_par, out_par } = plan.folding;
    let weight = |o: usize, i: usize, tap: usize| -> i64 {
        let source = layer.source.get(i).copied().flatten().filter(|_| o < plan.out_channels && tap < taps);
        source.map_or(0, |source| i64::from(layer.params.weight[(o * inputs + source) * taps + tap]))
    };
    let products = plan.products_at(late);
    let mut words = Vec::with_capacity(plan.weight_depth());
    for fold in 0..plan.window.folds {
        for phase in 0..plan.window.phases() {
            for group in 0..plan.window.groups {
                let output = |o: usize, product: usize| {
                    let (tap, i) = (phase * k_par + product / in_par, group * in_par + product % in_par);
                    if o < out_par { weight(fold * out_par + o, i, tap) } else { 0 }
                };
                let single = (0..plan.lut_outputs).flat_map(|o| products.iter().map(move |&n| (o, n)));
                let packs = (0..plan.packs()).map(|pack| plan.lut_outputs + pack * plan.pack.lanes);
                let packed = packs.flat_map(|first| products.iter().map(move |&n| (first, n)));
                let block = |(first, n)| ready((first..first + plan.pack.lanes).map(|o| output(o, n)));
                words.push(single.map(|(o, n)| output(o, n)).chain(packed.flat_map(block)).collect());
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

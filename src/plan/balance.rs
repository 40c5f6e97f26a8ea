//! The planner: the smallest design for a target, or the fastest that a budget allows.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use super::Plan;
use super::choose::{Chooser, beats, columns, dense_cycles, fed, foldings, lanes, plan, steps, steps_within, supplied};
use super::conv::{Folding, log2_ceil};
use super::device::Device;
use super::layer::{Choice, layer, sparse_input};
use super::pack::{Block, Pack};
use super::sparse::{self, SparseFolding};
use super::sparse_conv::{SparseConvFolding, cost};
use super::stages::{Kind, Stage, stages};
use super::stream::Stream;
use super::want::Demand;
use crate::error::InputError;
use crate::network::Network;
use crate::network::graph::Shape;

/// What the plan should reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The smallest design that takes at most this many cycles an image.
    Cycles(u64),
    /// The fastest design of at most this many multiply-accumulate lanes.
    Lanes(usize),
    /// The fastest design whose estimated resources fit the device.
    Fit(Device),
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// What it should reach.
    pub target: Target,
    /// The FPGA; never are more of its multiplier blocks used than it has.
    pub device: Device,
    /// Most multiplier blocks, where fewer are wanted.
    pub max_dsp: Option<usize>,
}

impl Goal {
    /// `target` on `device`, with as many blocks as it has.
    pub const fn new(target: Target, device: Device) -> Self {
        Self { target, device, max_dsp: None }
    }
}

/// Bank counts that are considered.
const BANKS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// What a multiplier block is worth in LUTs, roughly: what it saves.
const BLOCK_LUTS: usize = 100;

/// Meets a cycle target with the fewest lanes a stage.
struct Balanced<'a> {
    network: &'a Network,
    cycles: u64,
    block: Block,
    /// Cycle bounds by stage and banks.
    bounds: &'a BTreeMap<String, Vec<(usize, u64)>>,
}

impl Chooser for Balanced<'_> {
    fn dense(&mut self, stage: &Stage, demand: &Demand) -> Option<(Folding, usize)> {
        let mut foldings = foldings(stage);
        foldings.sort_by_cached_key(|folding| {
            let cycles = dense_cycles(stage, *folding);
            // Over the target counts first, then size, then cycles; few accumulators break ties.
            (cycles.saturating_sub(self.cycles), size(stage, *folding, self.block), cycles, folding.out_par)
        });
        // Results must leave fast enough too: a pool takes a beat a cycle.
        let keeps = |f: &Folding| {
            let mut steps = steps(stage, *f, &demand.wants).into_iter();
            steps.find(|&s| beats(stage, s) <= self.cycles).map(|s| (*f, s))
        };
        let any = |f: &Folding| steps(stage, *f, &demand.wants).last().map(|&s| (*f, s));
        let supplied = foldings.iter().filter(|f| supplied(stage, **f, demand, self.cycles));
        supplied.into_iter().find_map(keeps).or_else(|| foldings.iter().find_map(any))
    }

    fn sparse(&mut self, stage: &Stage) -> SparseFolding {
        let bounds = &self.bounds[&stage.node];
        let enough = bounds.iter().find(|(_, bound)| *bound <= self.cycles);
        let fastest = bounds.iter().min_by_key(|(banks, bound)| (*bound, *banks));
        let banks = enough.or(fastest).map_or(1, |(banks, _)| *banks);
        SparseFolding { banks, in_lanes: 1 }
    }

    fn sparse_conv(&mut self, stage: &Stage, demand: &Demand) -> Option<Choice> {
        let dense = self.dense(stage, demand);
        let most_slots = dense.map_or(1, |(folding, _)| folding.lanes());
        let sparse = sparse_choices(stage, demand, self.cycles, most_slots).into_iter().map(Choice::SparseConv);
        let choices = sparse.chain(dense.map(|(folding, step)| Choice::Conv(folding, step)));
        let rated = choices.filter_map(|choice| {
            let (Choice::Conv(Folding { in_par, .. }, _) | Choice::SparseConv(SparseConvFolding { in_par, .. })) =
                choice
            else {
                return None;
            };
            let stream = Stream::new(stage.input().shape, in_par, stage.input().act);
            let plan = layer(self.network, stage, &[stream], choice, self.block)?;
            Some((plan.cycles_per_image.saturating_sub(self.cycles), cost::in_luts(&plan.resources), choice))
        });
        rated.min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))).map(|(_, _, choice)| choice)
    }

    fn lanes(&mut self, stage: &Stage, demand: &Demand) -> Option<usize> {
        let all = lanes(stage, &demand.wants);
        let fast: Vec<usize> = all.iter().copied().filter(|&lanes| beats(stage, lanes) <= self.cycles).collect();
        let fed = fast.iter().find(|&&lanes| fed(stage, lanes, demand, self.cycles));
        fed.or(fast.first()).or(all.last()).copied()
    }
}

/// The foldings of a sparse convolution that keep `cycles` an image: at most `most_slots` words of the window a cycle, and
/// the fewest results a cycle.
fn sparse_choices(stage: &Stage, demand: &Demand, cycles: u64, most_slots: usize) -> Vec<SparseConvFolding> {
    let Shape { c, h, w } = stage.output;
    let weights = stage.taps() * stage.channels() * c;
    let window = (cycles / (h * w) as u64).min(weights as u64) as usize;
    let fits = |f: &Folding| f.out_par == c && f.products() <= most_slots && columns(stage, *f) <= window;
    let all = foldings(stage).into_iter().filter(fits).filter(|f| supplied(stage, *f, demand, cycles));
    all.filter_map(|f| {
        let steps = steps_within(stage, f, window, &demand.wants);
        let step = steps.into_iter().find(|&s| beats(stage, s) <= cycles)?;
        Some(SparseConvFolding { k_par: f.k_par, in_par: f.in_par, step, cycles: window })
    })
    .collect()
}

/// LUTs of a folding, roughly, a multiplier block counted as [`BLOCK_LUTS`]: blocks, adders behind their chains, an
/// accumulator and a serializer for each output, and what selects several taps a cycle.
fn size(stage: &Stage, folding: Folding, block: Block) -> usize {
    let bits = stage.input().act.bits as usize;
    let sum_bits = stage.input().act.bits + stage.weight_bits + log2_ceil(stage.taps() * stage.channels());
    let pack = Pack::new(stage.input().act, stage.weight_bits, sum_bits, block, folding.out_par);
    let blocks = pack.blocks(folding.out_par) * folding.products();
    let adders = folding.out_par * (folding.products().div_ceil(pack.chain) + 1);
    let select = if folding.k_par > 1 { 2 * stage.taps() * folding.in_par * bits } else { 0 };
    BLOCK_LUTS * blocks + sum_bits as usize * adders + select
}

/// Plans `network` for `goal`; lanes past the budget of multiplier blocks multiply in LUTs.
///
/// # Errors
/// [`InputError`] where an operation has no engine, or no folding reaches the target.
pub fn balance(network: &Network, goal: &Goal) -> Result<Plan> {
    let bounds = sparse_bounds(network)?;
    let block = Block::of(goal.device.family);
    let has = goal.device.dsp as usize;
    let most = goal.max_dsp.map_or(has, |max| max.min(has));
    let at = |cycles: u64| plan(network, block, Some(most), &mut Balanced { network, cycles, block, bounds: &bounds });
    let plan = reach(goal.target, goal.max_dsp, at)?;
    if let Some(max) = goal.max_dsp.filter(|_| !within(&plan, goal.max_dsp)) {
        let found = format!("{:.0} DSPs, no lane among them", plan.resources.dsp);
        return Err(InputError::new("--max-dsp", found, format!("at most {max}")).into());
    }
    Ok(plan)
}

/// True where `plan` keeps the budget of multiplier blocks, if there is one.
fn within(plan: &Plan, max_dsp: Option<usize>) -> bool {
    max_dsp.is_none_or(|max| plan.resources.dsp <= max as f64)
}

/// The plan for `target` among those that `at` gives for a number of cycles.
fn reach(target: Target, max_dsp: Option<usize>, at: impl Fn(u64) -> Result<Plan>) -> Result<Plan> {
    let budget = max_dsp.map_or(String::new(), |max| format!(", and at most {max} DSP (--max-dsp)"));
    match target {
        Target::Cycles(cycles) => {
            let plan = at(cycles)?;
            if plan.cycles_per_image > cycles {
                let slow = plan.layers.iter().max_by_key(|l| l.cycles_per_image).map_or("input", |l| l.node.as_str());
                let found = format!("{} cycles an image, limited by {slow:?}", plan.cycles_per_image);
                return Err(InputError::new("target", found, format!("at most {cycles}")).into());
            }
            Ok(plan)
        }
        Target::Lanes(lanes) => {
            let expected = format!("at most {lanes} lanes{budget}");
            fastest(at, "lanes", expected, |p| p.lanes <= lanes && within(p, max_dsp))
        }
        Target::Fit(device) => {
            let expected = format!(
                "what {} has: {} LUT, {} DSP, {} kbit of block RAM{budget}",
                device.name, device.lut, device.dsp, device.bram_kbit
            );
            fastest(at, "device", expected, |p| fits(p, &device) && within(p, max_dsp))
        }
    }
}

/// True where `plan`'s estimate leaves a fifth of the LUTs free and fits the rest.
fn fits(plan: &Plan, device: &Device) -> bool {
    let r = &plan.resources;
    r.lut <= 0.8 * f64::from(device.lut)
        && r.ff <= f64::from(device.ff)
        && r.dsp <= f64::from(device.dsp)
        && r.bram36 * 36.0 <= f64::from(device.bram_kbit)
}

/// The smallest cycle target whose plan `fits`, by bisection between one cycle and the fully serial design.
fn fastest(
    at: impl Fn(u64) -> Result<Plan>,
    place: &str,
    expected: String,
    fits: impl Fn(&Plan) -> bool,
) -> Result<Plan> {
    let mut best = at(u64::MAX)?;
    if !fits(&best) {
        let r = &best.resources;
        let found = format!(
            "{} lanes, {:.0} LUT, {:.0} DSP, {:.1} BRAM36 for the smallest design of {}",
            best.lanes, r.lut, r.dsp, r.bram36, best.name
        );
        return Err(InputError::new(place, found, expected).into());
    }
    let (mut low, mut high) = (0, best.cycles_per_image);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        let plan = at(middle)?;
        if fits(&plan) && plan.cycles_per_image < best.cycles_per_image {
            high = plan.cycles_per_image.min(middle);
            best = plan;
        } else {
            low = middle;
        }
    }
    // With the bottleneck fixed, no other stage needs to be faster.
    let smallest = at(best.cycles_per_image)?;
    Ok(if fits(&smallest) && smallest.cycles_per_image <= best.cycles_per_image { smallest } else { best })
}

/// The cycle bound of every sparse stage for each number of banks, its stream one value a beat.
fn sparse_bounds(network: &Network) -> Result<BTreeMap<String, Vec<(usize, u64)>>> {
    let mut bounds = BTreeMap::new();
    for stage in stages(network)?.iter().filter(|s| s.kind == Kind::Sparse) {
        let input = sparse_input(network, stage, Stream::new(stage.input().shape, 1, stage.input().act));
        let banks = BANKS.iter().filter(|&&banks| banks <= stage.output.c);
        let bound = |&banks: &usize| -> Result<(usize, u64)> {
            Ok((banks, sparse::plan(&input, &SparseFolding { banks, in_lanes: 1 })?.cycles()))
        };
        bounds.insert(stage.node.clone(), banks.map(bound).collect::<Result<_>>()?);
    }
    Ok(bounds)
}

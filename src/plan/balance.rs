//! The planner: the smallest design that keeps a number of cycles an image.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use super::choose::{
    Chooser, Planned, dense_cycles, fed, foldings, lanes, pace, plan, readable, steps, supplied, supplied_whole, takes,
};
use super::constant::{self, ConstFolding};
use super::conv::{Folding, log2_ceil};
use super::estimate::{BLOCK_LUTS, order_luts};
use super::goal::{Goal, Resource};
use super::layer::{Choice, layer, sparse_input};
use super::pack::{Block, Pack};
use super::sparse::{self, SparseFolding};
use super::sparse_conv::cost::{self, Prices, RAM_KBIT_LUTS};
use super::sparse_conv::{SparseConvFolding, candidates};
use super::stages::{Kind, Stage, stages};
use super::stream::Stream;
use super::want::Demand;
use super::{Plan, Resources, roms};
use crate::network::Network;
use anyhow::Result;

/// Bank counts that are considered.
const BANKS: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Activations a beat that a sparse engine may read.
const IN_LANES: [usize; 3] = [1, 2, 4];

/// Meets a cycle target with the fewest lanes a stage.
struct Balanced<'a> {
    planner: &'a Planner<'a>,
    cycles: u64,
    /// What is scarce where two engines are compared.
    prices: Prices,
}

impl Chooser for Balanced<'_> {
    fn dense(&mut self, stage: &Stage, demand: &Demand) -> Option<(Folding, usize)> {
        let mut foldings = foldings(stage);
        foldings.sort_by_cached_key(|folding| {
            let cycles = dense_cycles(stage, *folding);
            let size = self.size(stage, *folding, demand);
            // Over the target counts first, then size, then cycles; few accumulators break ties.
            (cycles.saturating_sub(self.cycles), size, cycles, folding.out_par)
        });
        // Results must leave fast enough too: a pool takes a beat a cycle.
        let keeps = |f: &Folding| {
            let mut steps = steps(stage, *f, &demand.wants).into_iter();
            steps.find(|&s| pace(stage, s, demand) <= self.cycles).map(|s| (*f, s))
        };
        let any = |f: &Folding| steps(stage, *f, &demand.wants).last().map(|&s| (*f, s));
        let fast = || foldings.iter().filter(|f| dense_cycles(stage, **f) <= self.cycles);
        let mut usual = fast().filter(|f| supplied(stage, f.in_par, demand, self.cycles));
        let mut wide = fast().filter(|f| supplied_whole(stage, f.in_par, demand, self.cycles));
        let mut slow = foldings.iter().filter(|f| supplied(stage, f.in_par, demand, self.cycles));
        let found = usual.find_map(keeps).or_else(|| wide.find_map(keeps)).or_else(|| slow.find_map(keeps));
        found.or_else(|| foldings.iter().find_map(any))
    }

    fn sparse(&mut self, stage: &Stage, demand: &Demand) -> SparseFolding {
        let one = |folding: &SparseFolding| folding.in_lanes == 1;
        let bounds = self.planner.bounds[&stage.node].iter();
        let fed = bounds.filter(|(f, _)| one(f) || readable(stage, f.in_lanes, demand, self.cycles));
        let enough = fed.clone().find(|(_, bound)| *bound <= self.cycles);
        let fastest = || fed.min_by_key(|(f, bound)| (*bound, f.in_lanes, f.banks));
        enough.or_else(fastest).map_or(SparseFolding { banks: 1, in_lanes: 1 }, |(folding, _)| *folding)
    }

    fn sparse_conv(&mut self, stage: &Stage, demand: &Demand) -> Option<Choice> {
        let dense = self.dense(stage, demand);
        let most_slots = dense.map_or(1, |(folding, _)| folding.lanes());
        let goal = candidates::Goal { cycles: self.cycles, most_slots, nonzeros: self.planner.nonzeros[&stage.node] };
        let sparse = candidates::foldings(stage, demand, &goal).into_iter().map(Choice::SparseConv);
        let choices = sparse.chain(dense.map(|(folding, step)| Choice::Conv(folding, step)));
        let rated = choices.filter_map(|choice| Some((self.rate(stage, choice)?, choice)));
        rated.min_by(|a, b| better(a.0, b.0)).map(|(_, choice)| choice)
    }

    fn constant(&mut self, stage: &Stage, demand: &Demand, other: Option<Choice>) -> Option<ConstFolding> {
        let weight_digits = self.planner.weight_digits.get(&stage.node)?;
        let other = other.and_then(|choice| self.rate(stage, choice));
        let act = stage.input().act;
        let sum_bits = constant::layer::sum_bits(self.planner.network.params(&stage.node), act);
        let digit = constant::candidates::digit(stage, self.cycles, sum_bits);
        let least = constant::cost::least_luts(*weight_digits, act.bits, digit);
        if other.is_some_and(|(over, luts)| over == 0 && luts <= least) {
            return None;
        }
        let foldings = constant::candidates::foldings(stage, demand, self.cycles, digit).into_iter();
        let rated = foldings.filter_map(|folding| Some((self.rate(stage, Choice::Constant(folding))?, folding)));
        let best = rated.min_by(|a, b| better(a.0, b.0))?;
        other.is_none_or(|other| better(best.0, other).is_lt()).then_some(best.1)
    }

    fn lanes(&mut self, stage: &Stage, demand: &Demand) -> Option<usize> {
        let all = lanes(stage, &demand.wants);
        let fast: Vec<usize> = all.iter().copied().filter(|&lanes| pace(stage, lanes, demand) <= self.cycles).collect();
        let fed = fast.iter().find(|&&lanes| fed(stage, lanes, demand, self.cycles));
        fed.or(fast.first()).or(all.last()).copied()
    }
}

impl Balanced<'_> {
    /// Cycles an image over the target, and size in LUTs, of a stage's engine; `None` where it does not fit the stage.
    fn rate(&self, stage: &Stage, choice: Choice) -> Option<(u64, f64)> {
        let stream = arrival(stage, choice)?;
        let key = (stage.node.clone(), choice);
        let known = self.planner.rated.lock().expect("no holder panics").get(&key).copied();
        let rate = known.unwrap_or_else(|| {
            let (planner, found) = (self.planner, &self.planner.planned.adders);
            let plan = layer(planner.network, stage, &[stream], choice, planner.block, found);
            let rate = plan.map(|plan| (plan.cycles_per_image, plan.resources));
            planner.rated.lock().expect("no holder panics").insert(key, rate);
            rate
        });
        rate.map(|(cycles, resources)| (cycles.saturating_sub(self.cycles), cost::in_luts(&resources, &self.prices)))
    }

    /// LUTs of a dense folding: roughly, or where block RAM is scarce of the engine with all its memories.
    fn size(&self, stage: &Stage, folding: Folding, demand: &Demand) -> usize {
        if self.prices.ram_kbit == RAM_KBIT_LUTS {
            return size(stage, folding, self.planner.block);
        }
        let step = steps(stage, folding, &demand.wants).first().copied();
        let rate = step.and_then(|step| self.rate(stage, Choice::Conv(folding, step)));
        rate.map_or(usize::MAX, |(_, luts)| luts as usize)
    }
}

/// The better of two rates first.
fn better(a: (u64, f64), b: (u64, f64)) -> Ordering {
    a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
}

/// A stream that the words of `choice` can be made of, as wide as they are where that can be.
fn arrival(stage: &Stage, choice: Choice) -> Option<Stream> {
    let lanes = match choice {
        Choice::Conv(Folding { in_par, .. }, _)
        | Choice::SparseConv(SparseConvFolding { in_par, .. })
        | Choice::Constant(ConstFolding { in_par, .. }) => in_par,
        Choice::Sparse(SparseFolding { in_lanes, .. }) => in_lanes,
        Choice::Pool | Choice::Lanes(_) => return None,
    };
    let shape = stage.input().shape;
    let lanes = (1..=lanes.min(shape.c)).rev().find(|&from| takes(stage, lanes, from))?;
    Some(Stream::new(shape, lanes, stage.input().act))
}

/// LUTs of a folding, roughly, a multiplier block counted as [`BLOCK_LUTS`]: blocks, adders behind their chains, an
/// accumulator and a serializer for each output, and what selects several taps a cycle.
fn size(stage: &Stage, folding: Folding, block: Block) -> usize {
    let act_bits = stage.input().act.bits;
    let sum_bits = act_bits + stage.weight_bits + log2_ceil(stage.taps() * stage.channels());
    let pack = Pack::new(stage.input().act, stage.weight_bits, sum_bits, block, folding.out_par);
    let blocks = pack.blocks(folding.out_par) * folding.products();
    let adders = folding.out_par * (folding.products().div_ceil(pack.chain) + 1);
    let order = order_luts(folding.k_par, stage.taps(), folding.in_par, act_bits);
    BLOCK_LUTS * blocks + sum_bits as usize * adders + order
}

/// Cycles an image and resources by node and choice; `None` where a choice does not fit.
type Rates = HashMap<(String, Choice), Option<(u64, Resources)>>;

/// LUTs that a multiplier block is worth, where LUTs run out and blocks may be left.
const CHEAPER_BLOCKS: [f64; 3] = [60.0, 30.0, 10.0];
/// LUTs that a kbit of block RAM is worth, where it runs out.
const DEARER_RAM: [f64; 3] = [2.0 * RAM_KBIT_LUTS, 4.0 * RAM_KBIT_LUTS, 8.0 * RAM_KBIT_LUTS];

/// Plans one network for one family of FPGAs, again and again.
pub struct Planner<'a> {
    network: &'a Network,
    block: Block,
    /// Cycle bounds of each stage's sparse foldings, those that read one value a beat first, few banks first.
    bounds: BTreeMap<String, Vec<(SparseFolding, u64)>>,
    /// Weights that are not 0, by node.
    nonzeros: BTreeMap<String, usize>,
    /// Digits of the weights of the layers that are small enough for the constant engine, by node.
    weight_digits: BTreeMap<String, usize>,
    /// Cycles an image and resources of engines that were compared, by node.
    rated: Mutex<Rates>,
    planned: Planned,
}

impl<'a> Planner<'a> {
    /// A planner for `network`.
    ///
    /// # Errors
    /// [`InputError`](crate::error::InputError) where an operation has no engine.
    pub fn new(network: &'a Network, block: Block) -> Result<Self> {
        let bounds = sparse_bounds(network)?;
        let nonzeros = network.params.iter().map(|(node, params)| {
            let count = params.weight.iter().filter(|weight| **weight != 0).count();
            (node.clone(), count)
        });
        Ok(Self {
            network,
            block,
            bounds,
            nonzeros: nonzeros.collect(),
            weight_digits: network
                .params
                .iter()
                .filter_map(|(node, params)| Some((node.clone(), constant::layer::small(params)?)))
                .collect(),
            rated: Mutex::default(),
            planned: Planned::default(),
        })
    }

    /// Plans without constant engines: they have no lanes, so that a budget of lanes says nothing about them.
    pub fn keep_lanes(&mut self) {
        self.weight_digits.clear();
    }

    /// The smallest plan that takes `cycles` an image (the fastest where none does), with at most `blocks` multiplier
    /// blocks where that can be: lanes past them multiply in LUTs, requantizers cannot.
    ///
    /// # Errors
    /// Where no folding suits the stages around it.
    pub fn at(&self, cycles: u64, blocks: usize) -> Result<Plan> {
        self.priced(cycles, blocks, Prices::default())
    }

    /// [`Planner::at`] for the limits of `goal`: where the usual plan has too many LUTs or flip-flops, engines that are
    /// larger in multiplier blocks take the place of others until it keeps its limits; where it has too much block RAM, those that
    /// have less. Where LUTs were limited by hand and that is not enough, ROMs move to block RAM. The usual plan where nothing helps.
    ///
    /// # Errors
    /// Those of [`Planner::at`].
    pub fn within(&self, cycles: u64, goal: &Goal) -> Result<Plan> {
        let usual = self.at(cycles, goal.blocks())?;
        let Some(limit) = goal.broken(&usual) else { return Ok(usual) };
        let prices = Prices::default();
        let others: Vec<Prices> = match limit.resource {
            Resource::Lut | Resource::Ff => CHEAPER_BLOCKS.map(|block| Prices { block, ..prices }).into(),
            Resource::Bram => DEARER_RAM.map(|ram_kbit| Prices { ram_kbit, ..prices }).into(),
            Resource::Dsp => Vec::new(),
        };
        let mut plans = vec![usual];
        for prices in others {
            let plan = self.priced(cycles, goal.blocks(), prices)?;
            if goal.broken(&plan).is_none() {
                return Ok(plan);
            }
            plans.push(plan);
        }
        if limit.flag == "--max-lut" {
            if let Some(plan) = plans.iter().find_map(|plan| roms::in_block_ram(plan, goal)) {
                return Ok(plan);
            }
        }
        Ok(plans.swap_remove(0))
    }

    /// Where a stage turns out slower than its chooser counted, by unused lanes of the stream that it gets, all are asked for
    /// so many cycles fewer, or some times as many.
    fn priced(&self, cycles: u64, blocks: usize, prices: Prices) -> Result<Plan> {
        let at = |cycles| {
            let mut chooser = Balanced { planner: self, cycles, prices };
            plan(self.network, self.block, Some(blocks), &self.planned, &mut chooser)
        };
        let mut best = at(cycles)?;
        let excess = best.cycles_per_image.saturating_sub(cycles);
        for fewer in [1, 4, 16].map(|times| times * excess).into_iter().take_while(|&fewer| fewer < cycles) {
            if best.cycles_per_image <= cycles {
                break;
            }
            let plan = at(cycles - fewer)?;
            if plan.cycles_per_image < best.cycles_per_image {
                best = plan;
            }
        }
        Ok(best)
    }
}

/// The cycle bound of every sparse stage for each folding, with activations that come as fast as it reads them.
fn sparse_bounds(network: &Network) -> Result<BTreeMap<String, Vec<(SparseFolding, u64)>>> {
    let mut bounds = BTreeMap::new();
    for stage in stages(network)?.iter().filter(|s| s.kind == Kind::Sparse) {
        let shape = stage.input().shape;
        let mut all = Vec::new();
        for in_lanes in IN_LANES.into_iter().filter(|&lanes| shape.c % lanes == 0) {
            let input = sparse_input(network, stage, Stream::new(shape, in_lanes, stage.input().act));
            for banks in BANKS.into_iter().filter(|&banks| banks <= stage.output.c) {
                let folding = SparseFolding { banks, in_lanes };
                all.push((folding, sparse::plan(&input, &folding)?.cycles()));
            }
        }
        bounds.insert(stage.node.clone(), all);
    }
    Ok(bounds)
}

//! Picks a folding for every stage, from the last to the first, so that each stream's lanes fit all its ends.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use anyhow::{Result, anyhow};

use super::constant::ConstFolding;
use super::constant::layer::Found;
use super::contents::Contents;
use super::conv::Folding;
use super::join::{How, port_lanes};
use super::layer::{Choice, LayerPlan, layer};
use super::pack::Block;
use super::sparse::SparseFolding;
use super::stages::{Arrival, Kind, Stage, stages};
use super::stream::Stream;
use super::want::{Demand, Want, all_take};
use super::{Plan, Resources, buffers, dsp, estimate, pixels};
use crate::network::Network;
use crate::network::graph::Shape;
use crate::synth::Target;

/// The foldings that divide a layer's channels into groups, one for each number of groups: `1 ..= channels`.
pub fn parallelisms(channels: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (1..=channels).map(|groups| channels.div_ceil(groups)).collect();
    all.dedup();
    all
}

/// The foldings of `stage`, one for each number of groups of taps, inputs and outputs.
pub fn foldings(stage: &Stage) -> Vec<Folding> {
    let (inputs, outputs) = (parallelisms(stage.channels()), parallelisms(stage.output.c));
    let mut all = Vec::new();
    for k_par in parallelisms(stage.taps()) {
        for &in_par in &inputs {
            all.extend(outputs.iter().map(|&out_par| Folding { k_par, in_par, out_par }));
        }
    }
    all
}

/// Words of a window, for each of the values that `folding` takes at once: cycles of a fold in the dense engine.
pub fn columns(stage: &Stage, folding: Folding) -> usize {
    stage.taps().div_ceil(folding.k_par) * stage.channels().div_ceil(folding.in_par)
}

/// The steps (results that leave a cycle) that let `folding` run at its full rate and that all consumers take,
/// ascending.
pub fn steps(stage: &Stage, folding: Folding, wants: &[Want]) -> Vec<usize> {
    steps_within(stage, folding, columns(stage, folding), wants)
}

/// The same where a fold takes `fold_cycles`.
pub fn steps_within(stage: &Stage, folding: Folding, fold_cycles: usize, wants: &[Want]) -> Vec<usize> {
    let out_par = folding.out_par;
    let folds = stage.output.c.div_ceil(out_par);
    let arrives = arrives(stage, folding.in_par);
    if stage.input().given_lanes.is_some_and(|lanes| !arrives.takes(lanes)) {
        return Vec::new();
    }
    if wants.is_empty() {
        // Scores leave one by one.
        return if out_par <= fold_cycles { vec![1] } else { Vec::new() };
    }
    let least = out_par.div_ceil(fold_cycles);
    (least..=out_par).filter(|&s| folds == 1 || out_par % s == 0).filter(|&s| all_take(wants, s)).collect()
}

/// Cycles that a window may take where an image takes `cycles`, at most the weights.
pub fn window_cycles(stage: &Stage, cycles: u64) -> usize {
    let Shape { c, h, w } = stage.output;
    (cycles / (h * w) as u64).min((stage.taps() * stage.channels() * c) as u64) as usize
}

/// The foldings of an engine that reads a window once for all outputs and keeps `cycles` an image, each with the fewest
/// results a cycle.
pub fn read_once(stage: &Stage, demand: &Demand, cycles: u64) -> Vec<(Folding, usize)> {
    let window = window_cycles(stage, cycles);
    let fits = |f: &Folding| f.out_par == stage.output.c && columns(stage, *f) <= window;
    let all = foldings(stage).into_iter().filter(fits).filter(|f| supplied(stage, f.in_par, demand, cycles));
    let with_step = |f| {
        let steps = steps_within(stage, f, window, &demand.wants);
        steps.into_iter().find(|&step| pace(stage, step, demand) <= cycles).map(|step| (f, step))
    };
    all.filter_map(with_step).collect()
}

/// What the sparse engine wants of its stream where it reads `lanes` a beat.
fn read(stage: &Stage, lanes: usize) -> Want {
    Want { skips: true, ..arrives(stage, lanes) }
}

/// What an engine that makes words of `lanes` wants of its stream.
fn arrives(stage: &Stage, lanes: usize) -> Want {
    Want { lanes, flattens: stage.flattens(), skips: false, shape: stage.input().shape }
}

/// True where the words of `lanes` of a stage can be made of beats of `from`.
pub fn takes(stage: &Stage, lanes: usize, from: usize) -> bool {
    arrives(stage, lanes).takes(from)
}

/// True where words of `lanes` can be made of a stream whose beats an image are at most `beats`, and that suits those beside it.
pub fn supplied(stage: &Stage, lanes: usize, demand: &Demand, beats: u64) -> bool {
    stage.input().gives(&arrives(stage, lanes), &demand.beside[0], beats)
}

/// The same where the beats are whole pixels.
pub fn supplied_whole(stage: &Stage, lanes: usize, demand: &Demand, beats: u64) -> bool {
    stage.input().gives_whole(&arrives(stage, lanes), &demand.beside[0], beats)
}

/// [`supplied`] for the `lanes` that the sparse engine reads a beat.
pub fn readable(stage: &Stage, lanes: usize, demand: &Demand, beats: u64) -> bool {
    stage.input().gives(&read(stage, lanes), &demand.beside[0], beats)
}

/// What a stage without windows wants of each stream that it reads if its result has `lanes`; `None` where it cannot
/// have so many.
fn arriving(stage: &Stage, lanes: usize) -> Option<Vec<Want>> {
    let channels: Vec<usize> = stage.inputs.iter().map(|input| input.shape.c).collect();
    let lanes = match stage.kind {
        Kind::Affine => vec![lanes],
        Kind::Add => port_lanes(How::Add, &channels, lanes)?,
        Kind::Concat => port_lanes(How::Concat, &channels, lanes)?,
        Kind::Flatten if lanes == 1 => vec![1],
        _ => return None,
    };
    let want = |(input, lanes): (&Arrival, usize)| Want { lanes, flattens: false, skips: false, shape: input.shape };
    Some(stage.inputs.iter().zip(lanes).map(want).collect())
}

/// The lanes that the result of a stage without windows may have, ascending.
pub fn lanes(stage: &Stage, wants: &[Want]) -> Vec<usize> {
    let fits = |&lanes: &usize| arriving(stage, lanes).is_some() && all_take(wants, lanes);
    (1..=stage.output.c).filter(fits).collect()
}

/// Cycles an image that a stage's result of `lanes` takes: its beats, or what the pools behind it make of them.
pub fn pace(stage: &Stage, lanes: usize, demand: &Demand) -> u64 {
    let pixels = (stage.output.h * stage.output.w) as u64;
    pixels.max(demand.rounds) * stage.output.c.div_ceil(lanes) as u64
}

/// True where the streams that a result of `lanes` needs take at most `beats` beats an image.
pub fn fed(stage: &Stage, lanes: usize, demand: &Demand, beats: u64) -> bool {
    let wants = arriving(stage, lanes).unwrap_or_default();
    let mut inputs = stage.inputs.iter().zip(&wants).zip(&demand.beside);
    inputs.all(|((input, want), beside)| input.gives(want, beside, beats))
}

/// Cycles an image of a dense stage under `folding`: of its passes, or of the words that its line buffer takes.
pub fn dense_cycles(stage: &Stage, folding: Folding) -> u64 {
    let Shape { c, h, w } = stage.output;
    let arrives = stage.input().shape;
    let pixels = if stage.flattens() { 1 } else { arrives.h * arrives.w };
    let groups = stage.channels().div_ceil(folding.in_par);
    let passes = h * w * stage.taps().div_ceil(folding.k_par) * c.div_ceil(folding.out_par);
    (groups * passes.max(pixels)) as u64
}

/// Chooses for one stage, given what the stages around it want.
pub trait Chooser {
    /// A folding and a step of a dense stage.
    fn dense(&mut self, stage: &Stage, demand: &Demand) -> Option<(Folding, usize)>;
    /// Banks of a sparse stage.
    fn sparse(&mut self, stage: &Stage, demand: &Demand) -> SparseFolding;
    /// Engine and folding of a convolution whose weights are stored sparse.
    fn sparse_conv(&mut self, stage: &Stage, demand: &Demand) -> Option<Choice>;
    /// A folding of the constant engine where that is better for the stage than `other`.
    fn constant(&mut self, stage: &Stage, demand: &Demand, other: Option<Choice>) -> Option<ConstFolding>;
    /// Values a beat of a stage without windows, of those that [`lanes`] gives.
    fn lanes(&mut self, stage: &Stage, demand: &Demand) -> Option<usize>;
}

/// Engines by stage, choice and the streams that arrive.
type Engines = HashMap<(usize, Choice, Vec<Stream>), LayerPlan>;

/// What was planned of one network before: the order of a large sparse layer's weights, or the adders of constant ones, take longer than
/// all the rest of a plan.
#[derive(Debug, Default)]
pub struct Planned {
    /// Stages of the network.
    stages: OnceLock<Vec<Stage>>,
    /// Engines.
    engines: Mutex<Engines>,
    /// Adders of constant engines.
    pub adders: Found,
}

impl Planned {
    /// The stages of `network`.
    fn stages(&self, network: &Network) -> Result<&[Stage]> {
        let known = match self.stages.get() {
            Some(known) => known,
            None => {
                let found = stages(network)?;
                self.stages.get_or_init(|| found)
            }
        };
        Ok(known)
    }
}

/// Plans `network` with the foldings that `chooser` picks, with multiplier blocks like `block`, at most
/// `most` of them: lanes past them multiply in LUTs. Engines that are in `planned` are taken from there.
///
/// # Errors
/// Where a choice does not fit.
pub fn plan(
    network: &Network,
    block: Block,
    most: Option<usize>,
    planned: &Planned,
    chooser: &mut dyn Chooser,
) -> Result<Plan> {
    let stages = planned.stages(network)?;
    let choices = choices(network, stages, chooser)?;
    let engine = |stage: usize, choice: Choice, streams: Vec<Stream>| {
        let key = (stage, choice, streams);
        if let Some(layer) = planned.engines.lock().expect("no holder panics").get(&key) {
            return Some(layer.clone());
        }
        let plan = layer(network, &stages[stage], &key.2, choice, block, &planned.adders)?;
        planned.engines.lock().expect("no holder panics").insert(key, plan.clone());
        Some(plan)
    };
    let mut plan = assemble((network, block.family), stages, &choices, engine)?;
    dsp::limit(&mut plan, block, most);
    look(network, stages, &mut plan);
    buffers::smooth(&mut plan);
    buffers::size(&mut plan);
    plan.resources = estimate::design(&plan, block);
    Ok(plan)
}

/// Looks into the memories of all engines.
fn look(network: &Network, stages: &[Stage], plan: &mut Plan) {
    for (index, stage) in stages.iter().enumerate() {
        let arrives = plan.stream(stage.input().source);
        let layer = &mut plan.layers[index];
        layer.contents = Contents::of(network, stage, arrives, layer);
        layer.recount();
    }
}

fn choices(network: &Network, stages: &[Stage], chooser: &mut dyn Chooser) -> Result<Vec<Choice>> {
    let mut choices = Vec::new();
    // Of the streams of the stages, by those behind them.
    let mut wanted: Vec<Vec<Want>> = vec![Vec::new(); stages.len()];
    let mut rounds = vec![0; stages.len()];
    for (i, stage) in stages.iter().enumerate().rev() {
        let beside = stage.inputs.iter().map(|input| beside(stages, &wanted, input.source)).collect();
        let demand = Demand { wants: std::mem::take(&mut wanted[i]), beside, rounds: rounds[i] };
        let choice = choice(stage, &demand, chooser)
            .ok_or_else(|| anyhow!("no folding of {} fits its consumers (network {})", stage.node, network.name))?;
        choices.push(choice);
        let mut want = |input: &Arrival, wants: &[Want]| {
            // The network's input gives all channels of a pixel in one beat, which any consumer takes.
            input.source.into_iter().for_each(|source| wanted[source].extend_from_slice(wants));
        };
        match choice {
            Choice::Conv(folding, _) => want(stage.input(), &[arrives(stage, folding.in_par)]),
            Choice::SparseConv(folding) => want(stage.input(), &[arrives(stage, folding.in_par)]),
            Choice::Constant(folding) => want(stage.input(), &[arrives(stage, folding.in_par)]),
            Choice::Sparse(folding) => want(stage.input(), &[read(stage, folding.in_lanes)]),
            Choice::Pool => {
                want(stage.input(), &demand.wants);
                let slowest = stage.pool_rounds().unwrap_or(0).max(demand.rounds);
                stage.input().source.into_iter().for_each(|source| rounds[source] = slowest.max(rounds[source]));
            }
            Choice::Lanes(lanes) => {
                let wants = arriving(stage, lanes).unwrap_or_default();
                stage.inputs.iter().zip(wants).for_each(|(input, one)| want(input, &[one]));
            }
        }
    }
    choices.reverse();
    Ok(choices)
}

/// What is wanted already of the stream of `source`, which through pools is the stream of another stage.
fn beside(stages: &[Stage], wanted: &[Vec<Want>], source: Option<usize>) -> Vec<Want> {
    let mut all = Vec::new();
    let mut at = source;
    while let Some(source) = at {
        all.extend_from_slice(&wanted[source]);
        at = stages[source].input().source.filter(|_| matches!(stages[source].kind, Kind::Pool(..)));
    }
    all
}

fn choice(stage: &Stage, demand: &Demand, chooser: &mut dyn Chooser) -> Option<Choice> {
    let usual = match stage.kind {
        Kind::Pool(..) => return Some(Choice::Pool),
        Kind::Affine | Kind::Add | Kind::Concat | Kind::Flatten => {
            return chooser.lanes(stage, demand).map(Choice::Lanes);
        }
        Kind::Sparse => Some(Choice::Sparse(chooser.sparse(stage, demand))),
        Kind::SparseConv(_) => chooser.sparse_conv(stage, demand),
        Kind::Conv(_) | Kind::Dense => chooser.dense(stage, demand).map(|(folding, step)| Choice::Conv(folding, step)),
    };
    chooser.constant(stage, demand, usual).map(Choice::Constant).or(usual)
}

fn assemble(
    (network, family): (&Network, Target),
    stages: &[Stage],
    choices: &[Choice],
    engine: impl Fn(usize, Choice, Vec<Stream>) -> Option<LayerPlan>,
) -> Result<Plan> {
    let mut layers: Vec<LayerPlan> = Vec::new();
    for (i, (stage, &choice)) in stages.iter().zip(choices).enumerate() {
        let stream = |input: &Arrival| input.source.map_or(pixels(network.input), |source| layers[source].out);
        let streams: Vec<Stream> = stage.inputs.iter().map(stream).collect();
        let plan = engine(i, choice, streams).ok_or_else(|| anyhow!("{choice:?} does not fit {}", stage.node))?;
        layers.push(plan);
    }
    let slowest = layers.iter().map(|l| l.cycles_per_image).max().unwrap_or(0);
    let (shape, classes) = (network.input.shape(), network.classes.len());
    Ok(Plan {
        name: network.name.clone(),
        input: network.input,
        classes,
        cycles_per_image: slowest.max((shape.h * shape.w) as u64).max(classes as u64),
        lanes: layers.iter().map(|l| l.lanes).sum(),
        resources: Resources::none(family),
        layers,
    })
}

//! Picks a folding for every stage, from the last to the first, so that each stream's lanes fit both its ends.

use anyhow::{Result, anyhow};

use super::conv::Folding;
use super::layer::{Choice, LayerPlan, layer};
use super::sparse::SparseFolding;
use super::stages::{Kind, Stage, stages};
use super::stream::{Adapter, Stream};
use super::{Plan, Resources};
use crate::network::Network;
use crate::network::graph::Shape;

/// What the stage after a stream wants of its lanes.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// Lanes of the consumer's words.
    pub lanes: usize,
    /// True where the consumer sees the image as one pixel.
    pub flattens: bool,
    /// Shape that arrives there.
    pub shape: Shape,
}

impl Want {
    /// True where a stream of `lanes` can be adapted to what is wanted.
    pub fn takes(&self, lanes: usize) -> bool {
        let Shape { c, h, w } = self.shape;
        let channels = if self.flattens { c.div_ceil(lanes) * lanes * h * w } else { c };
        Adapter::between(lanes, self.lanes, channels).is_some()
    }
}

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

/// Words of a window: cycles of a fold in the dense engine.
pub fn columns(stage: &Stage, folding: Folding) -> usize {
    stage.taps().div_ceil(folding.k_par) * stage.channels().div_ceil(folding.in_par)
}

/// The steps (results that leave a cycle) that let `folding` run at its full rate and that the consumer takes,
/// ascending.
pub fn steps(stage: &Stage, folding: Folding, want: Option<&Want>) -> Vec<usize> {
    steps_within(stage, folding, columns(stage, folding), want)
}

/// The same where a fold takes `fold_cycles`.
pub fn steps_within(stage: &Stage, folding: Folding, fold_cycles: usize, want: Option<&Want>) -> Vec<usize> {
    let out_par = folding.out_par;
    let folds = stage.output.c.div_ceil(out_par);
    let arrives = arrives(stage, folding);
    if stage.given_lanes.is_some_and(|lanes| !arrives.takes(lanes)) {
        return Vec::new();
    }
    let Some(want) = want else {
        // Scores leave one by one.
        return if out_par <= fold_cycles { vec![1] } else { Vec::new() };
    };
    let least = out_par.div_ceil(fold_cycles);
    (least..=out_par).filter(|&s| folds == 1 || out_par % s == 0).filter(|&s| want.takes(s)).collect()
}

fn arrives(stage: &Stage, folding: Folding) -> Want {
    Want { lanes: folding.in_par, flattens: stage.flattens(), shape: stage.input }
}

/// True where `folding` takes a stream whose beats an image are at most `beats` (a given stream is what it is).
pub fn supplied(stage: &Stage, folding: Folding, beats: u64) -> bool {
    let arrives = arrives(stage, folding);
    let made = |lanes: usize| (stage.made_pixels * stage.input.c.div_ceil(lanes)) as u64;
    stage.given_lanes.is_some() || (1..=stage.input.c).any(|lanes| made(lanes) <= beats && arrives.takes(lanes))
}

/// Cycles an image of a dense stage under `folding`.
pub fn dense_cycles(stage: &Stage, folding: Folding) -> u64 {
    let Shape { c, h, w } = stage.output;
    (h * w * columns(stage, folding) * c.div_ceil(folding.out_par)) as u64
}

/// Chooses for one stage, given what its consumer wants (`None` after the last).
pub trait Chooser {
    /// A folding and a step of a dense stage.
    fn dense(&mut self, stage: &Stage, want: Option<&Want>) -> Option<(Folding, usize)>;
    /// Banks of a sparse stage.
    fn sparse(&mut self, stage: &Stage) -> SparseFolding;
    /// Engine and folding of a convolution whose weights are stored sparse.
    fn sparse_conv(&mut self, stage: &Stage, want: Option<&Want>) -> Option<Choice>;
}

/// Plans `network` with the foldings that `chooser` picks.
///
/// # Errors
/// [`crate::error::InputError`] where an operation has no engine; another error where a choice does not fit.
pub fn plan(network: &Network, chooser: &mut dyn Chooser) -> Result<Plan> {
    let stages = stages(network)?;
    let choices = choices(network, &stages, chooser)?;
    assemble(network, &stages, &choices)
}

fn choices(network: &Network, stages: &[Stage], chooser: &mut dyn Chooser) -> Result<Vec<Choice>> {
    let mut choices = Vec::new();
    let mut want: Option<Want> = None;
    for (i, stage) in stages.iter().enumerate().rev() {
        // The network's input gives all channels of a pixel in one beat, which any consumer takes.
        let choice = match stage.kind {
            Kind::Pool(..) => Choice::Pool,
            Kind::Sparse => Choice::Sparse(chooser.sparse(stage)),
            Kind::SparseConv(_) => chooser.sparse_conv(stage, want.as_ref()).ok_or_else(|| misfit(network, stage))?,
            Kind::Conv(_) | Kind::Dense => {
                let (folding, step) = chooser.dense(stage, want.as_ref()).ok_or_else(|| misfit(network, stage))?;
                Choice::Conv(folding, step)
            }
        };
        choices.push(choice);
        let lanes = match choice {
            Choice::Conv(folding, _) => Some(folding.in_par),
            Choice::Sparse(folding) => Some(folding.in_lanes),
            Choice::SparseConv(folding) => Some(folding.in_par),
            Choice::Pool => None,
        };
        want = match (lanes, want) {
            (Some(lanes), _) => Some(Want { lanes, flattens: stage.flattens(), shape: stages[i].input }),
            (None, want) => want,
        };
    }
    choices.reverse();
    Ok(choices)
}

fn misfit(network: &Network, stage: &Stage) -> anyhow::Error {
    anyhow!("no folding of {} fits its consumer (network {})", stage.node, network.name)
}

fn assemble(network: &Network, stages: &[Stage], choices: &[Choice]) -> Result<Plan> {
    let shape = network.input.shape();
    let mut stream = Stream::new(shape, shape.c, crate::network::graph::ActType::unsigned(8));
    let mut layers: Vec<LayerPlan> = Vec::new();
    for (stage, &choice) in stages.iter().zip(choices) {
        let plan = layer(network, stage, stream, choice)
            .ok_or_else(|| anyhow!("{choice:?} does not fit {} behind {stream:?}", stage.node))?;
        stream = plan.out;
        layers.push(plan);
    }
    let slowest = layers.iter().map(|l| l.cycles_per_image).max().unwrap_or(0);
    let classes = network.classes.len();
    Ok(Plan {
        name: network.name.clone(),
        input: network.input,
        classes,
        cycles_per_image: slowest.max((shape.h * shape.w) as u64).max(classes as u64),
        lanes: layers.iter().map(|l| l.lanes).sum(),
        resources: layers.iter().map(|l| l.resources).sum::<Resources>(),
        layers,
    })
}

//! From a network to the stages that become engines, and the streams between them.

use std::collections::BTreeMap;

use anyhow::Result;

use super::pool::{PoolLayer, PoolPlan, Reduce};
use super::stream::Stream;
use crate::network::Network;
use crate::network::graph::{ActType, INPUT, Op, Shape, Storage};

/// What kind of engine a stage may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Dense multiply-accumulate lanes over windows: `[kernel, stride, padding]`.
    Conv([[usize; 2]; 3]),
    /// The same with weights stored sparse: dense lanes, or the sparse convolution engine.
    SparseConv([[usize; 2]; 3]),
    /// Dense lanes over the flattened stream.
    Dense,
    /// The sparse fully connected engine over the flattened stream.
    Sparse,
    /// A pool: `[kernel, stride, padding]`.
    Pool([[usize; 2]; 3], Reduce),
    /// A multiply and a bias per channel.
    Affine,
    /// Adds two streams.
    Add,
    /// Puts the channels of several streams one behind the other.
    Concat,
    /// Brings an image into the order of its features, for a consumer that cannot read it in stream order.
    Flatten,
}

/// A stream that a stage reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The stage that makes it; `None` for the network's input.
    pub source: Option<usize>,
    /// Its shape, before any flattening.
    pub shape: Shape,
    /// Its format.
    pub act: ActType,
    /// Its lanes where they are given: the network's input, perhaps through pools.
    pub given_lanes: Option<usize>,
    /// Its pixels where an engine, or the network's input, makes it: before any pools.
    pub made_pixels: usize,
    /// Cycles an image for each beat that a pixel takes: those pixels, or what the slowest pool behind them takes.
    pub rounds: u64,
    /// Where it comes from a concat, perhaps through pools, affines and adds: what its lanes divide, unless they are a
    /// whole pixel.
    pub unit: Option<usize>,
}

/// One engine to be.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Node of the network.
    pub node: String,
    /// Engine.
    pub kind: Kind,
    /// What it reads, in the order of the node's inputs.
    pub inputs: Vec<Arrival>,
    /// Shape of the result.
    pub output: Shape,
    /// Format of the result; `None` in the last stage.
    pub out: Option<ActType>,
    /// Bits of a weight; 0 where there is none.
    pub weight_bits: u32,
    /// Bits that hold its sums, where it has any: [`Network::acc_bits`], which looks at every weight.
    pub acc_bits: Option<u32>,
}

impl Stage {
    /// The stream that arrives, of a join the first one.
    pub fn input(&self) -> &Arrival {
        &self.inputs[0]
    }

    /// True where the stage sees the image as one pixel of many channels.
    pub fn flattens(&self) -> bool {
        matches!(self.kind, Kind::Dense | Kind::Sparse)
    }

    /// Input channels as the engine sees them: all features of a stage that flattens.
    pub fn channels(&self) -> usize {
        let shape = self.input().shape;
        if self.flattens() { shape.len() } else { shape.c }
    }

    /// Taps of a convolution's window; 1 elsewhere.
    pub fn taps(&self) -> usize {
        match self.kind {
            Kind::Conv([kernel, ..]) | Kind::SparseConv([kernel, ..]) => kernel[0] * kernel[1],
            _ => 1,
        }
    }

    /// Cycles an image of a pool, for each beat that a pixel takes.
    pub fn pool_rounds(&self) -> Option<u64> {
        let Kind::Pool(geometry, reduce) = self.kind else { return None };
        let Arrival { shape, act, .. } = *self.input();
        let input = Stream::new(shape, shape.c, act);
        Some(PoolPlan::new(&PoolLayer { input, out_shape: self.output, geometry, reduce }).cycles())
    }
}

/// The stages of `network`, each behind those it reads. Flatten nodes become part of the stages after them where these
/// read any order of features.
///
/// # Errors
/// Where a shape cannot be computed.
pub fn stages(network: &Network) -> Result<Vec<Stage>> {
    let (shapes, acts) = (network.shapes()?, network.act_types());
    let input = network.input.shape();
    let pixels = Arrival {
        source: None,
        shape: input,
        act: acts[INPUT],
        given_lanes: Some(input.c),
        made_pixels: input.h * input.w,
        rounds: (input.h * input.w) as u64,
        unit: None,
    };
    let mut tensors = BTreeMap::from([(INPUT, pixels)]);
    let mut stages: Vec<Stage> = Vec::new();
    for (i, node) in network.nodes.iter().enumerate() {
        let inputs: Vec<Arrival> = node.inputs.iter().map(|name| tensors[name.as_str()]).collect();
        let one_pixel = (inputs[0].shape.h, inputs[0].shape.w) == (1, 1);
        if matches!(node.op, Op::Flatten(_)) && (one_pixel || reads_any_order(network, &node.name)) {
            tensors.insert(&node.name, inputs[0]);
            continue;
        }
        let output = shapes[&node.name];
        let kind = kind(network, i);
        let out = acts.get(&node.name).copied();
        let weight_bits = node.op.weight_bits().unwrap_or(0);
        let acc_bits = network.acc_bits(&node.name);
        let stage = Stage { node: node.name.clone(), kind, inputs, output, out, weight_bits, acc_bits };
        if let Some(act) = out {
            tensors.insert(&node.name, result(&stage, stages.len(), act));
        }
        stages.push(stage);
    }
    Ok(stages)
}

/// The stream that `stage` makes, the one of number `source`.
fn result(stage: &Stage, source: usize, act: ActType) -> Arrival {
    let (input, output) = (stage.input(), stage.output);
    let made = output.h * output.w;
    // A pool hands on the lanes it gets; every other engine makes its own.
    let (given_lanes, made_pixels, rounds) = match stage.pool_rounds() {
        Some(rounds) => (input.given_lanes, input.made_pixels, rounds.max(input.rounds)),
        None => (None, made, made as u64),
    };
    let unit = unit(stage.kind, &stage.inputs);
    Arrival { source: Some(source), shape: output, act, given_lanes, made_pixels, rounds, unit }
}

/// What the lanes of a stage's stream divide, if anything.
fn unit(kind: Kind, inputs: &[Arrival]) -> Option<usize> {
    let units = |inputs: &[Arrival], of: fn(&Arrival) -> Option<usize>| inputs.iter().filter_map(of).reduce(gcd);
    match kind {
        Kind::Concat => units(&inputs[..inputs.len() - 1], |input| Some(input.shape.c)),
        Kind::Affine | Kind::Add | Kind::Pool(..) => units(inputs, |input| input.unit),
        Kind::Conv(_) | Kind::SparseConv(_) | Kind::Dense | Kind::Sparse | Kind::Flatten => None,
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// True where all that read the flattened tensor `name` take its features in any order: fully connected layers.
fn reads_any_order(network: &Network, name: &str) -> bool {
    let mut consumers = network.nodes.iter().filter(|node| node.inputs.iter().any(|input| input == name));
    consumers.all(|node| match node.op {
        Op::Dense(_) => true,
        Op::Flatten(_) => reads_any_order(network, &node.name),
        _ => false,
    })
}

fn kind(network: &Network, i: usize) -> Kind {
    let node = &network.nodes[i];
    match &node.op {
        Op::Conv(c) if c.storage == Storage::Sparse => Kind::SparseConv([c.kernel, c.stride, c.padding]),
        Op::Conv(c) => Kind::Conv([c.kernel, c.stride, c.padding]),
        Op::Dense(d) if d.storage == Storage::Sparse => Kind::Sparse,
        Op::Dense(_) => Kind::Dense,
        Op::MaxPool(p) => Kind::Pool([p.kernel, p.stride, p.padding], Reduce::Max),
        Op::AvgPool(p) => {
            let params = network.params(&node.name);
            let reduce = Reduce::Average { multiplier: params.multiplier[0], shift: params.shift[0], out: p.out };
            Kind::Pool([p.kernel, p.stride, [0, 0]], reduce)
        }
        Op::Affine(_) => Kind::Affine,
        Op::Add(_) => Kind::Add,
        Op::Concat(_) => Kind::Concat,
        Op::Flatten(_) => Kind::Flatten,
    }
}

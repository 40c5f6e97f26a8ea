//! One engine of the plan, every number computed.

use serde::Serialize;

use super::conv::{ConvLayer, ConvPlan, Folding};
use super::pool::{PoolLayer, PoolPlan};
use super::sparse::{self, SparseFolding, SparseInput, SparsePlan};
use super::sparse_conv::{SparseConvFolding, SparseConvPlan};
use super::stages::{Kind, Stage};
use super::stream::{Adapter, Stream};
use super::{Memory, Resources, estimate};
use crate::network::graph::{ActType, Shape};
use crate::network::{Network, Params};

/// The engine of a layer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Dense multiply-accumulate lanes over windows.
    Conv(Box<ConvPlan>),
    /// The sparse fully connected engine.
    Sparse(Box<SparsePlan>),
    /// The sparse convolution engine.
    SparseConv(Box<SparseConvPlan>),
    /// Max or average pool.
    Pool(Box<PoolPlan>),
}

/// How a stage is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Lanes, and results that leave a cycle.
    Conv(Folding, usize),
    /// Banks and activations a beat.
    Sparse(SparseFolding),
    /// Words a cycle, cycles a window, results that leave a cycle.
    SparseConv(SparseConvFolding),
    /// Pools keep the lanes they get.
    Pool,
}

/// One engine with its streams.
#[derive(Debug, Clone, Serialize)]
pub struct LayerPlan {
    /// Node of the network whose result this engine gives.
    pub node: String,
    /// Between the stream before and the engine.
    pub adapter: Adapter,
    /// Stream that arrives, before the adapter (flattened where the engine sees one pixel).
    pub input: Stream,
    /// Stream that leaves.
    pub out: Stream,
    /// Multiply-accumulate lanes; 0 for pools.
    pub lanes: usize,
    /// Multiply-accumulates an image that the network asks for (the nonzero ones in the sparse engines).
    pub useful_macs: u64,
    /// Planned cycles an image; a bound where zero activations are skipped.
    pub cycles_per_image: u64,
    /// True where the cycles depend on the data, and `cycles_per_image` is their bound.
    pub bound: bool,
    /// Memories.
    pub memories: Vec<Memory>,
    /// Estimated resources.
    pub resources: Resources,
    /// The engine itself.
    pub engine: Engine,
}

/// The dense layer of `stage` behind `input`, as the engine sees it.
pub fn conv_layer<'a>(network: &'a Network, stage: &Stage, input: Stream) -> ConvLayer<'a> {
    let (input, geometry, source) = match stage.kind {
        Kind::Conv(geometry) | Kind::SparseConv(geometry) => (input, geometry, (0..input.channels).map(Some).collect()),
        _ => (input.flattened(), [[1, 1], [1, 1], [0, 0]], input.features()),
    };
    ConvLayer {
        input,
        out_shape: stage.output,
        geometry,
        weight_bits: network.node(&stage.node).and_then(|n| n.op.weight_bits()).unwrap_or(8),
        acc_bits: network.acc_bits(&stage.node).unwrap_or(32),
        out: stage.out,
        source,
        params: network.params(&stage.node),
    }
}

/// The sparse layer of `stage` behind `input`.
pub fn sparse_input(network: &Network, stage: &Stage, input: Stream) -> SparseInput {
    let params = network.params(&stage.node);
    let rows = stage.output.c;
    let features = params.weight.len() / rows;
    let column = |feature: Option<usize>| -> Vec<(usize, i32)> {
        let Some(feature) = feature else { return Vec::new() };
        let weights = (0..rows).map(|row| (row, i32::from(params.weight[row * features + feature])));
        weights.filter(|(_, w)| *w != 0).collect()
    };
    SparseInput {
        rows,
        columns: input.features().into_iter().map(column).collect(),
        weight_bits: network.node(&stage.node).and_then(|n| n.op.weight_bits()).unwrap_or(8),
        act: stage.act,
        acc_bits: network.acc_bits(&stage.node).unwrap_or(32),
        out: stage.out,
        bias: params.bias.clone(),
        multiplier: params.multiplier.clone(),
        shift: params.shift.clone(),
    }
}

/// Plans `stage` behind `input`; `None` where `choice` does not fit the stream.
pub fn layer(network: &Network, stage: &Stage, input: Stream, choice: Choice) -> Option<LayerPlan> {
    match (stage.kind, choice) {
        (Kind::Conv(_) | Kind::SparseConv(_) | Kind::Dense, Choice::Conv(folding, step)) => {
            conv(network, stage, input, folding, step)
        }
        (Kind::SparseConv(_), Choice::SparseConv(folding)) => sparse_conv(network, stage, input, folding),
        (Kind::Sparse, Choice::Sparse(folding)) => sparse(network, stage, input, folding),
        (Kind::Pool(geometry, reduce), Choice::Pool) => {
            let plan = PoolPlan::new(&PoolLayer { input, out_shape: stage.output, geometry, reduce });
            let out = Stream::new(stage.output, input.lanes, stage.out?);
            Some(finish(stage, Adapter::None, input, out, Engine::Pool(Box::new(plan)), network.params(&stage.node)))
        }
        _ => None,
    }
}

fn conv(network: &Network, stage: &Stage, input: Stream, folding: Folding, step: usize) -> Option<LayerPlan> {
    let layer = conv_layer(network, stage, input);
    let plan = ConvPlan::new(&layer, folding, step)?;
    let out = Stream::new(stage.output, step, stage.out.unwrap_or(ActType::signed(layer.acc_bits)));
    let adapter = plan.adapter;
    Some(finish(stage, adapter, layer.input, out, Engine::Conv(Box::new(plan)), layer.params))
}

fn sparse_conv(network: &Network, stage: &Stage, input: Stream, folding: SparseConvFolding) -> Option<LayerPlan> {
    let layer = conv_layer(network, stage, input);
    let plan = SparseConvPlan::new(&layer, folding)?;
    let out = Stream::new(stage.output, folding.step, stage.out.unwrap_or(ActType::signed(layer.acc_bits)));
    let adapter = plan.adapter;
    Some(finish(stage, adapter, layer.input, out, Engine::SparseConv(Box::new(plan)), layer.params))
}

fn sparse(network: &Network, stage: &Stage, input: Stream, folding: SparseFolding) -> Option<LayerPlan> {
    let flat = input.flattened();
    let adapter = Adapter::between(flat.lanes, folding.in_lanes, flat.channels)?;
    let plan = sparse::plan(&sparse_input(network, stage, input), &folding).ok()?;
    let out = Stream::new(stage.output, 1, stage.out.unwrap_or(ActType::signed(plan.input.acc_bits)));
    Some(finish(stage, adapter, flat, out, Engine::Sparse(Box::new(plan)), network.params(&stage.node)))
}

fn finish(stage: &Stage, adapter: Adapter, input: Stream, out: Stream, engine: Engine, params: &Params) -> LayerPlan {
    let weights = params.weight.len();
    let Shape { h, w, .. } = stage.output;
    let (lanes, useful_macs, cycles, memories) = match &engine {
        Engine::Conv(p) => {
            let macs = (weights * h * w) as u64;
            (p.folding.lanes(), macs, p.window.cycles().max(p.window.image_words()), p.memories(input.bits, weights))
        }
        Engine::Sparse(p) => {
            let nonzeros = params.weight.iter().filter(|w| **w != 0).count() as u64;
            (p.folding.banks, nonzeros, p.cycles_bound, p.memories.clone())
        }
        Engine::SparseConv(p) => {
            let macs = (p.nonzeros * h * w) as u64;
            (p.lanes(), macs, p.cycles().max(p.window.image_words()), p.memories(input.bits))
        }
        Engine::Pool(p) => (0, 0, p.cycles(), p.memories()),
    };
    LayerPlan {
        node: stage.node.clone(),
        adapter,
        input,
        out,
        lanes,
        useful_macs,
        cycles_per_image: cycles.max(input.beats() as u64),
        bound: matches!(engine, Engine::Sparse(_)),
        resources: estimate::layer(&engine, &memories, &input, &out),
        memories,
        engine,
    }
}

//! One engine of the plan, every number computed.

use serde::Serialize;

use super::affine::AffinePlan;
use super::constant::layer::{Adders, Found};
use super::constant::{ConstFolding, ConstPlan};
use super::contents::Contents;
use super::conv::{ConvLayer, ConvPlan, Folding};
use super::engine::Engine;
use super::join::{How, JoinPlan, Port};
use super::memory::Style;
use super::pack::Block;
use super::pool::{PoolLayer, PoolPlan};
use super::reorder::ReorderPlan;
use super::sparse::{self, SparseFolding, SparseInput};
use super::sparse_conv::{SparseConvFolding, SparseConvPlan};
use super::stages::{Arrival, Kind, Stage};
use super::stream::{Adapter, Stream};
use super::{Memory, Resources, estimate};
use crate::network::Network;
use crate::network::graph::ActType;

/// What every engine is planned from.
type Context<'a> = (&'a Network, &'a Stage, Block);

/// How a stage is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// Lanes, and results that leave a cycle.
    Conv(Folding, usize),
    /// Banks and activations a beat.
    Sparse(SparseFolding),
    /// Words and results a cycle, cycles a window.
    SparseConv(SparseConvFolding),
    /// Words and results a cycle.
    Constant(ConstFolding),
    /// Pools keep the lanes they get.
    Pool,
    /// Values a beat of the result: affine, add, concat, flatten.
    Lanes(usize),
}

/// A stream that enters an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// The layer that makes it; `None` for the network's input.
    pub from: Option<usize>,
    /// The stream before the adapter (flattened where the engine sees one pixel).
    pub stream: Stream,
    /// Between the stream and the engine.
    pub adapter: Adapter,
}

/// One engine with its streams.
#[derive(Debug, Clone, Serialize)]
pub struct LayerPlan {
    /// Node of the network whose result this engine gives.
    pub node: String,
    /// Streams that arrive, in the order of the node's inputs.
    pub inputs: Vec<Feed>,
    /// Stream that leaves.
    pub out: Stream,
    /// Multiply-accumulate lanes; 0 for pools, joins, flatten and the constant engine.
    pub lanes: usize,
    /// Multiply-accumulates an image that the network asks for (the nonzero ones in all engines but the dense one).
    pub useful_macs: u64,
    /// Weights of the layer, zeros among them.
    #[serde(skip)]
    pub weights: usize,
    /// Planned cycles an image; a bound where zero activations are skipped.
    pub cycles_per_image: u64,
    /// True where the cycles depend on the data, and `cycles_per_image` is their bound.
    pub bound: bool,
    /// Memories.
    pub memories: Vec<Memory>,
    /// What its memories hold.
    #[serde(skip)]
    pub contents: Contents,
    /// The multiplier blocks, and the family, that it is planned for.
    #[serde(skip)]
    pub block: Block,
    /// Estimated resources.
    pub resources: Resources,
    /// The engine itself.
    pub engine: Engine,
}

impl LayerPlan {
    /// The stream that arrives, of a join the first one.
    pub fn input(&self) -> &Stream {
        &self.inputs[0].stream
    }

    /// Memories and resources anew, after a change to the engine.
    pub fn recount(&mut self) {
        let memories = self.engine.memories(&self.inputs[0].stream, self.weights);
        self.memories =
            memories.into_iter().map(|memory| self.contents.placed(memory).placed(self.block.family)).collect();
        self.settle();
    }

    /// Another style for its `memory`, until the next [`Self::recount`].
    pub fn restyle(&mut self, memory: usize, style: Style) {
        self.memories[memory].style = style;
        self.settle();
    }

    /// What follows from the memories.
    fn settle(&mut self) {
        if let Engine::Sparse(plan) = &mut self.engine {
            plan.memories.clone_from(&self.memories);
        }
        self.resources = estimate::layer(self);
    }
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
        acc_bits: stage.acc_bits.unwrap_or(32),
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
        act: stage.input().act,
        acc_bits: stage.acc_bits.unwrap_or(32),
        out: stage.out,
        bias: params.bias.clone(),
        multiplier: params.multiplier.clone(),
        shift: params.shift.clone(),
    }
}

/// Plans `stage` behind the streams `inputs`, with the multiplier blocks `block` and adders that are in `found`, or will be;
/// `None` where `choice` does not fit them.
pub fn layer(
    network: &Network,
    stage: &Stage,
    inputs: &[Stream],
    choice: Choice,
    block: Block,
    found: &Found,
) -> Option<LayerPlan> {
    let input = inputs[0];
    match (stage.kind, choice) {
        (Kind::Conv(_) | Kind::SparseConv(_) | Kind::Dense, Choice::Conv(folding, step)) => {
            let layer = conv_layer(network, stage, input);
            let plan = ConvPlan::new(&layer, folding, step, block)?;
            let feed = (layer.input, plan.adapter);
            Some(finish((network, stage, block), &[feed], step, Engine::Conv(Box::new(plan))))
        }
        (Kind::SparseConv(_), Choice::SparseConv(folding)) => {
            let layer = conv_layer(network, stage, input);
            let plan = SparseConvPlan::new(&layer, folding)?;
            let feed = (layer.input, plan.adapter);
            Some(finish((network, stage, block), &[feed], folding.step, Engine::SparseConv(Box::new(plan))))
        }
        (Kind::Conv(_) | Kind::SparseConv(_) | Kind::Dense | Kind::Sparse, Choice::Constant(folding)) => {
            let layer = conv_layer(network, stage, input);
            let adders = Adders::of(&stage.node, layer.params, stage.input().act, folding.digit, found)?;
            let plan = ConstPlan::new(&layer, adders, folding)?;
            let feed = (layer.input, plan.adapter);
            Some(finish((network, stage, block), &[feed], folding.step, Engine::Constant(Box::new(plan))))
        }
        (Kind::Sparse, Choice::Sparse(folding)) => sparse((network, stage, block), input, folding),
        (Kind::Pool(geometry, reduce), Choice::Pool) => {
            let plan = PoolPlan::new(&PoolLayer { input, out_shape: stage.output, geometry, reduce });
            Some(finish((network, stage, block), &[(input, Adapter::None)], input.lanes, Engine::Pool(Box::new(plan))))
        }
        (Kind::Affine, Choice::Lanes(lanes)) => affine((network, stage, block), input, lanes),
        (Kind::Add, Choice::Lanes(lanes)) => join((network, stage, block), inputs, How::Add, lanes),
        (Kind::Concat, Choice::Lanes(lanes)) => join((network, stage, block), inputs, How::Concat, lanes),
        (Kind::Flatten, Choice::Lanes(1)) => {
            let adapter = Adapter::between(input.lanes, 1, input.channels)?;
            let engine = Engine::Flatten(Box::new(ReorderPlan::new(&input)));
            Some(finish((network, stage, block), &[(input, adapter)], 1, engine))
        }
        _ => None,
    }
}

fn sparse((network, stage, block): Context, input: Stream, folding: SparseFolding) -> Option<LayerPlan> {
    let flat = input.flattened();
    let adapter = Adapter::between(flat.lanes, folding.in_lanes, flat.channels)?;
    let plan = sparse::plan(&sparse_input(network, stage, input), &folding).ok()?;
    Some(finish((network, stage, block), &[(flat, adapter)], 1, Engine::Sparse(Box::new(plan))))
}

fn affine((network, stage, block): Context, input: Stream, lanes: usize) -> Option<LayerPlan> {
    let adapter = Adapter::between(input.lanes, lanes, input.channels)?;
    let weight_bits = network.node(&stage.node)?.op.weight_bits()?;
    let acc_bits = stage.acc_bits?;
    let plan = AffinePlan::new(&input, lanes, weight_bits, acc_bits, network.params(&stage.node), stage.out);
    Some(finish((network, stage, block), &[(input, adapter)], lanes, Engine::Affine(Box::new(plan))))
}

fn join((network, stage, block): Context, inputs: &[Stream], how: How, lanes: usize) -> Option<LayerPlan> {
    let value_bits = stage.acc_bits?;
    let plan = JoinPlan::new(how, inputs, lanes, network.params(&stage.node), value_bits, stage.out?)?;
    let adapter = |(stream, port): (&Stream, &Port)| {
        Some((*stream, Adapter::between(stream.lanes, port.lanes, stream.channels)?))
    };
    let feeds: Vec<(Stream, Adapter)> = inputs.iter().zip(&plan.ports).map(adapter).collect::<Option<_>>()?;
    Some(finish((network, stage, block), &feeds, lanes, Engine::Join(Box::new(plan))))
}

fn finish((network, stage, block): Context, feeds: &[(Stream, Adapter)], lanes: usize, engine: Engine) -> LayerPlan {
    let params = network.params(&stage.node);
    let scores = || ActType::signed(stage.acc_bits.unwrap_or(32));
    let out = Stream::new(stage.output, lanes, stage.out.unwrap_or_else(scores));
    let feed =
        |(arrival, &(stream, adapter)): (&Arrival, &(Stream, Adapter))| Feed { from: arrival.source, stream, adapter };
    let beats = feeds.iter().map(|(stream, _)| stream.beats()).chain([out.beats()]).max().unwrap_or(0);
    let mut layer = LayerPlan {
        node: stage.node.clone(),
        inputs: stage.inputs.iter().zip(feeds).map(feed).collect(),
        out,
        lanes: engine.lanes(),
        useful_macs: engine.useful_macs(params, stage.output.h * stage.output.w),
        cycles_per_image: engine.cycles().max(beats as u64),
        weights: params.weight.len(),
        bound: matches!(engine, Engine::Sparse(_)),
        resources: Resources::none(block.family),
        contents: Contents::default(),
        block,
        memories: Vec::new(),
        engine,
    };
    layer.recount();
    layer
}

//! The top, `templates/top.v`: AXI4-Stream in and out, the engines and the lane adapters between them.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;

use super::literal::range;
use super::{Artifact, text};
use crate::plan::layer::Feed;
use crate::plan::sparse::bits_for;
use crate::plan::stream::Adapter;
use crate::plan::{Engine, LayerPlan, Plan};

#[derive(Template)]
#[template(path = "top.v")]
struct Top<'a> {
    top: String,
    name: &'a str,
    height: usize,
    width: usize,
    channels: usize,
    classes: usize,
    cycles: u64,
    bottleneck: &'a str,
    pixel_bits: usize,
    pixels: usize,
    pixel_count_bits: u32,
    index_bits: u32,
    score_bits: u32,
    last: &'a str,
    pixel_fork: String,
    layers: Vec<Layer<'a>>,
}

struct Layer<'a> {
    node: &'a str,
    module: String,
    what: String,
    inputs: Vec<Input>,
    out_range: String,
    out_bits: usize,
    adapters: String,
    fork: String,
}

/// A stream as it enters an engine.
struct Input {
    /// The engine's port with the blanks that align it.
    port: String,
    blanks: &'static str,
    wires: Wires,
}

/// What the consumer of a stream connects to.
struct Wires {
    data: String,
    valid: String,
    ready: String,
}

#[derive(Template)]
#[template(path = "fork.v")]
struct Fork<'a> {
    stream: &'a str,
    ways: usize,
}

#[derive(Template)]
#[template(path = "adapter.v")]
struct Lanes<'a> {
    /// Of the cell, and of what stands beside it.
    name: &'a str,
    source: &'a Wires,
    wires: &'a Wires,
    cell: &'static str,
    bits_name: &'static str,
    bits: usize,
    ratio: usize,
    beats: usize,
    count_bits: u32,
    range: String,
    data: String,
    out: String,
    whole: usize,
    spare: usize,
}

/// The module of `node`'s engine.
pub fn module_name(plan: &Plan, node: &str) -> String {
    format!("{}_{node}", plan.name)
}

/// `rtl/<name>_top.v`.
pub fn emit(plan: &Plan) -> Result<Artifact> {
    let mut ways = Ways::new(plan);
    let mut layers = Vec::new();
    for layer in &plan.layers {
        let (inputs, adapters) = inputs(plan, layer, &mut ways)?;
        layers.push(Layer {
            node: &layer.node,
            module: module_name(plan, &layer.node),
            what: what(layer),
            inputs,
            out_range: range(layer.out.beat_bits()),
            out_bits: layer.out.beat_bits(),
            adapters,
            fork: ways.fork(&layer.node)?,
        });
    }
    let last = plan.layers.last().map(|l| (l.node.as_str(), l.out.bits)).unwrap_or_default();
    let slowest = plan.layers.iter().max_by_key(|l| l.cycles_per_image);
    let top = Top {
        top: format!("{}_top", plan.name),
        name: &plan.name,
        height: plan.input.height,
        width: plan.input.width,
        channels: plan.input.channels,
        classes: plan.classes,
        cycles: plan.cycles_per_image,
        bottleneck: slowest.map_or("the input", |l| &l.node),
        pixel_bits: 8 * plan.input.channels,
        pixels: plan.input.height * plan.input.width,
        pixel_count_bits: bits_for(plan.input.height * plan.input.width - 1),
        index_bits: bits_for(plan.classes - 1),
        score_bits: last.1,
        last: last.0,
        pixel_fork: ways.fork(PIXEL)?,
        layers,
    };
    Ok(Artifact::new(format!("rtl/{}.v", top.top), top.render()? + "\n"))
}

fn what(layer: &LayerPlan) -> String {
    let cycles = layer.cycles_per_image;
    match &layer.engine {
        Engine::Conv(p) => format!("{}, {cycles} cycles an image", text::count(p.folding.lanes(), "lane")),
        Engine::SparseConv(p) => {
            format!("{} for nonzero weights, {cycles} cycles an image", text::count(p.lanes(), "lane"))
        }
        Engine::Constant(p) => {
            format!("{}, {cycles} cycles an image", text::count(p.adders.graph.adders.len(), "adder"))
        }
        Engine::Sparse(p) => format!("{}, at most {cycles} cycles an image", text::count(p.folding.banks, "bank")),
        Engine::Pool(_) | Engine::Affine(_) | Engine::Join(_) | Engine::Flatten(_) => {
            format!("{}, {cycles} cycles an image", text::count(layer.out.lanes, "lane"))
        }
    }
}

/// The streams of `layer`'s ports, and the adapters before them.
fn inputs<'a>(plan: &'a Plan, layer: &LayerPlan, ways: &mut Ways<'a>) -> Result<(Vec<Input>, String)> {
    let joins = layer.inputs.len() > 1;
    let (mut inputs, mut adapters) = (Vec::new(), String::new());
    for (k, feed) in layer.inputs.iter().enumerate() {
        let source = ways.next(feed.from.map_or(PIXEL, |from| &plan.layers[from].node));
        let port = if joins { format!("in{k}") } else { "in".into() };
        let name = if joins { format!("{}_{port}", layer.node) } else { layer.node.clone() };
        let adapted = Wires::of(&format!("{}_{port}", layer.node));
        let adapter = adapter(&name, feed, words(layer, k), &source, &adapted)?;
        let wires = if adapter.is_empty() { source } else { adapted };
        adapters += &adapter;
        inputs.push(Input { blanks: if joins { "" } else { " " }, port, wires });
    }
    Ok((inputs, adapters))
}

/// Lanes of the words that port `k` of `layer` takes.
fn words(layer: &LayerPlan, k: usize) -> usize {
    match &layer.engine {
        Engine::Conv(p) => p.folding.in_par,
        Engine::SparseConv(p) => p.folding.in_par,
        Engine::Constant(p) => p.folding.in_par,
        Engine::Sparse(p) => p.folding.in_lanes,
        Engine::Pool(p) => p.input.lanes,
        Engine::Affine(p) => p.lanes,
        Engine::Join(p) => p.ports[k].lanes,
        Engine::Flatten(_) => 1,
    }
}

/// The adapter of `feed` to words of `to` lanes, or an empty text.
fn adapter(name: &str, feed: &Feed, to: usize, source: &Wires, wires: &Wires) -> Result<String> {
    let (from, bits) = (feed.stream.lanes, feed.stream.bits as usize);
    let common = |cell, bits_name, bits, ratio: usize, beats: usize| Lanes {
        name,
        source,
        wires,
        cell,
        bits_name,
        bits,
        ratio,
        beats,
        count_bits: bits_for((ratio - 1).max(beats - 1)),
        range: range(to * feed.stream.bits as usize),
        data: source.data.clone(),
        out: wires.data.clone(),
        whole: 0,
        spare: 0,
    };
    let lanes = match feed.adapter {
        Adapter::None => return Ok(String::new()),
        Adapter::Widen { ratio, beats } => {
            let mut lanes = common("sg_widen", "InBits   ", from * bits, ratio, beats);
            (lanes.whole, lanes.spare) = (from * bits * ratio, (from * ratio - to) * bits);
            if lanes.spare > 0 {
                lanes.out = format!("{name}_whole");
            }
            lanes
        }
        Adapter::Narrow { ratio, beats } => {
            let mut lanes = common("sg_narrow", "OutBits  ", to * bits, ratio, beats);
            let missing = (to * ratio - from) * bits;
            if missing > 0 {
                lanes.data = format!("{{{missing}'d0, {}}}", source.data);
            }
            lanes
        }
    };
    Ok(lanes.render()? + "\n")
}

/// The network's input among the streams.
const PIXEL: &str = "pixel";

impl Wires {
    /// Those of the stream `name`.
    fn of(name: &str) -> Self {
        let wire = |suffix| format!("{name}_{suffix}");
        Self { data: wire("data"), valid: wire("valid"), ready: wire("ready") }
    }
}

/// Who reads each stream: one consumer connects to the stream itself, several to the bits of its fork.
struct Ways<'a> {
    readers: BTreeMap<&'a str, usize>,
    connected: BTreeMap<&'a str, usize>,
}

impl<'a> Ways<'a> {
    fn new(plan: &'a Plan) -> Self {
        let mut readers = BTreeMap::new();
        for feed in plan.layers.iter().flat_map(|layer| &layer.inputs) {
            *readers.entry(feed.from.map_or(PIXEL, |from| plan.layers[from].node.as_str())).or_insert(0) += 1;
        }
        Self { readers, connected: BTreeMap::new() }
    }

    /// What the next consumer of `stream` connects to.
    fn next(&mut self, stream: &'a str) -> Wires {
        let whole = Wires::of(stream);
        if self.readers[stream] == 1 {
            return whole;
        }
        let way = self.connected.entry(stream).or_insert(0);
        let bit = |wire| format!("{stream}_fork_{wire}[{way}]");
        let wires = Wires { valid: bit("valid"), ready: bit("ready"), ..whole };
        *way += 1;
        wires
    }

    /// The fork of `stream`, or an empty text.
    fn fork(&self, stream: &str) -> Result<String> {
        let ways = self.readers.get(stream).copied().unwrap_or(0);
        Ok(if ways > 1 { Fork { stream, ways }.render()? } else { String::new() })
    }
}

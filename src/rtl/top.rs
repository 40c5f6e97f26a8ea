//! The top, `templates/top.v`: AXI4-Stream in and out, the engines and the lane adapters between them.

use anyhow::Result;
use askama::Template;

use super::literal::range;
use super::{Artifact, text};
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
    layers: Vec<Layer<'a>>,
}

struct Layer<'a> {
    node: &'a str,
    module: String,
    what: String,
    source: String,
    out_range: String,
    out_bits: usize,
    adapter: String,
}

#[derive(Template)]
#[template(path = "adapter.v")]
struct Lanes<'a> {
    node: &'a str,
    source: &'a str,
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
    let mut layers = Vec::new();
    let mut source = "pixel".to_string();
    for layer in &plan.layers {
        let adapter = adapter(layer, &source)?;
        let feeds = if adapter.is_empty() { source } else { format!("{}_in", layer.node) };
        layers.push(Layer {
            node: &layer.node,
            module: module_name(plan, &layer.node),
            what: what(layer),
            source: feeds,
            out_range: range(layer.out.beat_bits()),
            out_bits: layer.out.beat_bits(),
            adapter,
        });
        source = layer.node.clone();
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
        Engine::Sparse(p) => format!("{}, at most {cycles} cycles an image", text::count(p.folding.banks, "bank")),
        Engine::Pool(p) => format!("{}, {cycles} cycles an image", text::count(p.input.lanes, "lane")),
    }
}

/// The adapter in front of `layer`, or an empty text.
fn adapter(layer: &LayerPlan, source: &str) -> Result<String> {
    let node = layer.node.as_str();
    let bits = layer.input.bits as usize;
    let from = layer.input.lanes;
    let to = match &layer.engine {
        Engine::Conv(p) => p.folding.in_par,
        Engine::SparseConv(p) => p.folding.in_par,
        Engine::Sparse(p) => p.folding.in_lanes,
        Engine::Pool(p) => p.input.lanes,
    };
    let data = format!("{source}_data");
    let common = |cell, bits_name, bits, ratio: usize, beats: usize| Lanes {
        node,
        source,
        cell,
        bits_name,
        bits,
        ratio,
        beats,
        count_bits: bits_for((ratio - 1).max(beats - 1)),
        range: range(to * layer.input.bits as usize),
        data: data.clone(),
        out: format!("{node}_in_data"),
        whole: 0,
        spare: 0,
    };
    let lanes = match layer.adapter {
        Adapter::None => return Ok(String::new()),
        Adapter::Widen { ratio, beats } => {
            let mut lanes = common("sg_widen", "InBits   ", from * bits, ratio, beats);
            (lanes.whole, lanes.spare) = (from * bits * ratio, (from * ratio - to) * bits);
            if lanes.spare > 0 {
                lanes.out = format!("{node}_whole");
            }
            lanes
        }
        Adapter::Narrow { ratio, beats } => {
            let mut lanes = common("sg_narrow", "OutBits  ", to * bits, ratio, beats);
            let missing = (to * ratio - from) * bits;
            if missing > 0 {
                lanes.data = format!("{{{missing}'d0, {source}_data}}");
            }
            lanes
        }
    };
    Ok(lanes.render()?)
}

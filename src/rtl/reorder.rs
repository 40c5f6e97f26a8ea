//! The flatten engine, `templates/flatten.v`.

use anyhow::Result;
use askama::Template;

use super::literal::{Counter, range};
use super::queue::queue;
use super::{Artifact, text};
use crate::plan::LayerPlan;
use crate::plan::memory::style;
use crate::plan::reorder::ReorderPlan;

#[derive(Template)]
#[template(path = "flatten.v")]
struct Flatten<'a> {
    module: &'a str,
    input_text: String,
    output_text: String,
    bits: usize,
    style: &'static str,
    range: String,
    page: Counter,
    pixel: Counter,
    channel: Counter,
    second_page: String,
    pixel_words: String,
    addr: Counter,
    queue: String,
}

/// `rtl/<module>.v`.
pub fn emit(module: &str, layer: &LayerPlan, plan: &ReorderPlan) -> Result<Artifact> {
    let addr = Counter::new(2 * plan.values());
    let flatten = Flatten {
        module,
        input_text: text::stream(layer.input(), 1),
        output_text: text::stream(&layer.out, 1),
        bits: plan.bits as usize,
        style: style(&layer.memories, "pages"),
        range: range(plan.bits as usize),
        page: Counter::new(plan.values()),
        pixel: Counter::new(plan.pixels),
        channel: Counter::new(plan.channels),
        second_page: addr.lit(plan.values()),
        pixel_words: addr.lit(plan.channels),
        addr,
        queue: queue(layer.out.beat_bits(), layer.engine.queue_addr_bits().unwrap_or(1), 1, "1'b0")?,
    };
    Ok(Artifact::new(format!("rtl/{module}.v"), flatten.render()? + "\n"))
}

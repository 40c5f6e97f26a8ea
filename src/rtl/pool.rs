//! The pools, `templates/pool.v`.

use anyhow::Result;
use askama::Template;

use super::literal::{Counter, range};
use super::queue::queue;
use super::{Artifact, text, window};
use crate::plan::LayerPlan;
use crate::plan::pool::{PoolPlan, Reduce};
use crate::plan::requant::REQUANT_CYCLES;
use crate::plan::sparse::bits_for;

#[derive(Template)]
#[template(path = "pool.v")]
struct Pool<'a> {
    module: &'a str,
    title: &'static str,
    formula: String,
    input_text: String,
    output_text: String,
    cycles: u64,
    windowed: bool,
    average: bool,
    kernel_h: usize,
    kernel_w: usize,
    lanes: usize,
    in_bits: usize,
    in_signed: u8,
    max: u8,
    value_bits: usize,
    out_bits: usize,
    out_signed: u8,
    in_range: String,
    out_range: String,
    group: Counter,
    col: Counter,
    row: Counter,
    kx: Counter,
    ky: Counter,
    addr: Counter,
    used: String,
    partial_style: &'static str,
    shift: String,
    mul_bits: u32,
    multiplier: String,
    requant_cycles: usize,
    queue: String,
}

/// The files of pool module `module`.
pub fn emit(module: &str, layer: &LayerPlan, plan: &PoolPlan) -> Result<Vec<Artifact>> {
    let mut files = vec![Artifact::new(format!("rtl/{module}.v"), engine(module, layer, plan)?.render()? + "\n")];
    if let Some(window) = &plan.window {
        files.push(window::emit(module, &layer.node, window, plan.input.beat_bits(), pad_word(plan))?);
    }
    Ok(files)
}

/// What a padding tap reads: a value that never wins.
fn pad_word(plan: &PoolPlan) -> String {
    let bits = plan.input.bits;
    let least = if plan.input.signed { 1u64 << (bits - 1) } else { 0 };
    format!("{{{}{{{bits}'d{least}}}}}", plan.input.lanes)
}

fn engine<'a>(module: &'a str, layer: &LayerPlan, plan: &PoolPlan) -> Result<Pool<'a>> {
    let input = &plan.input;
    let [kernel_h, kernel_w] = plan.kernel;
    let (col, row) = (Counter::new(input.width), Counter::new(input.height));
    let average = matches!(plan.reduce, Reduce::Average { .. });
    let (multiplier, shift) = match plan.reduce {
        Reduce::Max => (0, 1),
        Reduce::Average { multiplier, shift, .. } => (multiplier, shift),
    };
    let mul_bits = bits_for(usize::from(multiplier));
    let out = (layer.out.bits, layer.out.signed);
    Ok(Pool {
        module,
        title: if average { "average" } else { "maximum" },
        formula: match plan.reduce {
            Reduce::Max => "out = max over the window; padding never wins".into(),
            Reduce::Average { out, .. } => text::result(Some(out), "sum over the window"),
        },
        input_text: text::stream(input, input.lanes),
        output_text: text::stream(&layer.out, layer.out.lanes),
        cycles: plan.cycles(),
        windowed: plan.window.is_some(),
        average,
        kernel_h,
        kernel_w,
        lanes: input.lanes,
        in_bits: input.bits as usize,
        in_signed: u8::from(input.signed),
        max: u8::from(!average),
        value_bits: plan.value_bits as usize,
        out_bits: out.0 as usize,
        out_signed: u8::from(out.1),
        in_range: range(input.beat_bits()),
        out_range: range(layer.out.beat_bits()),
        group: Counter::new(plan.groups()),
        kx: Counter::new(kernel_w),
        ky: Counter::new(kernel_h),
        addr: Counter::new(plan.out[1] * plan.groups()),
        used: used(plan, &col, &row),
        partial_style: "auto",
        col,
        row,
        shift: format!("6'd{shift}"),
        mul_bits,
        multiplier: format!("{mul_bits}'d{multiplier}"),
        requant_cycles: REQUANT_CYCLES,
        queue: queue(layer.out.beat_bits(), plan.queue_addr_bits, 1, "1'b0")?,
    })
}

/// The condition that a beat belongs to a whole window.
fn used(plan: &PoolPlan, col: &Counter, row: &Counter) -> String {
    let mut terms = Vec::new();
    for (name, counter, kept, all) in [
        ("col_q", col, plan.out[1] * plan.kernel[1], plan.input.width),
        ("row_q", row, plan.out[0] * plan.kernel[0], plan.input.height),
    ] {
        if kept < all {
            terms.push(format!("({name} < {})", counter.lit(kept)));
        }
    }
    if terms.is_empty() { "1'b1".into() } else { terms.join(" && ") }
}

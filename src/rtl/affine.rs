//! The affine engine, `templates/affine.v`.

use anyhow::Result;
use askama::Template;

use super::literal::{Counter, range};
use super::queue::queue;
use super::{Artifact, hex, text};
use crate::network::Params;
use crate::plan::LayerPlan;
use crate::plan::affine::AffinePlan;
use crate::plan::memory::style;

#[derive(Template)]
#[template(path = "affine.v")]
struct Affine<'a> {
    module: &'a str,
    formula: String,
    input_text: String,
    output_text: String,
    cycles: u64,
    const_layout: String,
    lanes: usize,
    groups: Counter,
    act_bits: usize,
    act_signed: u8,
    weight_bits: usize,
    weight_style: &'static str,
    const_style: &'static str,
    product_bits: usize,
    acc_bits: usize,
    lut_products: u8,
    in_range: String,
    out_range: String,
    const_bits: usize,
    bias_bits: u32,
    bias_expr: String,
    term_expr: String,
    mul_bits: u32,
    var_shift: bool,
    shift_at: u32,
    shift: u8,
    out_bits: usize,
    out_signed: u8,
    behind: usize,
    queue: String,
}

/// The files of affine module `module`: engine, weights, constants.
pub fn emit(module: &str, layer: &LayerPlan, plan: &AffinePlan, params: &Params) -> Result<Vec<Artifact>> {
    Ok(vec![
        Artifact::new(format!("rtl/{module}.v"), engine(module, layer, plan)?.render()? + "\n"),
        Artifact::new(format!("mem/{module}_weight.hex"), hex::file(plan.weight_words(params))),
        Artifact::new(format!("mem/{module}_const.hex"), hex::file(plan.const_words(params))),
    ])
}

fn engine<'a>(module: &'a str, layer: &LayerPlan, plan: &AffinePlan) -> Result<Affine<'a>> {
    let (input, requant) = (layer.input(), &plan.requant);
    Ok(Affine {
        module,
        formula: text::result(requant.out, "acc[c]"),
        input_text: text::stream(input, plan.lanes),
        output_text: text::stream(&layer.out, layer.out.lanes),
        cycles: layer.cycles_per_image,
        const_layout: text::const_layout(requant),
        lanes: plan.lanes,
        groups: Counter::new(plan.groups),
        act_bits: input.bits as usize,
        act_signed: u8::from(input.signed),
        weight_bits: plan.weight_bits as usize,
        weight_style: style(&layer.memories, "weight"),
        const_style: style(&layer.memories, "const"),
        product_bits: plan.product_bits as usize,
        acc_bits: plan.acc_bits as usize,
        lut_products: u8::from(plan.lut_products),
        in_range: range(plan.lanes * input.bits as usize),
        out_range: range(layer.out.beat_bits()),
        const_bits: requant.const_bits() as usize,
        bias_bits: requant.bias_bits,
        bias_expr: text::extended("constant", requant.bias_bits, plan.acc_bits),
        term_expr: text::extended("product", plan.product_bits, plan.acc_bits),
        mul_bits: requant.mul_bits,
        var_shift: requant.shift.is_none(),
        shift_at: requant.bias_bits + requant.mul_bits,
        shift: requant.shift.unwrap_or(1),
        out_bits: layer.out.bits as usize,
        out_signed: u8::from(layer.out.signed),
        behind: plan.latency() - 3,
        queue: queue(layer.out.beat_bits(), layer.engine.queue_addr_bits().unwrap_or(1), 1, "1'b0")?,
    })
}

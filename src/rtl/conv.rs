//! The dense engine, `templates/conv.v`: line buffer, multiply-accumulate lanes, drain, output queue.

use anyhow::Result;
use askama::Template;

use super::drain::Drain;
use super::literal::{Counter, range};
use super::{Artifact, hex, text, window};
use crate::network::Network;
use crate::plan::LayerPlan;
use crate::plan::conv::{ConvLayer, ConvPlan, const_words, weight_words};
use crate::plan::sparse::bits_for;

#[derive(Template)]
#[template(path = "conv.v")]
struct Conv<'a> {
    module: &'a str,
    title: String,
    formula: String,
    input_text: String,
    output_text: String,
    k_par: usize,
    in_par: usize,
    products: usize,
    out_par: usize,
    lanes: usize,
    lut_products: usize,
    lut_taps: String,
    act_bits: u32,
    act_signed: u8,
    weight_bits: usize,
    cycles: u64,
    windows: usize,
    phases: String,
    groups: usize,
    folds: usize,
    weight_depth: usize,
    weight_width: usize,
    weight_style: &'static str,
    step: usize,
    queue_beats: usize,
    word_range: String,
    taps_range: String,
    out_range: String,
    weight_addr: Counter,
    tree_levels: u32,
    sum_bits: usize,
    acc_bits: usize,
    mac_latency: usize,
    steps: usize,
    steps_bits: u32,
    drain: String,
}

/// The files of layer module `module`: engine, window generator, weights, constants.
pub fn emit(
    module: &str,
    network: &Network,
    layer: &LayerPlan,
    plan: &ConvPlan,
    view: &ConvLayer,
) -> Result<Vec<Artifact>> {
    let word_bits = plan.folding.in_par * layer.input.bits as usize;
    let pad_word = format!("{word_bits}'d0");
    let weights = weight_words(plan, view);
    let weight_fields = weights.iter().map(|word| word.iter().map(|w| (*w, plan.weight_bits)));
    let constants = const_words(&plan.requant, view.params, plan.out_channels, plan.folding.out_par, plan.step);
    Ok(vec![
        Artifact::new(format!("rtl/{module}.v"), engine(module, network, layer, plan)?.render()? + "\n"),
        window::emit(module, &layer.node, &plan.window, word_bits, pad_word)?,
        Artifact::new(format!("mem/{module}_weight.hex"), hex::file(weight_fields)),
        Artifact::new(format!("mem/{module}_const.hex"), hex::file(constants)),
    ])
}

fn engine<'a>(module: &'a str, network: &Network, layer: &LayerPlan, plan: &ConvPlan) -> Result<Conv<'a>> {
    let window = &plan.window;
    let op = network.node(&layer.node).map_or("", |n| n.op.name());
    let [kernel_h, kernel_w] = window.kernel;
    Ok(Conv {
        module,
        title: match op {
            "dense" => format!("fully connected, {} to {}, as a 1x1 convolution", plan.in_channels, plan.out_channels),
            _ => format!("convolution {kernel_h} x {kernel_w}, {} to {} channels", plan.in_channels, plan.out_channels),
        },
        formula: text::result(plan.requant.out, "acc[o]"),
        input_text: text::stream(&layer.input, plan.folding.in_par),
        output_text: text::stream(&layer.out, layer.out.lanes),
        k_par: plan.folding.k_par,
        in_par: plan.folding.in_par,
        products: plan.folding.products(),
        out_par: plan.folding.out_par,
        lanes: plan.folding.lanes(),
        lut_products: plan.lut_products,
        lut_taps: lut_taps(plan),
        act_bits: layer.input.bits,
        act_signed: u8::from(layer.input.signed),
        weight_bits: plan.weight_bits as usize,
        cycles: window.cycles(),
        windows: window.out[0] * window.out[1],
        phases: match plan.folding.k_par {
            1 => text::count(window.phases(), "tap"),
            _ => text::count(window.phases(), "group") + " of taps",
        },
        groups: window.groups,
        folds: window.folds,
        weight_depth: plan.weight_depth(),
        weight_width: plan.weight_width(),
        weight_style: "auto",
        step: plan.step,
        queue_beats: 1 << plan.queue_addr_bits,
        word_range: range(plan.folding.in_par * layer.input.bits as usize),
        taps_range: range(plan.folding.products() * layer.input.bits as usize),
        out_range: range(layer.out.beat_bits()),
        weight_addr: Counter::new(plan.weight_depth()),
        tree_levels: plan.tree_levels,
        sum_bits: plan.sum_bits as usize,
        acc_bits: plan.acc_bits as usize,
        mac_latency: plan.mac_latency(),
        steps: plan.steps,
        steps_bits: bits_for(plan.steps),
        drain: Drain {
            module,
            step: plan.step,
            steps: plan.steps,
            words: plan.const_depth(),
            channels: plan.out_channels,
            acc_bits: plan.acc_bits,
            requant: &plan.requant,
            queue_addr_bits: plan.queue_addr_bits,
        }
        .render(&layer.out)?,
    })
}

/// How many taps of output lane `o` multiply in LUTs: the first lanes' come first.
fn lut_taps(plan: &ConvPlan) -> String {
    let taps = plan.folding.products();
    let (full, rest) = (plan.lut_products / taps, plan.lut_products % taps);
    if full == plan.folding.out_par {
        taps.to_string()
    } else if plan.lut_products == 0 {
        "0".into()
    } else {
        format!("(o < {full}) ? {taps} : ((o == {full}) ? {rest} : 0)")
    }
}

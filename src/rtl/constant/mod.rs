//! The constant engine, `templates/constant.v`: windows, the adders stage by stage, drain, queue.

mod digits;
mod nodes;

use anyhow::Result;
use askama::Template;

use self::digits::Digital;
use self::nodes::{Names, Stage, Sum};
use super::drain::Drain;
use super::literal::{Counter, range};
use super::{Artifact, hex, text, window};
use crate::plan::LayerPlan;
use crate::plan::constant::ConstPlan;
use crate::plan::conv::{ConvLayer, const_words};
use crate::plan::memory::style;
use crate::plan::sparse::bits_for;

#[derive(Template)]
#[template(path = "constant.v")]
struct Constant<'a> {
    module: &'a str,
    title: String,
    formula: String,
    input_text: String,
    output_text: String,
    nonzeros: usize,
    adders: usize,
    words: usize,
    values: usize,
    tap_names: bool,
    input_name: &'static str,
    stage_count: usize,
    sums_latency: usize,
    digits: Option<Digital>,
    signed: &'static str,
    before_last: usize,
    cycles: u64,
    windows: usize,
    window_cycles: usize,
    step: usize,
    steps: usize,
    steps_bits: u32,
    outputs: usize,
    queue_beats: usize,
    word_range: String,
    taps_range: String,
    out_range: String,
    window_range: String,
    direct: bool,
    gathers: bool,
    gathered: String,
    pauses: bool,
    pause: Counter,
    paced: &'static str,
    granted: &'static str,
    word: Counter,
    stages: Vec<Stage>,
    sums: Vec<Sum>,
    sum_bits: usize,
    acc_bits: usize,
    step_sum: String,
    drain: String,
}

/// The files of layer module `module`: engine, constants, and a window generator where a window is more than an image.
pub fn emit(module: &str, layer: &LayerPlan, plan: &ConstPlan, view: &ConvLayer) -> Result<Vec<Artifact>> {
    let word_bits = plan.folding.in_par * layer.input().bits as usize;
    let constants = const_words(&plan.requant, view.params, plan.out_channels, plan.out_channels, plan.folding.step);
    let mut files = vec![
        Artifact::new(format!("rtl/{module}.v"), engine(module, layer, plan)?.render()? + "\n"),
        Artifact::new(format!("mem/{module}_const.hex"), hex::file(constants)),
    ];
    if !plan.direct {
        files.push(window::emit(
            module,
            &layer.node,
            &plan.window,
            word_bits,
            format!("{word_bits}'d0"),
            style(&layer.memories, "rows"),
        )?);
    }
    Ok(files)
}

fn engine<'a>(module: &'a str, layer: &LayerPlan, plan: &ConstPlan) -> Result<Constant<'a>> {
    let (window, folding, pipeline) = (&plan.window, plan.folding, &plan.adders.pipeline);
    let act_bits = layer.input().bits as usize;
    let (taps_bits, window_bits) = (folding.values() * act_bits, plan.words * folding.values() * act_bits);
    let pauses = plan.pauses();
    let names = Names::new(window.kernel, plan.adders.graph.inputs);
    let (stages, sums) = match plan.digits {
        Some(digits) => (digits::stages(plan, digits, &names), digits::sums(plan)),
        None => (nodes::stages(plan, layer.input(), &names), nodes::sums(plan, &names)),
    };
    Ok(Constant {
        module,
        title: title(plan),
        formula: text::result(plan.requant.out, "acc[o]"),
        input_text: text::stream(layer.input(), folding.in_par),
        output_text: text::stream(&layer.out, layer.out.lanes),
        nonzeros: plan.nonzeros,
        adders: plan.adders.graph.adders.len(),
        words: plan.words,
        values: folding.values(),
        tap_names: names.has_taps(),
        input_name: if names.has_taps() { "channel i under tap (ky, kx)" } else { "input i" },
        stage_count: pipeline.stages,
        sums_latency: plan.sums_latency(),
        digits: plan.digits.map(|digits| Digital::new(plan, digits, layer.input())),
        signed: if plan.digits.is_some() { "" } else { "signed " },
        before_last: pipeline.stages - 1,
        cycles: plan.cycles(),
        windows: window.out[0] * window.out[1],
        window_cycles: plan.window_cycles,
        step: folding.step,
        steps: plan.steps,
        steps_bits: bits_for(plan.steps),
        outputs: plan.out_channels,
        queue_beats: 1 << plan.queue_addr_bits,
        word_range: range(folding.in_par * act_bits),
        taps_range: range(taps_bits),
        out_range: range(layer.out.beat_bits()),
        window_range: range(window_bits),
        direct: plan.direct,
        gathers: plan.gathers(),
        gathered: match plan.words {
            1 => "tap_data".into(),
            _ => format!("{{tap_data, window[{}:{taps_bits}]}}", window_bits - 1),
        },
        pauses,
        pause: Counter::new(plan.window_cycles),
        // Words of a stream may be far apart: then it is the last ones that must not follow each other too closely.
        paced: if plan.direct && plan.words > 1 { "tap_valid && tap_last" } else { "start" },
        granted: if pauses { "grant && !pausing" } else { "grant" },
        word: Counter::new(plan.words),
        stages,
        sums,
        sum_bits: pipeline.sum_bits as usize,
        acc_bits: plan.acc_bits as usize,
        step_sum: nodes::operand("sum", pipeline.sum_bits, 0, plan.acc_bits),
        drain: drain(module, layer, plan)?,
    })
}

fn title(plan: &ConstPlan) -> String {
    let ([kernel_h, kernel_w], inputs, outputs) = (plan.window.kernel, plan.in_channels, plan.out_channels);
    if plan.direct {
        format!("fully connected, {inputs} to {outputs}")
    } else {
        format!("convolution {kernel_h} x {kernel_w}, {inputs} to {outputs} channels")
    }
}

fn drain(module: &str, layer: &LayerPlan, plan: &ConstPlan) -> Result<String> {
    let drain = Drain {
        module,
        step: plan.folding.step,
        steps: plan.steps,
        words: plan.steps,
        channels: plan.out_channels,
        acc_bits: plan.acc_bits,
        const_style: style(&layer.memories, "const"),
        requant: &plan.requant,
        queue_addr_bits: plan.queue_addr_bits,
    };
    drain.render(&layer.out)
}

//! The dense engine, `templates/conv.v`: line buffer, multiply-accumulate lanes, drain, output queue.

use anyhow::Result;
use askama::Template;

use super::drain::Drain;
use super::literal::{Counter, range};
use super::rom::Rom;
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
    placed: String,
    act_bits: u32,
    act_signed: u8,
    weight_bits: usize,
    cycles: u64,
    windows: usize,
    phases: String,
    groups: usize,
    folds: usize,
    weight_depth: usize,
    step: usize,
    queue_beats: usize,
    word_range: String,
    taps_range: String,
    out_range: String,
    weight_addr: Counter,
    late_bits: usize,
    roms: Vec<RomText>,
    deep: bool,
    chain: usize,
    skip: usize,
    segments: usize,
    tree_levels: u32,
    fields: usize,
    dots: Vec<Dot>,
    sum_bits: usize,
    acc_bits: usize,
    mac_latency: usize,
    steps: usize,
    steps_bits: u32,
    drain: String,
}

/// A weight memory.
struct RomText {
    range: String,
    data: String,
    verilog: String,
}

/// Instances of `sg_dot`: in LUTs, or in multiplier blocks.
struct Dot {
    block: &'static str,
    count: usize,
    pack: usize,
    offset: u32,
    lut: u8,
    weights: String,
    sums: String,
    carries: String,
}

/// The files of layer module `module`: engine, window generator, weights, constants.
pub fn emit(
    module: &str,
    network: &Network,
    layer: &LayerPlan,
    plan: &ConvPlan,
    view: &ConvLayer,
) -> Result<Vec<Artifact>> {
    let word_bits = plan.folding.in_par * layer.input().bits as usize;
    let pad_word = format!("{word_bits}'d0");
    let constants = const_words(&plan.requant, view.params, plan.out_channels, plan.folding.out_par, plan.step);
    let mut files = vec![
        Artifact::new(format!("rtl/{module}.v"), engine(module, network, layer, plan)?.render()? + "\n"),
        window::emit(module, &layer.node, &plan.window, word_bits, pad_word)?,
        Artifact::new(format!("mem/{module}_const.hex"), hex::file(constants)),
    ];
    for (late, rom) in roms(module, plan).iter().enumerate() {
        let words = weight_words(plan, view, late);
        files.extend(rom.images(words.iter().map(|word| word.iter().map(|w| (*w, plan.weight_bits)))));
    }
    Ok(files)
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
        input_text: text::stream(layer.input(), plan.folding.in_par),
        output_text: text::stream(&layer.out, layer.out.lanes),
        k_par: plan.folding.k_par,
        in_par: plan.folding.in_par,
        products: plan.folding.products(),
        out_par: plan.folding.out_par,
        lanes: plan.folding.lanes(),
        placed: placed(plan),
        act_bits: layer.input().bits,
        act_signed: u8::from(layer.input().signed),
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
        step: plan.step,
        queue_beats: 1 << plan.queue_addr_bits,
        word_range: range(plan.folding.in_par * layer.input().bits as usize),
        taps_range: range(plan.folding.products() * layer.input().bits as usize),
        out_range: range(layer.out.beat_bits()),
        weight_addr: Counter::new(plan.weight_depth()),
        late_bits: Counter::new(plan.weight_depth()).bits as usize + 1,
        roms: roms(module, plan).iter().map(rom_text).collect::<Result<_>>()?,
        deep: plan.deep(),
        chain: plan.chain(),
        skip: plan.skip(),
        segments: plan.segments(),
        tree_levels: plan.tree_levels(),
        fields: plan.fields(),
        dots: dots(plan),
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

/// Where the products are made, in words.
fn placed(plan: &ConvPlan) -> String {
    let in_luts = plan.lut_outputs * plan.folding.products();
    let blocks = text::count(plan.blocks(), "multiplier block");
    match (plan.blocks(), plan.pack.lanes) {
        (0, _) => "in LUTs".into(),
        (_, lanes) if in_luts > 0 => format!("{in_luts} in LUTs, the others {lanes} a block in {blocks}"),
        (_, lanes) => format!("{lanes} a block in {blocks}"),
    }
}

/// The weight memories; the later ones follow the first one's address through a shift register.
fn roms<'a>(module: &'a str, plan: &ConvPlan) -> Vec<Rom<'a>> {
    let bits = Counter::new(plan.weight_depth()).bits as usize;
    let rom = |late: usize| {
        let (enable, addr) = match late.checked_sub(1) {
            None => ("step".into(), ("weight_addr_q".into(), None)),
            Some(n) => (format!("late_q[{}]", n * (bits + 1) + bits), ("late_q".into(), Some(n * (bits + 1)))),
        };
        let name = plan.weight_name(late);
        let (data, width) = (format!("{name}_data"), plan.weight_width(late));
        Rom { module, name, data, width, depth: plan.weight_depth(), registered: true, style: "auto", enable, addr }
    };
    (0..plan.chain()).map(rom).collect()
}

fn rom_text(rom: &Rom) -> Result<RomText> {
    Ok(RomText { range: range(rom.width), data: rom.data.clone(), verilog: rom.render()? })
}

fn dots(plan: &ConvPlan) -> Vec<Dot> {
    let (sum_bits, single) = (plan.sum_bits as usize, plan.lut_outputs);
    let dot = |block, count, lanes: usize, offset, lut, first: usize| Dot {
        block,
        count,
        pack: lanes,
        offset,
        lut,
        weights: weights(plan, first, lanes),
        sums: format!("{}+:{}", place(first * sum_bits, lanes * sum_bits), lanes * sum_bits),
        carries: format!("{}+:{lanes}", place(first, lanes)),
    };
    let in_luts = dot("gen_lut", single, 1, plan.sum_bits, 1, 0);
    let in_blocks = dot("gen_block", plan.packs(), plan.pack.lanes, plan.pack.offset, 0, single);
    [in_luts, in_blocks].into_iter().filter(|dot| dot.count > 0).collect()
}

/// `base + o * step`, as Verilog.
fn place(base: usize, step: usize) -> String {
    if base == 0 { format!("o*{step}") } else { format!("{base}+o*{step}") }
}

/// The weights of instance `o` of those that make `lanes` outputs each, from output `first` on: a part of each memory's word.
fn weights(plan: &ConvPlan, first: usize, lanes: usize) -> String {
    let part = |late: usize| {
        let output = plan.products_at(late).len() * plan.weight_bits as usize;
        format!("{}_data[{}+:{}]", plan.weight_name(late), place(first * output, lanes * output), lanes * output)
    };
    let parts: Vec<String> = (0..plan.chain()).rev().map(part).collect();
    if parts.len() == 1 { parts.concat() } else { format!("{{{}}}", parts.join(", ")) }
}

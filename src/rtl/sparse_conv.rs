//! The sparse convolution engine, `templates/sparse_conv.v`: line buffer, banks of lanes with their program, drain, queue.

use anyhow::Result;
use askama::Template;

use super::drain::Drain;
use super::literal::{Counter, range};
use super::{Artifact, hex, text, window};
use crate::plan::LayerPlan;
use crate::plan::conv::{ConvLayer, const_words};
use crate::plan::memory::{lane_style, style};
use crate::plan::sparse_conv::{SparseConvPlan, lane_programs, row_table};

#[derive(Template)]
#[template(path = "sparse_conv.v")]
struct SparseConv<'a> {
    module: &'a str,
    title: String,
    formula: String,
    input_text: String,
    output_text: String,
    nonzeros: usize,
    lanes: usize,
    slots: usize,
    step: usize,
    steps: usize,
    act_bits: u32,
    act_signed: u8,
    weight_bits: u32,
    lut_products: usize,
    cycles: u64,
    windows: usize,
    window_cycles: usize,
    queue_beats: usize,
    word_range: String,
    taps_range: String,
    out_range: String,
    column: Counter,
    program: Counter,
    lane_style: &'static str,
    program_style: &'static str,
    table_style: &'static str,
    beat: Counter,
    entry_bits: u32,
    program_width: usize,
    table_width: usize,
    sum_bits: u32,
    acc_bits: usize,
    tree_levels: u32,
    next_delay: u32,
    banks: Vec<BankText>,
    exits: Vec<Exit>,
    drain: String,
}

/// One instance of `sg_gather_bank`.
struct BankText {
    index: usize,
    slot: usize,
    exit: usize,
    lanes: usize,
    lut_lanes: usize,
    choices: usize,
    select_bits: u32,
    rows: usize,
    row_bits: u32,
    act_at: usize,
    entries_at: usize,
    entries_width: usize,
    row: String,
    select: String,
}

/// One adder tree over the banks of an exit.
struct Exit {
    index: usize,
    terms: usize,
    sums: String,
}

/// The files of layer module `module`: engine, window generator, program, table of the rows, constants.
pub fn emit(module: &str, layer: &LayerPlan, plan: &SparseConvPlan, view: &ConvLayer) -> Result<Vec<Artifact>> {
    let word_bits = plan.folding.in_par * layer.input().bits as usize;
    let constants = const_words(&plan.requant, view.params, plan.out_channels, plan.out_channels, plan.folding.step);
    Ok(vec![
        Artifact::new(format!("rtl/{module}.v"), engine(module, layer, plan)?.render()? + "\n"),
        window::emit(
            module,
            &layer.node,
            &plan.window,
            word_bits,
            format!("{word_bits}'d0"),
            style(&layer.memories, "rows"),
        )?,
        Artifact::new(format!("mem/{module}_program.hex"), hex::file(lane_programs(plan, view))),
        Artifact::new(format!("mem/{module}_row.hex"), hex::file(row_table(plan))),
        Artifact::new(format!("mem/{module}_const.hex"), hex::file(constants)),
    ])
}

fn engine<'a>(module: &'a str, layer: &LayerPlan, plan: &SparseConvPlan) -> Result<SparseConv<'a>> {
    let (window, folding) = (&plan.window, plan.folding);
    let [kernel_h, kernel_w] = window.kernel;
    let channels = format!("{} to {} channels", plan.in_channels, plan.out_channels);
    let act_bits = layer.input().bits as usize;
    Ok(SparseConv {
        module,
        title: format!("sparse convolution {kernel_h} x {kernel_w}, {channels}"),
        formula: text::result(plan.requant.out, "acc[o]"),
        input_text: text::stream(layer.input(), folding.in_par),
        output_text: text::stream(&layer.out, layer.out.lanes),
        nonzeros: plan.nonzeros,
        lanes: plan.lanes(),
        slots: folding.slots(),
        step: folding.step,
        steps: plan.steps,
        act_bits: layer.input().bits,
        act_signed: u8::from(layer.input().signed),
        weight_bits: plan.weight_bits,
        lut_products: plan.lut_products,
        cycles: plan.cycles(),
        windows: window.out[0] * window.out[1],
        window_cycles: plan.window_cycles,
        queue_beats: 1 << plan.queue_addr_bits,
        word_range: range(folding.in_par * act_bits),
        taps_range: range(folding.slots() * act_bits),
        out_range: range(layer.out.beat_bits()),
        column: Counter::new(plan.columns()),
        program: Counter::new(plan.window_cycles),
        lane_style: lane_style(layer.block.family).word(),
        program_style: style(&layer.memories, "program"),
        table_style: style(&layer.memories, "row"),
        beat: Counter::new(plan.steps),
        entry_bits: plan.entry_bits(),
        program_width: plan.lanes() * plan.entry_bits() as usize,
        table_width: plan.banks.iter().map(|bank| bank.table_bits(plan.steps) as usize).sum(),
        sum_bits: plan.sum_bits,
        acc_bits: plan.acc_bits as usize,
        tree_levels: plan.tree_levels,
        next_delay: plan.tree_levels + 1,
        banks: banks(plan, act_bits),
        exits: (0..folding.step).map(|exit| exit_text(plan, exit)).collect(),
        drain: drain(module, layer, plan)?,
    })
}

fn banks(plan: &SparseConvPlan, act_bits: usize) -> Vec<BankText> {
    let (mut entry, mut field, mut lut_products) = (0, 0, plan.lut_products);
    let text = |(index, bank): (usize, &crate::plan::sparse_conv::Bank)| {
        let lanes = bank.lanes.len();
        let (row_bits, select_bits) = (bank.row_bits(), bank.select_bits(plan.steps));
        let lut_lanes = lut_products.min(lanes);
        let bank = BankText {
            index,
            slot: bank.slot,
            exit: bank.exit,
            lanes,
            lut_lanes,
            choices: bank.choices(plan.steps),
            select_bits: select_bits.max(1),
            rows: bank.rows(),
            row_bits,
            act_at: bank.slot * act_bits,
            entries_at: entry * plan.entry_bits() as usize,
            entries_width: lanes * plan.entry_bits() as usize,
            row: format!("table_word[{field}+:{row_bits}]"),
            select: match select_bits {
                0 => "1'b0".into(),
                bits => format!("table_word[{}+:{bits}]", field + row_bits),
            },
        };
        entry += lanes;
        field += row_bits + select_bits;
        lut_products -= lut_lanes;
        bank
    };
    plan.banks.iter().enumerate().map(text).collect()
}

fn exit_text(plan: &SparseConvPlan, exit: usize) -> Exit {
    let mut sums: Vec<String> = plan.terms(exit).map(|bank| format!("sum{bank}")).collect();
    sums.reverse();
    Exit { index: exit, terms: sums.len(), sums: sums.join(", ") }
}

fn drain(module: &str, layer: &LayerPlan, plan: &SparseConvPlan) -> Result<String> {
    let drain = Drain {
        module,
        step: plan.folding.step,
        steps: plan.steps,
        words: plan.steps,
        channels: plan.out_channels,
        const_style: style(&layer.memories, "const"),
        acc_bits: plan.acc_bits,
        requant: &plan.requant,
        queue_addr_bits: plan.queue_addr_bits,
    };
    drain.render(&layer.out)
}

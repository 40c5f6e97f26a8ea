//! The sparse engines: fully connected (`templates/sparse_dense.v`) and convolution (`templates/sparse_conv.v`).

use super::features::Feature;
use super::parts::{Parts, counter_bits, distinct};
use super::requant::{Requantizers, drain};
use super::scale::{Scale, Shift};
use super::{cells, products};
use crate::plan::layer::LayerPlan;
use crate::plan::memory::{Style, lane_style};
use crate::plan::requant;
use crate::plan::sparse::{OUT_FIFO_ADDR_BITS, SparsePlan};
use crate::plan::sparse_conv::{Bank, SparseConvPlan};
use crate::plan::stream::Stream;
use crate::synth::Target;

/// Products of at most so many bits by bits are made of LUTs in the fully connected engine (`src/rtl/sparse.rs`).
const LUT_PRODUCT_BITS: u32 = 20;

/// The fully connected engine without the memories that the plan lists.
pub fn sparse(parts: &mut Parts, plan: &SparsePlan, layer: &LayerPlan) {
    let input = &plan.input;
    // The word to fetch, tags, and the counts behind their table.
    parts.counter(plan.beats);
    parts.flops(4 + plan.memories[0].width as usize);
    // The drain: row, room, pages, tags.
    parts.counter(input.rows);
    parts.add(Feature::Credit, f64::from(OUT_FIFO_ADDR_BITS + 1));
    parts.flops(OUT_FIFO_ADDR_BITS as usize + 1 + 2 + 3 + 4 + requant::latency(input.out));
    // Page, row and bias of the row that is drained, for the write.
    let biases = layer.contents.columns("biases").map_or(input.acc_bits, |columns| columns.distinct);
    parts.flops(1 + plan.local_bits as usize + biases as usize);
    rows(parts, plan, layer);
    parts.mux(Feature::Mux, plan.folding.banks, input.acc_bits as usize);
    cells::queue(parts, layer.out.beat_bits(), OUT_FIFO_ADDR_BITS);
    for bank in 0..plan.banks.len() {
        sparse_bank(parts, plan, bank);
    }
}

/// What stands behind the table of the rows: its word's register, the result's, and the requantizer.
fn rows(parts: &mut Parts, plan: &SparsePlan, layer: &LayerPlan) {
    let input = &plan.input;
    let width = f64::from(plan.memories[1].width);
    parts.ff += layer.contents.columns("rows").map_or(width, |columns| columns.distinct.into());
    if input.out.is_none() {
        parts.flops(input.acc_bits as usize);
        return;
    }
    let multiplier = distinct(plan.mul_bits(), input.rows);
    let multiplier = layer.contents.multipliers.map_or(multiplier, |columns| columns.distinct.into());
    let stored = || Shift::stored(layer.contents.shifts.unwrap_or_default(), 1);
    let all = Requantizers {
        count: 1,
        acc: input.acc_bits,
        signed: true,
        scale: Scale::Stored { bits: plan.mul_bits(), words: input.rows, registers: multiplier },
        shift: plan.common_shift().map_or_else(stored, Shift::Constant),
        out: layer.out.bits,
        own: true,
    };
    let inside = all.add(parts);
    parts.ff += 2.0 * all.shift.registers();
    // The multiplier's bits go from the table through three registers: two of them lie in the block, or all are a shift register.
    let in_luts = plan.memories[1].style != Style::Block;
    if inside {
        return;
    }
    if parts.family().is_amd() && in_luts {
        parts.ff -= 3.0 * multiplier;
        parts.luts += multiplier;
    } else {
        parts.ff += multiplier;
    }
}

fn sparse_bank(parts: &mut Parts, plan: &SparsePlan, bank: usize) {
    let input = &plan.input;
    let (act, weight, acc) = (input.act.bits, input.weight_bits, input.acc_bits);
    let (lanes, count, local) = (plan.folding.in_lanes, plan.count_bits as usize, plan.local_bits as usize);
    let addr = plan.banks[bank].addr_bits(plan.count_bits) as usize;
    let job = 1 + act as usize + addr + count;
    parts.add(Feature::SparseBank, 1.0);
    parts.add(Feature::SparseJob, (lanes * job + addr + count) as f64);
    parts.add(Feature::SparseSum, f64::from(acc));
    cells::queue(parts, lanes * job + 1, plan.queue_addr_bits);
    // sg_sparse_front.
    parts.flops(addr);
    // Jobs, pages, entries under way.
    let act = act as usize;
    parts.flops((if lanes > 1 { lanes } else { 0 }) + 2 + act + addr + count + 1 + 5);
    parts.flops(3 + 3 + 2 * local);
    let product = input.act.bits + 1 + weight;
    let in_blocks = input.act.bits * weight > LUT_PRODUCT_BITS;
    let blocks = if in_blocks { products::blocks(parts.block, input.act.bits + 1, weight, acc) } else { 0 };
    parts.dsp += blocks;
    if blocks == 0 {
        parts.soft_product(input.act.bits + 1, weight.into());
    }
    // Operands, product and what it is added to lie in the block, where Yosys can put them there.
    if blocks == 0 || parts.family() != Target::Xc7 {
        parts.flops(2 * act + (weight + product + acc) as usize);
    }
    // Whether a sum goes straight on, and whether its bank is drained.
    parts.flops(2);
}

/// The sparse convolution engine without the memories that the plan lists, queue and credit.
pub fn sparse_conv(parts: &mut Parts, plan: &SparseConvPlan, layer: &LayerPlan) {
    let input = layer.input();
    // Pause, program and table addresses, columns; pages; stages.
    for count in [plan.window_cycles, plan.window_cycles, plan.steps, plan.columns()] {
        parts.counter(count);
    }
    parts.flops(3 + 3 + 1 + 2 + 1 + 3 + 4 + 1 + plan.tree_levels as usize + 2);
    // Values and entries a cycle later, with their pages.
    let entries = plan.lanes() * plan.entry_bits() as usize;
    parts.flops(entries + plan.column_bits() as usize + plan.folding.slots() * input.bits as usize + 5);
    let mut in_luts = plan.lut_products;
    for bank in &plan.banks {
        let first = in_luts.min(bank.lanes.len());
        in_luts -= first;
        lanes(parts, plan, bank, input, first);
    }
    for exit in 0..plan.folding.step {
        let terms = plan.terms(exit).count();
        let bits = (plan.sum_bits + 1).min(plan.acc_bits);
        cells::tree(parts, terms.max(1), (plan.sum_bits as usize, bits as usize), true);
    }
    drain(parts, (plan.folding.step, plan.steps), plan.acc_bits, &plan.requant, layer);
}

fn lanes(parts: &mut Parts, plan: &SparseConvPlan, bank: &Bank, input: &Stream, in_luts: usize) {
    let (act, weight, sum) = (input.bits, plan.weight_bits, plan.sum_bits);
    let row_bits = if bank.rows() > 1 { bank.row_bits() as usize } else { 0 };
    let columns = lane_depth(plan.columns(), plan.column_bits());
    let rows = lane_depth(bank.rows(), bank.row_bits());
    let style = lane_style(parts.family());
    for lane in 0..bank.lanes.len() {
        parts.add(Feature::Lane, 1.0);
        parts.add(Feature::LaneRow, row_bits as f64);
        cells::lane_memory(parts, style, act, columns);
        cells::lane_memory(parts, style, sum, rows);
        let product = (act + 1 + weight) as usize;
        parts.flops(2 + 1 + row_bits);
        let blocks = if lane < in_luts { 0 } else { products::blocks(parts.block, act + 1, weight, sum) };
        parts.dsp += blocks;
        if lane < in_luts {
            cells::booth(parts, act + 1, weight.div_ceil(2));
        } else if blocks == 0 {
            parts.soft_product(act + 1, weight.into());
        }
        // Weight, product and sum lie in the block, where Yosys can put them there.
        if blocks == 0 || parts.family() != Target::Xc7 {
            parts.add(Feature::LaneSum, f64::from(sum));
            parts.flops(weight as usize + product + sum as usize);
        }
    }
    let choices = bank.choices(plan.steps);
    if choices > 1 {
        parts.flops(counter_bits(choices));
        parts.mux(Feature::Mux, choices, sum as usize);
    }
}

/// Words of a lane's memory, two pages (`sg_gather_lane`).
fn lane_depth(count: usize, bits: u32) -> usize {
    if count <= 16 { 2 << bits } else { (2 * count).next_multiple_of(64) }
}

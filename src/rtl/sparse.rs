//! Verilog of a sparse fully connected engine, from its plan.

use std::fmt::Write;

use anyhow::Result;
use askama::Template;

use super::rom::Rom;
use super::{Artifact, cells, leaf};
use crate::network::graph::ActType;
use crate::plan::memory::style;
use crate::plan::requant;
use crate::plan::sparse::{Bank, OUT_FIFO_ADDR_BITS, SparsePlan, bits_for};

/// Largest `activation bits * weight bits` that is multiplied in LUTs rather than in a DSP.
const LUT_PRODUCT_BITS: u32 = 20;

#[derive(Template)]
#[template(path = "sparse_dense.v")]
struct Engine {
    module: String,
    columns: usize,
    rows: usize,
    nonzeros: usize,
    formula: &'static str,
    act_format: String,
    out_format: String,
    in_lanes: usize,
    beats: usize,
    weight_bits: u32,
    acc_bits: u32,
    bound: u64,
    in_msb: u32,
    out_msb: u32,
    out_width: u32,
    beat_bits: u32,
    beat_msb: u32,
    last_beat: String,
    beat_zero: String,
    beat_one: String,
    counts_width: u32,
    counts_msb: u32,
    counts_file: String,
    counts_style: &'static str,
    last_row: usize,
    row_addr_bits: u32,
    row_addr_msb: u32,
    row_table_width: u32,
    row_table_msb: u32,
    row_file: String,
    row_style: &'static str,
    push_delay: u32,
    slot_bits: u32,
    acc_msb: u32,
    local_bits: u32,
    local_msb: u32,
    bias_slice: String,
    local_slice: String,
    mul_slice: String,
    shift_source: String,
    act_bits: u32,
    act_signed: u32,
    count_bits: u32,
    entry_msb: u32,
    queue: String,
    use_dsp: u32,
    raw: bool,
    mul_bits: u32,
    mul_msb: u32,
    out_bits: u32,
    out_signed: u32,
    var_shift: u32,
    shift: u8,
    banks: Vec<BankView>,
}

struct BankView {
    index: usize,
    entries: usize,
    rows: usize,
    addr_bits: u32,
    addr_msb: u32,
    job_bits: u32,
    item_width: u32,
    item_msb: u32,
    rom: String,
    sum_style: &'static str,
    counts_slice: String,
    drain: String,
}

/// The files of layer module `<design>_<node>`, cells and memories included.
pub fn emit(design: &str, node: &str, plan: &SparsePlan) -> Result<Vec<Artifact>> {
    let engine = Engine::new(design, node, plan)?;
    let mut files = vec![Artifact::new(format!("rtl/{}.v", engine.module), engine.render()? + "\n")];
    files.extend(cells::instantiated(&files));
    for file in leaf::fifo_files(plan.queue_addr_bits)?.into_iter().chain(leaf::fifo_files(OUT_FIFO_ADDR_BITS)?) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files.push(Artifact::new(engine.counts_file.clone(), counts_table(plan)));
    files.push(Artifact::new(engine.row_file.clone(), row_table(plan)));
    for (index, bank) in plan.banks.iter().enumerate() {
        files.extend(entry_rom(&engine.module, plan, index).images(entry_words(plan, bank)));
    }
    Ok(files)
}

impl Engine {
    fn new(design: &str, node: &str, plan: &SparsePlan) -> Result<Self> {
        let input = &plan.input;
        let file = |what: &str| format!("mem/{design}_{node}_{what}.hex");
        let in_lanes = plan.folding.in_lanes as u32;
        let beat_bits = bits_for(plan.beats - 1);
        let row_addr_bits = bits_for(input.rows - 1);
        let entry_width = input.weight_bits + plan.local_bits;
        let counts_width = plan.memories[0].width;
        let fields = Fields::of(plan);
        let out_width = input.out.map_or(input.acc_bits, |o| o.bits);
        let mul_bits = plan.mul_bits();
        let module = format!("{design}_{node}");
        let banks = (0..plan.banks.len()).map(|b| bank_view(&module, plan, b, &fields)).collect::<Result<_>>()?;
        Ok(Self {
            module,
            columns: input.columns.len(),
            rows: input.rows,
            nonzeros: plan.entries_per_bank.iter().sum(),
            formula: match input.out {
                Some(_) => "requantize(bias[r] + sum over c of weight[r][c] * in[c])",
                None => "bias[r] + sum over c of weight[r][c] * in[c]",
            },
            act_format: format_of(input.act),
            out_format: format_of(input.out.unwrap_or(ActType::signed(input.acc_bits))),
            in_lanes: plan.folding.in_lanes,
            beats: plan.beats,
            weight_bits: input.weight_bits,
            acc_bits: input.acc_bits,
            bound: plan.cycles_bound,
            in_msb: in_lanes * input.act.bits - 1,
            out_msb: out_width - 1,
            out_width,
            beat_bits,
            beat_msb: beat_bits - 1,
            last_beat: format!("{beat_bits}'d{}", plan.beats - 1),
            beat_zero: format!("{beat_bits}'d0"),
            beat_one: format!("{beat_bits}'d1"),
            counts_width,
            counts_msb: counts_width - 1,
            counts_file: file("counts"),
            counts_style: style(&plan.memories, "counts"),
            last_row: input.rows - 1,
            row_addr_bits,
            row_addr_msb: row_addr_bits - 1,
            row_table_width: plan.memories[1].width,
            row_table_msb: plan.memories[1].width - 1,
            row_file: file("rows"),
            row_style: style(&plan.memories, "rows"),
            push_delay: 1 + requant::latency(input.out) as u32,
            slot_bits: OUT_FIFO_ADDR_BITS,
            acc_msb: input.acc_bits - 1,
            local_bits: plan.local_bits,
            local_msb: plan.local_bits - 1,
            bias_slice: fields.bias.slice(),
            local_slice: fields.local.slice(),
            mul_slice: fields.mul.slice(),
            shift_source: if plan.shift_bits() > 0 {
                format!("row_word_q{}", fields.shift.slice())
            } else {
                "6'd0".into()
            },
            act_bits: input.act.bits,
            act_signed: u32::from(input.act.signed),
            count_bits: plan.count_bits,
            entry_msb: entry_width - 1,
            queue: format!("sg_fifo_a{}", plan.queue_addr_bits),
            use_dsp: u32::from(input.act.bits * input.weight_bits > LUT_PRODUCT_BITS),
            raw: input.out.is_none(),
            mul_bits,
            mul_msb: mul_bits.saturating_sub(1),
            out_bits: out_width,
            out_signed: u32::from(input.out.is_some_and(|o| o.signed)),
            var_shift: u32::from(plan.shift_bits() > 0),
            shift: plan.common_shift().unwrap_or(1),
            banks,
        })
    }
}

fn bank_view(module: &str, plan: &SparsePlan, index: usize, fields: &Fields) -> Result<BankView> {
    let bank = &plan.banks[index];
    let width = plan.folding.in_lanes as u32 * plan.count_bits;
    let counts = Field { low: index as u32 * width, bits: width };
    let bank_bits = plan.bank_bits();
    let addr_bits = bank.addr_bits(plan.count_bits);
    let job_bits = 1 + plan.input.act.bits + addr_bits + plan.count_bits;
    let item_width = plan.folding.in_lanes as u32 * job_bits + 1;
    Ok(BankView {
        index,
        entries: bank.entries.len(),
        rows: bank.rows.len(),
        addr_bits,
        addr_msb: addr_bits - 1,
        job_bits,
        item_width,
        item_msb: item_width - 1,
        rom: entry_rom(module, plan, index).render()?,
        sum_style: style(&plan.memories, &format!("sums{index}")),
        counts_slice: counts.slice(),
        drain: match bank_bits {
            0 => "read".into(),
            _ => format!("read & (row_word_q{} == {bank_bits}'d{index})", fields.bank.slice()),
        },
    })
}

fn format_of(act: ActType) -> String {
    format!("{} bits {}", act.bits, if act.signed { "two's complement" } else { "unsigned" })
}

/// A bit field of a word.
#[derive(Clone, Copy)]
struct Field {
    low: u32,
    bits: u32,
}

impl Field {
    /// `[high:low]`.
    fn slice(self) -> String {
        format!("[{}:{}]", (self.low + self.bits).saturating_sub(1), self.low)
    }

    /// `value`'s low bits, at the field's place.
    fn place(self, value: i64) -> u128 {
        if self.bits == 0 { 0 } else { (value as i128 as u128 & ((1 << self.bits) - 1)) << self.low }
    }
}

/// The row table's word, from the top: bias, multiplier, shift, bank, row in the bank.
struct Fields {
    bias: Field,
    mul: Field,
    shift: Field,
    bank: Field,
    local: Field,
}

impl Fields {
    fn of(plan: &SparsePlan) -> Self {
        let mut low = 0;
        let mut next = |bits: u32| {
            low += bits;
            Field { low: low - bits, bits }
        };
        let local = next(plan.local_bits);
        let bank = next(plan.bank_bits());
        let shift = next(plan.shift_bits());
        let mul = next(plan.mul_bits());
        Self { bias: next(plan.input.acc_bits), mul, shift, bank, local }
    }
}

fn hex_lines(width: u32, words: impl Iterator<Item = u128>) -> String {
    let digits = width.div_ceil(4) as usize;
    let mut text = String::new();
    for word in words {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word:0digits$x}");
    }
    text
}

/// A word a beat: bank 0's lane 0 in the low bits. Wider than 128 bits at many banks and lanes, hence bit by bit.
fn counts_table(plan: &SparsePlan) -> String {
    let lanes = plan.folding.in_lanes;
    let width = plan.memories[0].width as usize;
    let mut text = String::new();
    for beat in 0..plan.beats {
        let mut bits = Vec::with_capacity(width);
        for bank in &plan.banks {
            for lane in 0..lanes {
                let count = bank.counts.get(beat * lanes + lane).copied().unwrap_or(0);
                bits.extend((0..plan.count_bits).map(|b| count >> b & 1));
            }
        }
        let digits: Vec<usize> = bits.chunks(4).map(|c| c.iter().rev().fold(0, |acc, b| acc * 2 + b)).collect();
        text.extend(digits.iter().rev().filter_map(|d| char::from_digit(*d as u32, 16)));
        text.push('\n');
    }
    text
}

fn row_table(plan: &SparsePlan) -> String {
    let fields = Fields::of(plan);
    let input = &plan.input;
    let mut words = vec![0; input.rows];
    for (index, bank) in plan.banks.iter().enumerate() {
        for (local, &row) in bank.rows.iter().enumerate() {
            words[row] = fields.local.place(local as i64)
                | fields.bank.place(index as i64)
                | fields.shift.place(input.shift.get(row).copied().unwrap_or(0).into())
                | fields.mul.place(input.multiplier.get(row).copied().unwrap_or(0).into())
                | fields.bias.place(input.bias[row]);
        }
    }
    hex_lines(plan.memories[1].width, words.into_iter())
}

/// Words `{weight, row}` in column order, then some that are never read.
fn entry_words(plan: &SparsePlan, bank: &Bank) -> Vec<[(i64, u32); 2]> {
    let word = |weight: i32, row: usize| [(row as i64, plan.local_bits), (i64::from(weight), plan.input.weight_bits)];
    let entries = bank.entries.iter().map(|&(weight, row)| word(weight, row));
    entries.chain(std::iter::repeat(word(0, 0))).take(bank.depth(plan.count_bits)).collect()
}

/// The entry memory of bank `index`.
fn entry_rom<'a>(module: &'a str, plan: &SparsePlan, index: usize) -> Rom<'a> {
    Rom {
        module,
        name: format!("bank{index}"),
        data: format!("entry{index}"),
        width: (plan.input.weight_bits + plan.local_bits) as usize,
        depth: plan.banks[index].depth(plan.count_bits),
        registered: false,
        style: style(&plan.memories, &format!("bank{index}")),
        enable: "1'b1".into(),
        addr: (format!("addr{index}"), None),
    }
}

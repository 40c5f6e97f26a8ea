//! Resources of an engine, estimated from its numbers: a model, not a synthesis result.
//!
//! Every multiplier is counted as a DSP where both operands together exceed [`LUT_PRODUCT_BITS`] bits, else as LUTs of
//! about their product of widths; adders, counters and registers by their bits; memories of more than
//! [`LUT_RAM_BITS`] bits as block RAM.

use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use super::affine::AffinePlan;
use super::constant;
use super::conv::ConvPlan;
use super::engine::Engine;
use super::join::{How, JoinPlan};
use super::memory::Memory;
use super::pool::{PoolPlan, Reduce};
use super::requant::Requant;
use super::sparse::SparsePlan;
use super::sparse_conv;
use super::stream::Stream;
use super::window::WindowPlan;

/// What a multiplier block is worth in LUTs, roughly, where engines or foldings are compared: what it saves.
pub(super) const BLOCK_LUTS: usize = 100;
/// Products up to this sum of operand widths are cheaper in LUTs.
const LUT_PRODUCT_BITS: u32 = 10;
/// LUTs of a product in LUTs for each bit of the one and bit of the other operand (Yosys 0.70, 8 x 8 bits).
const LUTS_A_PRODUCT_BIT: f64 = 1.6;
/// Memories up to this size lie in LUT RAM (64 bits a LUT).
const LUT_RAM_BITS: u64 = 4096;

/// Estimated resources, under the names of `slimgate synth --json`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Resources {
    /// Lookup tables.
    pub lut: f64,
    /// Flip-flops.
    pub ff: f64,
    /// Multiplier blocks.
    pub dsp: f64,
    /// Blocks of 36 kbit; halves are 18 kbit blocks.
    pub bram36: f64,
}

impl Add for Resources {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            lut: self.lut + other.lut,
            ff: self.ff + other.ff,
            dsp: self.dsp + other.dsp,
            bram36: self.bram36 + other.bram36,
        }
    }
}

impl Sum for Resources {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), Add::add)
    }
}

/// One engine with its memories.
pub fn layer(engine: &Engine, memories: &[Memory], input: &Stream, out: &Stream) -> Resources {
    let logic = match engine {
        Engine::Conv(p) => conv(p, input.bits),
        Engine::Sparse(p) => sparse(p, out),
        Engine::SparseConv(p) => sparse_conv::cost::engine(p, input.bits),
        Engine::Constant(p) => constant::cost::engine(p, input.bits),
        Engine::Pool(p) => pool(p),
        Engine::Affine(p) => affine(p, input.bits),
        Engine::Join(p) => join(p),
        Engine::Flatten(_) => Resources { lut: 100.0, ff: 80.0, ..Default::default() },
    };
    let queue = engine.queue_addr_bits().map_or(Resources::default(), |bits| queue(out.beat_bits(), bits));
    memories.iter().map(memory).sum::<Resources>() + logic + queue
}

fn memory(memory: &Memory) -> Resources {
    if memory.bits_allocated <= LUT_RAM_BITS {
        return Resources { lut: (memory.bits_allocated as f64 / 64.0).ceil(), ..Default::default() };
    }
    // 18 kbit blocks, at most 36 bits wide at a depth of 512.
    let narrow = memory.width.div_ceil(36) as f64 * (memory.depth as f64 / 512.0).ceil();
    let packed = (memory.bits_allocated as f64 / 18_432.0).ceil();
    let halves = if memory.depth <= 512 { narrow } else { packed };
    Resources { bram36: halves / 2.0, ..Default::default() }
}

/// True where a product of `a` and `b` bits is cheaper in LUTs.
pub fn in_lut(a: u32, b: u32) -> bool {
    a + b <= LUT_PRODUCT_BITS
}

/// A product made of LUTs.
pub(super) fn lut_product(a: u32, b: u32) -> Resources {
    Resources { lut: f64::from(a * b) * LUTS_A_PRODUCT_BIT, ff: f64::from(a + b), ..Default::default() }
}

pub(super) fn product(a: u32, b: u32) -> Resources {
    if in_lut(a, b) {
        lut_product(a, b)
    } else {
        Resources { dsp: f64::from(a.div_ceil(25) * b.div_ceil(18)), ..Default::default() }
    }
}

pub(super) fn times(count: usize, one: Resources) -> Resources {
    let n = count as f64;
    Resources { lut: one.lut * n, ff: one.ff * n, dsp: one.dsp * n, bram36: one.bram36 * n }
}

pub(super) fn adder(bits: u32) -> Resources {
    Resources { lut: f64::from(bits), ff: f64::from(bits), ..Default::default() }
}

fn requantizers(count: usize, acc_bits: u32, mul_bits: u32) -> Resources {
    let one = product(acc_bits, mul_bits) + times(2, adder(acc_bits)) + times(1, adder(mul_bits));
    times(count, one)
}

/// What `step` sums a cycle go through: bias, and a requantizer where they are no scores.
pub(super) fn results(step: usize, acc_bits: u32, requant: &Requant) -> Resources {
    match requant.out {
        Some(_) => requantizers(step, acc_bits, requant.mul_bits),
        None => times(step, adder(acc_bits)),
    }
}

fn queue(beat_bits: usize, addr_bits: u32) -> Resources {
    let words = f64::from(1u32 << addr_bits);
    let bits = beat_bits as f64;
    Resources { lut: bits * (words / 64.0).ceil() + 12.0, ff: 20.0, ..Default::default() }
}

fn conv(plan: &ConvPlan, act_bits: u32) -> Resources {
    let lut_products = plan.lut_outputs * plan.folding.products();
    let lanes = times(plan.blocks(), Resources { dsp: 1.0, ..Default::default() })
        + times(lut_products, lut_product(act_bits, plan.weight_bits));
    let tree = times(plan.fields() * (plan.segments() - 1), adder(plan.sum_bits));
    let accumulators = times(plan.folding.out_par, adder(plan.acc_bits) + adder(plan.acc_bits));
    let walker = Resources { lut: 160.0, ff: 120.0, ..Default::default() }
        + tap_order(&plan.window, plan.folding.in_par, act_bits);
    lanes + tree + accumulators + walker + results(plan.step, plan.acc_bits, &plan.requant)
}

/// LUTs of what brings a window's taps into order where several are read a cycle: a row's and a column's multiplexer each.
pub(super) fn order_luts(k_par: usize, taps: usize, in_par: usize, act_bits: u32) -> usize {
    if k_par > 1 { 2 * taps * in_par * act_bits as usize } else { 0 }
}

/// The same, with its registers.
pub(super) fn tap_order(window: &WindowPlan, in_par: usize, act_bits: u32) -> Resources {
    if window.k_par == 1 {
        return Resources::default();
    }
    let taps = window.kernel[0] * window.kernel[1];
    let lut = order_luts(window.k_par, taps, in_par, act_bits) as f64;
    let ff = ((taps + window.k_par) * in_par * act_bits as usize) as f64;
    Resources { lut, ff, ..Default::default() }
}

fn sparse(plan: &SparsePlan, out: &Stream) -> Resources {
    let input = &plan.input;
    let bank = product(input.act.bits, input.weight_bits)
        + adder(input.acc_bits)
        + queue(plan.bank_bits() as usize, plan.queue_addr_bits)
        + Resources { lut: f64::from(input.acc_bits) * 2.0 + 30.0, ff: 40.0, ..Default::default() };
    let results =
        if input.out.is_some() { requantizers(1, input.acc_bits, plan.mul_bits()) } else { adder(input.acc_bits) };
    times(plan.folding.banks, bank) + results + queue(out.beat_bits(), super::sparse::OUT_FIFO_ADDR_BITS)
}

fn pool(plan: &PoolPlan) -> Resources {
    let lanes = times(plan.input.lanes, times(2, adder(plan.value_bits)));
    let walker = Resources { lut: if plan.window.is_some() { 160.0 } else { 60.0 }, ff: 60.0, ..Default::default() };
    let results = match plan.reduce {
        Reduce::Max => Resources::default(),
        Reduce::Average { .. } => requantizers(plan.input.lanes, plan.value_bits, 16),
    };
    lanes + walker + results
}

fn affine(plan: &AffinePlan, act_bits: u32) -> Resources {
    let lane = product(act_bits, plan.weight_bits) + adder(plan.acc_bits);
    let walker = Resources { lut: 30.0, ff: 30.0, ..Default::default() };
    times(plan.lanes, lane) + requantizers(plan.lanes, plan.acc_bits, plan.requant.mul_bits) + walker
}

fn join(plan: &JoinPlan) -> Resources {
    let each = plan.ports.iter().map(|port| u16::BITS - port.multiplier.leading_zeros()).max().unwrap_or(1).max(1);
    let a_lane = match plan.how {
        How::Add => requantizers(2, plan.value_bits, each) + adder(plan.out.bits + 2),
        How::Concat => requantizers(1, plan.value_bits, each),
    };
    times(plan.lanes, a_lane) + Resources { lut: 40.0, ff: 40.0, ..Default::default() }
}

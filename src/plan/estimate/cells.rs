//! The cells that engines share: requantizers, queues, adapters, products.

use super::parts::{Feature, Parts, distinct};
use super::products;
use crate::plan::memory::{Kind, Memory, Style};
use crate::plan::requant::{Requant, SHIFT_BITS};
use crate::plan::stream::{Adapter, Stream};
use crate::synth::Target;

/// A multiplier of a requantizer.
#[derive(Debug, Clone, Copy)]
pub enum Scale {
    /// Of so many bits, from a memory of so many words.
    Stored(u32, usize),
    /// A constant.
    Constant(u32),
}

impl Scale {
    fn bits(self) -> u32 {
        match self {
            Self::Stored(bits, _) => bits,
            Self::Constant(value) => u32::BITS - value.leading_zeros(),
        }
    }

    /// Registers of a stage that holds it: columns of the memory that are equal share theirs.
    fn registers(self) -> f64 {
        match self {
            Self::Stored(bits, words) => distinct(bits, words),
            Self::Constant(_) => 0.0,
        }
    }

    /// True where the product is the operand, shifted.
    fn trivial(self) -> bool {
        matches!(self, Self::Constant(value) if value == 0 || value.is_power_of_two())
    }
}

/// Requantizers that are alike.
#[derive(Debug, Clone, Copy)]
pub struct Requantizers {
    /// How many.
    pub count: usize,
    /// Bits of an accumulator that vary.
    pub acc: u32,
    /// True where its sign is among them.
    pub signed: bool,
    /// The multiplier.
    pub scale: Scale,
    /// The shift, where it is a constant.
    pub shift: u8,
    /// Words that the shift comes from, where it is no constant.
    pub shifts: Option<usize>,
    /// Bits of a result.
    pub out: u32,
}

impl Requantizers {
    /// `sg_requant` with the constants of `requant`, from a memory of `words`.
    pub fn new(count: usize, acc: u32, requant: &Requant, words: usize, out: u32) -> Self {
        let shifts = requant.shift.is_none().then_some(words);
        let scale = Scale::Stored(requant.mul_bits, words);
        Self { count, acc, signed: true, scale, shift: requant.shift.unwrap_or(1), shifts, out }
    }

    /// Bits that a variable shift is stored in, as far as they differ.
    fn shift_bits(&self) -> f64 {
        self.shifts.map_or(0.0, |words| distinct(SHIFT_BITS, words))
    }

    /// Adds them to `parts`; true where the registers before them lie in their multiplier blocks.
    pub fn add(&self, parts: &mut Parts) -> bool {
        let (n, scale) = (self.count as f64, self.scale);
        let blocks = self.product(parts);
        let product = self.acc + scale.bits();
        let kept = match self.shifts {
            Some(_) => product,
            None => (product + 2).saturating_sub(u32::from(self.shift)).max(1),
        };
        let kept = if scale.trivial() { kept.min(self.acc) } else { kept };
        parts.add(Feature::Round, n * f64::from(kept));
        parts.add(Feature::Clamp, n * f64::from(self.out));
        parts.add(Feature::Shift, n * f64::from(kept) * self.shift_bits());
        parts.ff += 2.0 * n * self.shift_bits();
        parts.flops(self.count * self.out as usize);
        if scale.trivial() {
            // Operand, product and shifted product: one value on its way.
            (0..self.count).for_each(|_| parts.shift_register(kept as usize, 3));
            return false;
        }
        // Operands and product lie in the block, where Yosys can put them there.
        let inside = blocks == 1 && parts.family() == Target::Xc7;
        if !inside {
            parts.flops(self.count * (self.acc + kept.min(product)) as usize);
            parts.ff += n * scale.registers();
        }
        parts.flops(self.count * kept as usize);
        inside
    }

    /// Adds the products; gives the multiplier blocks of one.
    fn product(&self, parts: &mut Parts) -> usize {
        let (n, scale) = (self.count as f64, self.scale);
        let operand = self.acc + u32::from(!self.signed);
        let blocks = if scale.trivial() { 0 } else { products::blocks(parts.block, operand, scale.bits() + 1, u32::MAX) };
        parts.dsp += self.count * blocks;
        match (blocks, scale) {
            (0, Scale::Stored(bits, 1)) => (0..self.count).for_each(|_| parts.constant_product(self.acc, bits)),
            (0, Scale::Stored(..)) => (0..self.count).for_each(|_| parts.soft_product(self.acc, scale.registers())),
            (0, Scale::Constant(value)) => {
                let terms = value.count_ones().saturating_sub(1);
                parts.add(Feature::MultiplyConstant, n * f64::from(self.acc * terms));
            }
            (1, _) => {}
            _ => parts.add(Feature::Add, n * f64::from(self.acc)),
        }
        blocks
    }
}

/// `sg_fifo_a<N>` with words of `width` bits.
pub fn queue(parts: &mut Parts, width: usize, addr_bits: u32) {
    parts.add(Feature::Queue, 1.0);
    parts.add(Feature::QueueAddress, f64::from(addr_bits));
    parts.flops(2 * addr_bits as usize + 1);
    let depth = 1usize << addr_bits;
    if addr_bits > crate::rtl::leaf::LUT_RAM_ADDR_BITS {
        parts.flops(1);
        let memory = Memory::ram("queue", width as u32, depth, 0);
        parts.memory(&memory.placed(parts.family()));
    } else {
        parts.unregistered(width as u32, depth, addr_bits as usize);
    }
}

/// `sg_credit` before a queue of `2^addr_bits` beats.
pub fn credit(parts: &mut Parts, addr_bits: u32) {
    let bits = addr_bits as usize + 1;
    parts.flops(bits);
    parts.add(Feature::Credit, bits as f64);
}

/// What stands in `drain.v`: constants' address, bias and requantizer of `step` sums of `acc` bits, queue.
pub fn drain(parts: &mut Parts, step: usize, words: usize, acc: u32, requant: &Requant, out: &Stream) {
    parts.counter(words);
    parts.add(Feature::Add, (step * acc as usize) as f64);
    let all = Requantizers::new(step, acc, requant, words, out.bits);
    let inside = requant.out.is_some() && all.add(parts);
    if !inside {
        parts.flops(step * acc as usize);
    }
    if requant.out.is_some() && words > 1 {
        let scale = if inside { 0.0 } else { all.scale.registers() };
        parts.ff += step as f64 * (all.shift_bits() + scale);
    }
    parts.flops(requant.latency());
}

/// A lane adapter before words of an engine.
pub fn adapter(parts: &mut Parts, stream: &Stream, adapter: Adapter) {
    let bits = stream.beat_bits();
    let (feature, word, ratio, beats) = match adapter {
        Adapter::None => return,
        Adapter::Widen { ratio, beats } => (Feature::Widen, bits * ratio, ratio, beats),
        Adapter::Narrow { ratio, beats } => (Feature::Narrow, bits, ratio, beats),
    };
    parts.add(Feature::Adapter, 1.0);
    parts.add(feature, word as f64);
    parts.flops(word + 1);
    parts.counter(ratio);
    parts.counter(beats);
}

/// A delay of control bits, which are reset.
pub fn delay(parts: &mut Parts, width: usize, cycles: usize) {
    parts.flops(width * cycles);
}

/// `sg_buffer`.
pub fn buffer(parts: &mut Parts, depth: usize) {
    parts.add(Feature::Buffer, 1.0);
    parts.counter(depth);
    parts.counter(depth);
    parts.counter(depth + 1);
    parts.flops(1);
}

/// A product of `a` and `b` bits in Booth rows (`sg_booth`), combinational.
pub fn booth(parts: &mut Parts, a: u32, digits: u32) {
    parts.add(Feature::Booth, f64::from((a + 2) * digits));
}

/// A memory of style `style` with an unregistered write, as the lanes of the sparse convolution have.
pub fn lane_memory(parts: &mut Parts, style: Style, width: u32, depth: usize) {
    let memory = Memory { style, ..Memory::ram("lane", width, depth, 0) };
    debug_assert_eq!(memory.kind, Kind::Ram);
    parts.memory(&memory);
}


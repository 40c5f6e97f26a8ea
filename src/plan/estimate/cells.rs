//! The cells that engines share: requantizers, queues, adapters, products.

use super::parts::{Feature, Parts};
use super::products;
use crate::plan::memory::{Kind, Memory, Style};
use crate::plan::requant::Requant;
use crate::plan::stream::{Adapter, Stream};
use crate::synth::Target;

/// A multiplier of a requantizer.
#[derive(Debug, Clone, Copy)]
pub enum Scale {
    /// Of so many bits, from a memory.
    Bits(u32),
    /// A constant.
    Constant(u32),
}

impl Scale {
    fn bits(self) -> u32 {
        match self {
            Self::Bits(bits) => bits,
            Self::Constant(value) => u32::BITS - value.leading_zeros(),
        }
    }
}

/// `sg_requant`, one for each of `count`: an accumulator of `acc` bits, `shift` where it is one, a result of `out` bits.
pub fn requantizers(parts: &mut Parts, count: usize, acc: u32, scale: Scale, shift: Option<u8>, out: u32) {
    let n = count as f64;
    let blocks = match scale {
        Scale::Constant(value) if value.is_power_of_two() || value == 0 => 0,
        _ => products::blocks(parts.block, acc, scale.bits() + 1),
    };
    parts.dsp += count * blocks;
    let product = acc + scale.bits();
    if blocks == 0 {
        match scale {
            Scale::Bits(bits) => parts.add(Feature::Multiply, n * f64::from(acc * bits)),
            Scale::Constant(value) => {
                let terms = value.count_ones().saturating_sub(1);
                parts.add(Feature::MultiplyConstant, n * f64::from(acc * terms));
            }
        }
    } else if blocks > 1 {
        parts.add(Feature::Add, n * f64::from(acc));
    }
    let kept = match shift {
        Some(shift) => (product + 2).saturating_sub(u32::from(shift)).max(out),
        None => product,
    };
    parts.add(Feature::Round, n * f64::from(kept));
    parts.add(Feature::Clamp, n * f64::from(out));
    if shift.is_none() {
        parts.add(Feature::Shift, n * f64::from(product * 6));
        parts.flops(count * 12);
    }
    // Operands and product lie in the block, where Yosys can put them there.
    let inside = blocks == 1 && parts.family() == Target::Xc7;
    if !inside {
        let scale_bits = if matches!(scale, Scale::Bits(_)) { scale.bits() } else { 0 };
        parts.flops(count * (acc + scale_bits + product) as usize);
    }
    parts.flops(count * (kept + out) as usize);
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
        parts.lut_memory(width as u32, depth);
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
    // Bias.
    parts.add(Feature::Add, (step * acc as usize) as f64);
    parts.flops(step * acc as usize);
    if requant.out.is_some() {
        let constant = words == 1;
        if !constant {
            parts.flops(step * requant.mul_bits as usize);
            if requant.shift.is_none() {
                parts.flops(step * 6);
            }
        }
        requantizers(parts, step, acc, Scale::Bits(requant.mul_bits), requant.shift, out.bits);
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


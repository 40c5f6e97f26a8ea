//! The cells that engines share: queues, adapters, adder trees, products of LUTs.

use super::features::Feature;
use super::parts::{Parts, SHIFT_REGISTER};
use crate::plan::memory::{Kind, Memory, Style};
use crate::plan::stream::{Adapter, Stream};

/// `sg_fifo_a<N>` with words of `width` bits.
pub fn queue(parts: &mut Parts, width: usize, addr_bits: u32) {
    parts.add(Feature::Queue, 1.0);
    parts.add(Feature::QueueAddress, f64::from(addr_bits));
    // Pointers, and the flags that say full and filled.
    parts.flops(2 * addr_bits as usize + 2);
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
    parts.flops(bits + 1);
    parts.add(Feature::Credit, bits as f64);
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

/// An adder tree over `leaves` values of `leaf` bits, a bit more each level up to `most`, a register behind each level, and
/// before the first one where they are `registered` (counted elsewhere). What has nothing to be added to just waits.
pub fn tree(parts: &mut Parts, leaves: usize, (leaf_bits, most): (usize, usize), registered: bool) {
    let leaf = usize::from(registered);
    // Registers one behind the other, how many of them are counted elsewhere.
    let mut level = vec![(leaf, leaf); leaves];
    let amd = parts.family().is_amd();
    let mut settle = |(registers, counted): (usize, usize), bits: usize| {
        if amd && registers >= SHIFT_REGISTER {
            parts.luts += bits as f64;
            parts.ff -= (counted * bits) as f64;
        } else {
            parts.flops((registers - counted) * bits);
        }
    };
    let (mut bits, mut added) = (leaf_bits.min(most), 0);
    while level.len() > 1 {
        let above = (bits + 1).min(most);
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    settle(*left, bits);
                    settle(*right, bits);
                    added += above;
                    (1, 0)
                }
                _ => (pair[0].0 + 1, pair[0].1),
            })
            .collect();
        bits = above;
    }
    level.into_iter().for_each(|registers| settle(registers, bits));
    parts.add(Feature::Add, added as f64);
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

//! Sentences of the Verilog headers.

use crate::network::graph::ActType;
use crate::plan::requant::{Requant, SHIFT_BITS};
use crate::plan::stream::Stream;

/// `1 lane`, `2 lanes`.
pub fn count(n: usize, unit: &str) -> String {
    if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") }
}

/// A stream in words; `lanes` is what one beat carries.
pub fn stream(stream: &Stream, lanes: usize) -> String {
    let sign = if stream.signed { "signed" } else { "unsigned" };
    let Stream { height, width, .. } = stream;
    let (channels, bits) = (count(stream.channels, "channel"), count(stream.bits as usize, "bit"));
    format!("{height} x {width} pixels of {channels}, {sign} {bits}, {lanes} a beat")
}

/// What becomes of an accumulator.
pub fn result(out: Option<ActType>, acc: &str) -> String {
    match out {
        Some(out) => {
            let (lo, hi) = out.range();
            format!("out = clamp(({acc} * multiplier + 2^(shift-1)) >>> shift, {lo}, {hi})")
        }
        None => format!("out = {acc}, the raw score"),
    }
}

/// A channel's constants, low bits first.
pub fn const_layout(requant: &Requant) -> String {
    let mut parts = vec![format!("bias ({} bits)", requant.bias_bits)];
    if requant.out.is_some() {
        parts.push(format!("multiplier ({})", requant.mul_bits));
        if requant.shift.is_none() {
            parts.push(format!("shift ({SHIFT_BITS})"));
        }
    }
    parts.join(", ")
}

/// The low `bits` of `name`, two's complement, in `width` bits.
pub fn extended(name: &str, bits: u32, width: u32) -> String {
    let low = format!("{name}[{}:0]", bits - 1);
    match width - bits {
        0 => low,
        spare => format!("{{{{{spare}{{{name}[{}]}}}}, {low}}}", bits - 1),
    }
}

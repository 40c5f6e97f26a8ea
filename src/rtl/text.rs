//! Sentences of the Verilog headers.

use crate::network::graph::ActType;
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

//! Sentences of the Verilog headers.

use crate::network::graph::ActType;
use crate::plan::stream::Stream;

/// A stream in words; `lanes` is what one beat carries.
pub fn stream(stream: &Stream, lanes: usize) -> String {
    let sign = if stream.signed { "signed" } else { "unsigned" };
    let Stream { channels, height, width, bits, .. } = stream;
    format!("{height} x {width} pixels of {channels} channels, {sign} {bits} bits, {lanes} a beat")
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

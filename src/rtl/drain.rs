//! From sums to the output stream, `templates/drain.v`: bias, requantizer, output queue.

use anyhow::Result;
use askama::Template;

use super::literal::Counter;
use super::queue::queue;
use super::text;
use crate::plan::requant::{Requant, SHIFT_BITS};
use crate::plan::stream::Stream;

/// What leaves: words of `step` sums, `words` of them a pixel, of which those past the last channel are dropped.
pub struct Drain<'a> {
    /// Module that it is part of.
    pub module: &'a str,
    /// Sums a cycle.
    pub step: usize,
    /// Words that one start of work gives, booked in the queue together.
    pub steps: usize,
    /// Words of a pixel, and of the constants.
    pub words: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// Bits of a sum.
    pub acc_bits: u32,
    /// What the constants' memory is made of.
    pub const_style: &'static str,
    /// Widths of the constants.
    pub requant: &'a Requant,
    /// Output queue, a power of two of beats.
    pub queue_addr_bits: u32,
}

#[derive(Template)]
#[template(path = "drain.v")]
struct Text<'a> {
    module: &'a str,
    step: usize,
    acc_bits: usize,
    requant: bool,
    const_layout: String,
    short: bool,
    beats: String,
    const_addr: Counter,
    const_bits: usize,
    const_depth: usize,
    const_style: &'static str,
    bias_bits: u32,
    bias_expr: String,
    mul_bits: u32,
    shift_expr: String,
    out_bits: usize,
    out_signed: u8,
    var_shift: bool,
    shift: String,
    result_latency: usize,
    queue: String,
}

impl Drain<'_> {
    /// The part of the module that takes `result_next`, `result_valid` and `result_sums`, and gives the stream `out`.
    ///
    /// # Errors
    /// Where a template fails.
    pub fn render(&self, out: &Stream) -> Result<String> {
        let requant = self.requant;
        let shift_at = requant.bias_bits + requant.mul_bits;
        let beats = self.channels.div_ceil(self.step);
        let const_addr = Counter::new(self.words);
        let short = beats < self.words;
        let drop = if short { "result_valid && !result_kept_q" } else { "1'b0" };
        let part = Text {
            module: self.module,
            step: self.step,
            acc_bits: self.acc_bits as usize,
            requant: requant.out.is_some(),
            const_layout: text::const_layout(requant),
            short,
            beats: const_addr.lit(beats.min(self.words - 1)),
            const_addr,
            const_bits: requant.const_bits() as usize,
            const_depth: self.words,
            const_style: self.const_style,
            bias_bits: requant.bias_bits,
            bias_expr: text::extended("constant", requant.bias_bits, self.acc_bits),
            mul_bits: requant.mul_bits,
            shift_expr: format!("constant[{shift_at}+:{SHIFT_BITS}]"),
            out_bits: out.bits as usize,
            out_signed: u8::from(out.signed),
            var_shift: requant.out.is_some() && requant.shift.is_none(),
            shift: format!("6'd{}", requant.shift.unwrap_or(1)),
            result_latency: requant.latency(),
            queue: queue(out.beat_bits(), self.queue_addr_bits, self.steps, drop)?,
        };
        Ok(part.render()?)
    }
}

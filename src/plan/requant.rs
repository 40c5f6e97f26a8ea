//! The requantizer's constants: widths, and one packed word per channel.

use serde::Serialize;

use crate::network::Params;
use crate::network::acc::signed_bits;
use crate::network::graph::ActType;

/// Widths of the constants that each output channel needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Requant {
    /// Format of the result, or `None` for raw accumulators.
    pub out: Option<ActType>,
    /// Signed bits of the widest bias.
    pub bias_bits: u32,
    /// Bits of the largest multiplier.
    pub mul_bits: u32,
    /// The shift that all channels share, if they do: then it is wiring.
    pub shift: Option<u8>,
}

/// Cycles of `sg_requant`.
pub const REQUANT_CYCLES: usize = 5;

/// Cycles from a sum to its result in the format `out`: a register (with the bias), and `sg_requant` where it is no score.
pub fn latency(out: Option<ActType>) -> usize {
    1 + out.map_or(0, |_| REQUANT_CYCLES)
}

/// Bits of a stored shift.
pub const SHIFT_BITS: u32 = 6;

impl Requant {
    /// The widths that `params` need.
    pub fn new(params: &Params, out: Option<ActType>) -> Self {
        let bias_bits = params.bias.iter().map(|&b| signed_bits(b, b)).max().unwrap_or(1);
        let largest = params.multiplier.iter().copied().max().unwrap_or(0);
        let first = params.shift.first().copied();
        Self {
            out,
            bias_bits,
            mul_bits: (u16::BITS - largest.leading_zeros()).max(1),
            shift: first.filter(|s| params.shift.iter().all(|other| other == s)),
        }
    }

    /// As [`latency`].
    pub fn latency(&self) -> usize {
        latency(self.out)
    }

    /// Bits of one channel's constants: bias in the low bits, multiplier, then the shift where it varies.
    pub fn const_bits(&self) -> u32 {
        match (self.out, self.shift) {
            (None, _) => self.bias_bits,
            (Some(_), Some(_)) => self.bias_bits + self.mul_bits,
            (Some(_), None) => self.bias_bits + self.mul_bits + SHIFT_BITS,
        }
    }

    /// Channel `c`'s constants as fields `(value, bits)`, low bits first; neutral ones past the last channel.
    pub fn fields(&self, params: &Params, c: usize) -> Vec<(i64, u32)> {
        let mut fields = vec![(params.bias.get(c).copied().unwrap_or(0), self.bias_bits)];
        if self.out.is_some() {
            fields.push((params.multiplier.get(c).map_or(0, |&m| i64::from(m)), self.mul_bits));
            if self.shift.is_none() {
                fields.push((params.shift.get(c).map_or(1, |&s| i64::from(s)), SHIFT_BITS));
            }
        }
        fields
    }
}

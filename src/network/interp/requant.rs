//! From accumulator to activation: `clamp((acc * multiplier + 2^(shift-1)) >> shift, lo, hi)`.

use crate::network::Params;
use crate::network::graph::ActType;

/// One channel's (or one input's) requantizer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requant {
    multiplier: i64,
    round: i64,
    shift: u32,
    lo: i64,
    hi: i64,
}

impl Requant {
    /// All requantizers of a node, towards the format `out`.
    pub(super) fn all(params: &Params, out: ActType) -> Vec<Requant> {
        let (lo, hi) = out.range();
        let one = |(&multiplier, &shift): (&u16, &u8)| Requant {
            multiplier: i64::from(multiplier),
            round: 1 << (shift - 1),
            shift: u32::from(shift),
            lo: i64::from(lo),
            hi: i64::from(hi),
        };
        params.multiplier.iter().zip(&params.shift).map(one).collect()
    }

    /// Exact for an `acc` of at most 48 signed bits: product and rounding stay within 64.
    #[inline(always)]
    pub(super) fn apply(self, acc: i64) -> i16 {
        let scaled = acc.wrapping_mul(self.multiplier).wrapping_add(self.round) >> self.shift;
        scaled.clamp(self.lo, self.hi) as i16
    }
}

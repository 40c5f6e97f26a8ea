//! From real scale ratios to the requantizer's multipliers and shifts.

use crate::network::graph::ActType;
use crate::network::limits::SHIFT;

/// Largest multiplier.
const MAX_MULTIPLIER: f64 = 65_535.0;
/// A shared shift is kept while every channel's multiplier is this exact, relatively.
const SHARED_ERROR: f64 = 1.0 / 512.0;
/// The rounding of a multiplier may move the largest output by this part of a step.
const STEP_ERROR: f64 = 1.0 / 512.0;

/// Multipliers and shifts of the channels of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requant {
    /// At most 16 bits, at least 1.
    pub multiplier: Vec<u16>,
    /// 1 to 40.
    pub shift: Vec<u8>,
}

impl Requant {
    /// The ratio `multiplier / 2^shift` of channel `c`.
    pub fn ratio(&self, c: usize) -> f64 {
        f64::from(self.multiplier[c]) / exp2(self.shift[c])
    }
}

fn exp2(shift: u8) -> f64 {
    f64::from(shift).exp2()
}

fn multiplier(ratio: f64, shift: u8) -> f64 {
    (ratio * exp2(shift)).round()
}

/// Relative error of `ratio` as a multiplier at `shift`; infinite where it does not fit.
fn error(ratio: f64, shift: u8) -> f64 {
    let m = multiplier(ratio, shift);
    if (1.0..=MAX_MULTIPLIER).contains(&m) { (m / exp2(shift) / ratio - 1.0).abs() } else { f64::INFINITY }
}

/// Multipliers for `ratios` (all positive) towards outputs of type `out`. One shift serves all channels (a constant
/// shift costs no hardware) where it leaves every multiplier exact enough, and it is the smallest that does, since
/// the multipliers get narrower with it; otherwise each channel has its own.
pub fn requant(ratios: &[f64], out: ActType) -> Requant {
    let (lo, hi) = out.range();
    let goal = STEP_ERROR / f64::from(hi.max(-lo));
    let worst = |shift: u8| ratios.iter().map(|&r| error(r, shift)).fold(0.0, f64::max);
    let good = (SHIFT.0..=SHIFT.1).find(|&s| worst(s) <= goal);
    let shared = good.or_else(|| {
        let best = (SHIFT.0..=SHIFT.1).min_by(|&a, &b| worst(a).total_cmp(&worst(b)))?;
        (worst(best) < SHARED_ERROR).then_some(best)
    });
    let shift_of = |ratio: f64| {
        let own = || (SHIFT.0..=SHIFT.1).find(|&s| error(ratio, s) <= goal);
        shared.or_else(own).unwrap_or_else(|| widest_shift(ratio))
    };
    let shift: Vec<u8> = ratios.iter().map(|&r| shift_of(r)).collect();
    let legal = |(&r, &s): (&f64, &u8)| multiplier(r, s).clamp(1.0, MAX_MULTIPLIER) as u16;
    Requant { multiplier: ratios.iter().zip(&shift).map(legal).collect(), shift }
}

/// The largest shift at which `ratio` still fits a multiplier.
fn widest_shift(ratio: f64) -> u8 {
    (SHIFT.0..=SHIFT.1).rev().find(|&s| multiplier(ratio, s) <= MAX_MULTIPLIER).unwrap_or(SHIFT.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: ActType = ActType::unsigned(4);

    #[test]
    fn close_ratios_share_the_smallest_shift_that_is_exact_enough() {
        let ratios = [0.0123, 0.05, 0.021];
        let r = requant(&ratios, FOUR);
        assert!(r.shift.iter().all(|&s| s == r.shift[0]));
        for (c, ratio) in ratios.iter().enumerate() {
            assert!((r.ratio(c) / ratio - 1.0).abs() * 15.0 <= 1.0 / 512.0);
        }
        assert!(r.multiplier.iter().all(|&m| m < 32768), "{r:?}");
    }

    #[test]
    fn a_power_of_two_is_multiplied_by_one() {
        assert_eq!(requant(&[0.25, 0.25], FOUR), Requant { multiplier: vec![1, 1], shift: vec![2, 2] });
    }

    #[test]
    fn distant_ratios_have_their_own_shifts() {
        let ratios = [3e-7, 0.9];
        let r = requant(&ratios, ActType::signed(8));
        assert_ne!(r.shift[0], r.shift[1]);
        for (c, ratio) in ratios.iter().enumerate() {
            assert!((r.ratio(c) / ratio - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn extreme_ratios_stay_legal() {
        for ratio in [1e-30, 1e-9, 30_000.0, 1e9] {
            let r = requant(&[ratio], ActType::unsigned(8));
            assert!((1..=40).contains(&r.shift[0]) && r.multiplier[0] >= 1, "{r:?}");
        }
    }
}

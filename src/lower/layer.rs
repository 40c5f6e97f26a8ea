//! One layer's integers: folded BatchNorm, weights, biases, multipliers.

use super::requant::{Requant, requant};
use crate::network::Params;
use crate::network::graph::ActType;

/// A channel whose accumulator moves the output by less than this part of a step is a constant.
const CONSTANT: f64 = 1.0 / 16.0;

/// A layer before requantization: per output channel `y = gain * in_scale * (sum of weight * x) + offset`, in real
/// units.
#[derive(Debug, Clone)]
pub struct Real {
    /// Integer weights, rows of one output channel each.
    pub weight: Vec<i8>,
    /// Weight scale times BatchNorm's gain; negative where gamma is.
    pub gain: Vec<f64>,
    /// Bias and BatchNorm's shift.
    pub offset: Vec<f64>,
    /// Scale of the input activations.
    pub in_scale: f64,
    /// Integers of the input activations.
    pub in_type: ActType,
}

impl Real {
    fn row(&self, c: usize) -> &[i8] {
        let size = self.weight.len() / self.gain.len();
        &self.weight[c * size..(c + 1) * size]
    }

    /// Least and greatest sum of weight times input of a channel.
    fn reach(&self, c: usize) -> (f64, f64) {
        let (lo, hi) = self.in_type.range();
        let part = |w: i8| [f64::from(w) * f64::from(lo), f64::from(w) * f64::from(hi)];
        let row = self.row(c);
        let least = row.iter().map(|&w| part(w)[0].min(part(w)[1]).min(0.0)).sum();
        let greatest = row.iter().map(|&w| part(w)[0].max(part(w)[1]).max(0.0)).sum();
        (least, greatest)
    }

    /// The integers of a layer whose raw accumulators are the scores: one gain for all channels.
    pub fn scores(self) -> Params {
        let unit = self.gain.first().map_or(1.0, |g| g * self.in_scale);
        let bias = self.offset.iter().map(|o| (o / unit).round() as i64).collect();
        Params { weight: self.weight, bias, ..Params::default() }
    }

    /// The integers of a layer whose output has the scale `out_scale` and the type `out`.
    pub fn requantized(mut self, out_scale: f64, out: ActType) -> Params {
        let channels = self.gain.len();
        let ratio = |c: usize| (self.gain[c] * self.in_scale / out_scale).abs();
        let moves = |c: usize| (self.reach(c).1 - self.reach(c).0) * ratio(c) >= CONSTANT;
        let live: Vec<bool> = (0..channels).map(moves).collect();
        let ratios: Vec<f64> = (0..channels).map(ratio).collect();
        let requant = live_requant(&live, &ratios, out);
        let size = self.weight.len() / channels;
        for (row, (live, gain)) in self.weight.chunks_mut(size.max(1)).zip(live.iter().zip(&self.gain)) {
            if !live {
                row.fill(0);
            } else if *gain < 0.0 {
                row.iter_mut().for_each(|w| *w = -*w);
            }
        }
        // Sum and bias may both be much larger than the output, which is what is left of them: only with the exact ratio
        // do they cancel. A constant has no sum, and takes the ratio that it will be multiplied by.
        let steps = |c: usize| if live[c] { ratios[c] } else { requant.ratio(c) };
        let bias = (0..channels).map(|c| self.bias(c, steps(c), out_scale, out)).collect();
        Params { weight: self.weight, bias, multiplier: requant.multiplier, shift: requant.shift }
    }

    /// The bias at accumulator scale. Where the output is saturated for every input, so far out as to saturate it and
    /// no further: the function stays, and the bias fits few bits.
    fn bias(&self, c: usize, ratio: f64, out_scale: f64, out: ActType) -> i64 {
        let (lo, hi) = out.range();
        let (least, greatest) = self.reach(c);
        let lowest = (f64::from(lo) - 1.0) / ratio - greatest;
        let highest = (f64::from(hi) + 1.0) / ratio - least;
        (self.offset[c] / out_scale / ratio).clamp(lowest, highest).round() as i64
    }
}

/// Multipliers of the live channels; a constant channel takes the first live one's, since any serves.
fn live_requant(live: &[bool], ratios: &[f64], out: ActType) -> Requant {
    let chosen: Vec<f64> = ratios.iter().zip(live).filter(|(_, live)| **live).map(|(r, _)| *r).collect();
    // With no live channel at all: steps of 1/256, fine enough for any constant.
    let found = requant(if chosen.is_empty() { &[1.0 / 256.0] } else { &chosen }, out);
    let mut next = 0;
    let mut index = |live: bool| {
        next += usize::from(live);
        if live { next - 1 } else { finest(&found) }
    };
    let order: Vec<usize> = live.iter().map(|&l| index(l)).collect();
    Requant {
        multiplier: order.iter().map(|&i| found.multiplier[i]).collect(),
        shift: order.iter().map(|&i| found.shift[i]).collect(),
    }
}

/// The channel of the smallest ratio, whose bias has the finest steps.
fn finest(requant: &Requant) -> usize {
    let channels = 0..requant.shift.len();
    channels.min_by(|&a, &b| requant.ratio(a).total_cmp(&requant.ratio(b))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(p: &Params, c: usize, acc: i64, out: ActType) -> i64 {
        let (lo, hi) = out.range();
        let v = (acc + p.bias[c]) * i64::from(p.multiplier[c]) + (1 << (p.shift[c] - 1));
        (v >> p.shift[c]).clamp(lo.into(), hi.into())
    }

    #[test]
    fn integers_follow_the_real_layer() {
        let out = ActType::unsigned(4);
        let real = Real {
            weight: vec![3, -2, 7, 1, -7, 5, 0, 4],
            gain: vec![0.02, -0.03, 0.0, 1e-9],
            offset: vec![0.3, 0.9, 0.52, 100.0],
            in_scale: 0.1,
            in_type: ActType::unsigned(4),
        };
        let p = real.clone().requantized(0.05, out);
        assert_eq!(p.weight[2..4], [-7, -1], "a negative gain turns the signs");
        assert_eq!(p.weight[4..], [0; 4], "constants have no weights");
        for x in [[0i64, 15], [15, 0], [9, 4], [15, 15], [2, 13]] {
            for c in 0..4 {
                let sum = |w: &[i8]| i64::from(w[0]) * x[0] + i64::from(w[1]) * x[1];
                let y = real.gain[c] * 0.1 * sum(&real.weight[2 * c..]) as f64 + real.offset[c];
                let expected = (y / 0.05 + 0.5).floor().clamp(0.0, 15.0) as i64;
                let got = output(&p, c, sum(&p.weight[2 * c..]), out);
                assert!((got - expected).abs() <= 1, "channel {c}: {got} for {expected}");
                if (y / 0.05).fract().abs_sub_half() > 0.1 {
                    assert_eq!(got, expected, "channel {c}, {x:?}");
                }
            }
        }
        assert!(p.bias[3].abs() < 100_000, "a saturated channel's bias is cut: {}", p.bias[3]);
    }

    trait FromHalf {
        fn abs_sub_half(self) -> f64;
    }

    impl FromHalf for f64 {
        /// Distance from a rounding threshold.
        fn abs_sub_half(self) -> f64 {
            (self.abs() - 0.5).abs()
        }
    }
}

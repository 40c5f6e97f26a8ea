//! Fake quantization: floats that take only the values the integer network can hold.
//!
//! Weights are symmetric, `-(2^(b-1)-1) ..= 2^(b-1)-1`, with one scale an output channel; activations have zero
//! point 0 and one scale a tensor. Scales are learned as logarithms, so that they stay positive and a step of the
//! optimizer is a relative change (LSQ, Esser et al., ICLR 2020, for the gradient).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::network::graph::ActType;

/// The bit widths of a quantized model. Scales stand beside the other parameters: `<node>.weight_scale` (natural
/// logarithms, one an output channel, one in all for the last layer) and `<node>.act_scale` (one).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quant {
    /// Weight bits, 2 to 8, of each convolution and fully connected layer.
    pub weights: BTreeMap<String, u32>,
    /// Format of each requantized output, every node with a scale of its own except the last.
    pub acts: BTreeMap<String, ActType>,
}

/// Weight of every channel of a BatchNorm of its own, with gamma's sign: the gain is in the multiplier, and a large
/// weight makes the accumulator's steps, in which the bias counts, fine.
pub(crate) const AFFINE_WEIGHT: i8 = 127;

/// Largest weight of `bits` bits.
pub fn weight_max(bits: u32) -> i64 {
    (1 << (bits - 1)) - 1
}

/// Scale as a tensor that broadcasts over dimension 0 of a weight of `dim` dimensions.
pub(super) fn along_outputs(scale: &Tensor, dim: usize) -> Tensor {
    let mut size = vec![1; dim];
    size[0] = -1;
    scale.view(size.as_slice())
}

/// The integers a weight tensor stands for, as floats: `clamp(floor(w / scale + 1/2))`. `log_scale` is `[O]` or `[1]`.
pub fn weight_ints(weight: &Tensor, log_scale: &Tensor, bits: u32) -> Tensor {
    let q = weight_max(bits);
    let scale = along_outputs(&log_scale.exp(), weight.dim());
    ((weight / scale) + 0.5).floor_().clamp_(-q, q)
}

/// Weights on the grid of their scales, without a gradient.
pub fn weight_eval(weight: &Tensor, log_scale: &Tensor, bits: u32) -> Tensor {
    weight_ints(weight, log_scale, bits) * along_outputs(&log_scale.exp(), weight.dim())
}

/// A learned scale, `exp(log_scale)`, whose gradient LSQ divides by the root of `count`: the number of values it scales
/// times the largest integer.
pub fn learned_scale(log_scale: &Tensor, count: f64) -> Tensor {
    let scale = log_scale.exp();
    let share = 1.0 / count.sqrt();
    &scale * share + scale.detach() * (1.0 - share)
}

/// Rounds in place, behind autograd's back: the gradient passes straight through, and nothing is copied. (Exact ties go
/// to even instead of up; a tie between trained floats is as good as never.)
fn round_through(x: Tensor) -> Tensor {
    tch::no_grad(|| drop(x.shallow_clone().round_()));
    x
}

/// As [`weight_eval`], times `gain` (`[1]`) where given, with straight-through gradients for the weights and LSQ gradients
/// for the scales.
pub fn weight_train(weight: &Tensor, log_scale: &Tensor, bits: u32, gain: Option<&Tensor>) -> Tensor {
    let q = weight_max(bits);
    let scale = learned_scale(log_scale, (weight.numel() / log_scale.numel()) as f64 * q as f64);
    let ints = round_through((weight * along_outputs(&scale.reciprocal(), weight.dim())).clamp(-q, q));
    let step = gain.map_or_else(|| scale.shallow_clone(), |g| &scale * g);
    ints * along_outputs(&step, weight.dim())
}

/// Activations on the grid: `clamp(floor(x / scale + 1/2), lo, hi) * scale`. An unsigned format includes the ReLU.
pub fn act_eval(x: &Tensor, log_scale: &Tensor, ty: ActType) -> Tensor {
    let (lo, hi) = ty.range();
    let scale = log_scale.exp();
    let mut steps = (x / &scale) + 0.5;
    let _ = steps.floor_().clamp_(i64::from(lo), i64::from(hi));
    steps * scale
}

/// Activations that are already counted in steps of their scale, to integers: straight-through gradients inside the
/// range. (With the scale applied before and after, that makes an LSQ gradient for it.)
pub fn act_train(steps: &Tensor, ty: ActType) -> Tensor {
    let (lo, hi) = ty.range();
    round_through(steps.to_kind(Kind::Float).clamp(i64::from(lo), i64::from(hi)))
}

/// Clipping points tried by the scale searches, as shares of the largest magnitude. None is a round number: sums of
/// integers (under an average pool) would otherwise fall exactly between two steps of the next scale.
fn clip_shares() -> impl Iterator<Item = f64> {
    (0..=40).map(|i| 1.00371 - 0.02037 * f64::from(i))
}

/// Logarithms of the weight scales (`[O]`, or `[1]` with `shared`) of least squared error, over a grid of clipping
/// points below the largest magnitude.
pub fn search_weight_scale(weight: &Tensor, bits: u32, shared: bool) -> Tensor {
    let _guard = tch::no_grad_guard();
    let q = weight_max(bits) as f64;
    let rows = if shared { weight.view([1, -1]) } else { weight.view([weight.size()[0], -1]) };
    let peak = rows.abs().amax([1i64].as_slice(), false);
    // A channel without weights needs some scale too: it takes the largest, so that nothing overflows.
    let peak = peak.where_self(&peak.gt(0.0), &peak.max().clamp_min(1e-6));
    let mut best = (&peak / q).log();
    let mut best_error = Tensor::full_like(&peak, f64::INFINITY);
    for share in clip_shares() {
        let log_scale = (&peak * (share / q)).log();
        let error = (weight_eval(&rows, &log_scale, bits) - &rows).square().sum_dim_intlist(
            [1i64].as_slice(),
            false,
            None::<Kind>,
        );
        let better = error.lt_tensor(&best_error);
        best = log_scale.where_self(&better, &best);
        best_error = error.minimum(&best_error);
    }
    best
}

/// Logarithm of the activation scale (`[1]`) of least squared error over the calibration values `x`.
pub fn search_act_scale(x: &Tensor, ty: ActType) -> Tensor {
    const SAMPLES: i64 = 1 << 18;
    let _guard = tch::no_grad_guard();
    let all = x.to_kind(Kind::Float).contiguous().view([-1]);
    let stride = (all.numel() as i64 / SAMPLES).max(1);
    let values = all.slice(0, None, None, stride);
    let (lo, hi) = ty.range();
    let values = if lo == 0 { values.relu() } else { values };
    let peak = values.abs().max().double_value(&[]).max(1e-6);
    let error_at = |share: f64| {
        let log_scale = Tensor::from_slice(&[(peak * share / f64::from(hi)).ln() as f32]).to_device(x.device());
        let error = (act_eval(&values, &log_scale, ty) - &values).square().sum(Kind::Double).double_value(&[]);
        (error, log_scale)
    };
    let candidates = clip_shares().map(error_at);
    candidates.min_by(|a, b| a.0.total_cmp(&b.0)).expect("the grid of shares is not empty").1
}

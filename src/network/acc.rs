//! The exact range and width of every accumulator, from the actual weights.

use super::graph::{ActType, Node, Op};
use super::{Network, Params};

/// Smallest number of signed (two's complement) bits that hold both `lo` and `hi`, at least 1.
pub const fn signed_bits(lo: i64, hi: i64) -> u32 {
    const fn one(v: i64) -> u32 {
        65 - (if v < 0 { !v } else { v }).leading_zeros()
    }
    let (a, b) = (one(lo), one(hi));
    if a > b { a } else { b }
}

/// Every value an accumulator can hold, whatever the order of its additions: it starts at `bias` or at 0, and any
/// subset of the products `weights[k] * x`, x in `act`'s range or 0, may have been added. Saturates at 64 bits.
pub fn channel_range(weights: impl Iterator<Item = i8>, bias: i64, act: ActType) -> (i64, i64) {
    let (lo, hi) = act.range();
    let (mut neg, mut pos) = (0i64, 0i64);
    for w in weights {
        let (a, b) = (i64::from(w) * i64::from(lo), i64::from(w) * i64::from(hi));
        neg += a.min(b).min(0);
        pos += a.max(b).max(0);
    }
    (bias.min(0).saturating_add(neg), bias.max(0).saturating_add(pos))
}

impl Network {
    /// Range of the values that enter `node`'s requantizer, or of the last node's scores, over all channels:
    /// the accumulator of conv, dense and affine, the window sum of avg_pool, the inputs of add and concat.
    /// `None` for max_pool, flatten and unknown nodes. The network must be valid.
    pub fn acc_range(&self, node: &str) -> Option<(i64, i64)> {
        let node = self.node(node)?;
        let types = self.act_types();
        let inputs: Vec<ActType> = node.inputs.iter().map(|name| types.get(name).copied()).collect::<Option<_>>()?;
        node_range(node, &inputs, self.params(&node.name))
    }

    /// Signed bits that hold [`Network::acc_range`].
    pub fn acc_bits(&self, node: &str) -> Option<u32> {
        self.acc_range(node).map(|(lo, hi)| signed_bits(lo, hi))
    }
}

/// The range for one node whose inputs have the formats `inputs`.
pub(super) fn node_range(node: &Node, inputs: &[ActType], params: &Params) -> Option<(i64, i64)> {
    let act = *inputs.first()?;
    let union = |(lo, hi): (i64, i64), (l, h): (i64, i64)| (lo.min(l), hi.max(h));
    match &node.op {
        Op::Conv(_) | Op::Dense(_) | Op::Affine(_) => {
            let per_channel = params.weight.len() / params.bias.len().max(1);
            let rows = params.weight.chunks(per_channel.max(1));
            rows.zip(&params.bias).map(|(row, &bias)| channel_range(row.iter().copied(), bias, act)).reduce(union)
        }
        Op::AvgPool(pool) => {
            let (lo, hi) = act.range();
            let window = (pool.kernel[0] * pool.kernel[1]) as i64;
            Some((window * i64::from(lo), window * i64::from(hi)))
        }
        Op::Add(_) | Op::Concat(_) => {
            inputs.iter().map(|act| act.range()).map(|(lo, hi)| (i64::from(lo), i64::from(hi))).reduce(union)
        }
        Op::MaxPool(_) | Op::Flatten(_) => None,
    }
}

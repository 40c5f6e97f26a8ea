//! The integers of a random network: mostly of the size a trained one has, sometimes the worst that is allowed.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::RandomSpec;
use crate::network::acc::{channel_range, node_range};
use crate::network::graph::{ActType, Node, Op, Storage};
use crate::network::limits::{MAX_SCORE_BITS, SHIFT, max_weight};
use crate::network::tensors::{TensorShapes, values};
use crate::network::{Network, Params};

/// Draws the integers of every node.
pub(super) fn fill<R: Rng>(rng: &mut R, spec: &RandomSpec, network: &mut Network) {
    let shapes = network.shapes().expect("a graph that fits");
    let types = network.act_types();
    for node in &network.nodes {
        let inputs: Vec<ActType> = node.inputs.iter().map(|name| types[name]).collect();
        let wanted = TensorShapes::of(&node.op, shapes[&node.inputs[0]], node.inputs.len());
        if wanted == TensorShapes::default() {
            continue;
        }
        let extreme = rng.random_bool(spec.extreme);
        let mut params = Params { weight: weights(rng, &node.op, &wanted.weight, extreme), ..Params::default() };
        let acc_bits = if node.op.out().is_some() { spec.max_acc_bits } else { MAX_SCORE_BITS };
        params.bias = biases(rng, &params.weight, values(&wanted.bias), inputs[0], acc_bits, extreme);
        let count = values(&wanted.requant);
        (params.multiplier, params.shift) = requantizers(rng, node, &inputs, &params, count, extreme);
        network.params.insert(node.name.clone(), params);
    }
}

/// Weights of one node: full or sparse, with empty columns; extreme ones all at the bounds.
fn weights<R: Rng>(rng: &mut R, op: &Op, shape: &[usize], extreme: bool) -> Vec<i8> {
    let most = max_weight(op.weight_bits().unwrap_or(1)) as i8;
    let sparsest: &[f64] = if op.storage() == Some(Storage::Sparse) { &[0.0, 0.5, 0.9, 0.97] } else { &[0.0, 0.3] };
    let zeros = *sparsest.choose(rng).expect("not empty");
    let all_zero = extreme && rng.random_bool(0.1);
    let signs: &[i8] = [&[1i8][..], &[-1], &[-1, 1]].choose(rng).expect("not empty");
    let columns = values(shape) / shape.first().copied().unwrap_or(1).max(1);
    let dead: Vec<bool> = (0..columns).map(|_| rng.random_bool(zeros / 2.0)).collect();
    let weight = |i: usize| {
        if all_zero || dead[i % columns] || rng.random_bool(zeros) {
            0
        } else if extreme {
            most * signs.choose(rng).expect("not empty")
        } else {
            rng.random_range(-most..=most)
        }
    };
    (0..values(shape)).map(weight).collect()
}

/// Biases of one node; extreme ones make the accumulator exactly as wide as it may be.
fn biases<R: Rng>(rng: &mut R, weights: &[i8], count: usize, act: ActType, acc_bits: u32, extreme: bool) -> Vec<i64> {
    let bound = 1i64 << (acc_bits - 1);
    let none = rng.random_bool(0.2);
    let bias = |row: &[i8]| {
        let (lo, hi) = channel_range(row.iter().copied(), 0, act);
        match rng.random_range(0..3) {
            _ if none => 0,
            0 if extreme => bound - 1 - hi,
            1 if extreme => -bound - lo,
            _ => rng.random_range(lo - 8..=hi + 8) / 2,
        }
    };
    let rows = weights.chunks((weights.len() / count.max(1)).max(1));
    rows.take(count).map(bias).collect()
}

/// Multipliers and shifts that bring the accumulator's range near the output's, give or take a factor of four.
fn requantizers<R: Rng>(
    rng: &mut R,
    node: &Node,
    inputs: &[ActType],
    params: &Params,
    count: usize,
    extreme: bool,
) -> (Vec<u16>, Vec<u8>) {
    let (Some(out), Some((lo, hi))) = (node.op.out(), node_range(node, inputs, params)) else {
        return Default::default();
    };
    let largest = hi.max(-lo).max(1) as f64;
    let one = |rng: &mut R| {
        if extreme && rng.random_bool(0.3) {
            let multiplier = *[0, 1, 65_535].choose(rng).expect("not empty");
            return (multiplier, *[SHIFT.0, 16, SHIFT.1].choose(rng).expect("not empty"));
        }
        let multiplier: u16 =
            if rng.random_bool(0.2) { 1 << rng.random_range(0..16) } else { rng.random_range(1..=65_535) };
        let gain = f64::from(out.range().1.max(1)) * rng.random_range(0.5..4.0) / largest;
        let shift = (f64::from(multiplier) / gain).log2().round();
        (multiplier, shift.clamp(f64::from(SHIFT.0), f64::from(SHIFT.1)) as u8)
    };
    if rng.random_bool(0.3) {
        let (multiplier, shift) = one(rng); // one for all, as a whole-tensor scale gives
        return (vec![multiplier; count], vec![shift; count]);
    }
    (0..count).map(|_| one(rng)).unzip()
}

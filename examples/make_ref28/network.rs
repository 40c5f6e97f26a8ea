//! The reference network.
//!
//! A 28 x 28 image, two convolutions of 3 x 3 (16 and 32 channels), each with a 2 x 2 pool, two fully connected layers
//! (64, 10); 8 bits throughout, 1,117,056 multiply-accumulates. Weights are uniform in -127 to 127, so it means nothing:
//! it is what engines and planners are compared on.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::network::graph::{ActType, Conv, Dense, Flatten, InputSpec, MaxPool, Node, Op, Storage};
use slimgate::network::{Network, Params};

/// The network, called `name`, weights from `seed`.
pub fn ref28(name: &str, seed: u64) -> Network {
    let act = Some(ActType::unsigned(8));
    let ops = [
        ("conv1", conv(16)),
        ("pool1", pool()),
        ("conv2", conv(32)),
        ("pool2", pool()),
        ("flatten", Op::Flatten(Flatten {})),
        ("fc1", dense(64, act)),
        ("fc2", dense(10, None)),
    ];
    let mut before = "input".to_string();
    let mut nodes = Vec::new();
    for (name, op) in ops {
        nodes.push(Node { name: name.into(), inputs: vec![std::mem::replace(&mut before, name.into())], op });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let params = BTreeMap::from([
        ("conv1".into(), params(&mut rng, 16, 9, true)),
        ("conv2".into(), params(&mut rng, 32, 144, true)),
        ("fc1".into(), params(&mut rng, 64, 1568, true)),
        ("fc2".into(), params(&mut rng, 10, 64, false)),
    ]);
    let input = InputSpec { channels: 1, height: 28, width: 28 };
    Network { name: name.into(), input, classes: (0..10).map(|class| class.to_string()).collect(), nodes, params }
}

/// 3 x 3, padding 1.
fn conv(out_channels: usize) -> Op {
    let [kernel, stride, padding] = [[3, 3], [1, 1], [1, 1]];
    let out = Some(ActType::unsigned(8));
    Op::Conv(Conv { out_channels, kernel, stride, padding, weight_bits: 8, storage: Storage::Dense, out })
}

/// 2 x 2.
fn pool() -> Op {
    Op::MaxPool(MaxPool { kernel: [2, 2], stride: [2, 2], padding: [0, 0] })
}

fn dense(out_features: usize, out: Option<ActType>) -> Op {
    Op::Dense(Dense { out_features, weight_bits: 8, storage: Storage::Dense, out })
}

/// Bits of the multipliers.
const MULTIPLIER_BITS: f64 = 8.0;

/// Random integers of a layer of `outputs` with `each` weights. Sums of random weights have a deviation of about
/// 73 (of a weight) x 150 (of an activation) x sqrt(each); multiplier and shift bring two of these to 255, so that few
/// activations saturate. Channels differ in their multipliers, as those of a trained network do.
fn params(rng: &mut ChaCha8Rng, outputs: usize, each: usize, requantized: bool) -> Params {
    let weight = (0..outputs * each).map(|_| rng.random_range(-127..=127)).collect();
    let deviation = 73.0 * 150.0 * (each as f64).sqrt();
    let bias = (0..outputs).map(|_| rng.random_range(-deviation / 2.0..deviation / 2.0) as i64).collect();
    if !requantized {
        return Params { weight, bias, ..Params::default() };
    }
    let scale = 255.0 / (2.0 * deviation);
    let shift = (MULTIPLIER_BITS - scale.log2().ceil()) as u8;
    let full = scale * f64::from(shift).exp2();
    let multiplier = (0..outputs).map(|_| (full * rng.random_range(0.6..1.0)) as u16).collect();
    Params { weight, bias, multiplier, shift: vec![shift; outputs] }
}

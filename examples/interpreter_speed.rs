//! Images a second of the interpreter on a network of the shape of `small` (28x28x1: conv 16, pool, conv 32, pool,
//! fc 128, fc 10), with all weights and with a tenth of fc1's. Run: `cargo run --no-default-features --example interpreter_speed`

use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::network::graph::{ActType, Conv, Dense, Flatten, InputSpec, MaxPool, Node, Op, Storage};
use slimgate::network::interp::Interpreter;
use slimgate::network::random::random_image;
use slimgate::network::{Network, Params};

const IMAGES: usize = 4000;

fn main() -> anyhow::Result<()> {
    for density in [1.0, 0.1] {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let network = small(&mut rng, density);
        let interpreter = Interpreter::new(&network)?;
        let pixels: Vec<u8> = (0..IMAGES).flat_map(|_| random_image(&mut rng, network.input.shape())).collect();
        let start = Instant::now();
        let scores = interpreter.scores_all(&pixels, || ());
        let rate = scores.len() as f64 / start.elapsed().as_secs_f64();
        println!("fc1 density {density}: {rate:.0} images/s on {} threads", rayon::current_num_threads());
    }
    Ok(())
}

/// `small` with random 4-bit weights; activations of 4 bits, about half of them zero.
fn small(rng: &mut ChaCha8Rng, density: f64) -> Network {
    let conv = |out_channels| {
        Op::Conv(Conv {
            out_channels,
            kernel: [3, 3],
            stride: [1, 1],
            padding: [1, 1],
            weight_bits: 4,
            storage: Storage::Dense,
            out: Some(ActType::unsigned(4)),
        })
    };
    let pool = || Op::MaxPool(MaxPool { kernel: [2, 2], stride: [2, 2], padding: [0, 0] });
    let dense = |out_features, out| Op::Dense(Dense { out_features, weight_bits: 4, storage: Storage::Sparse, out });
    // Name, op, outputs, values an output sees, density.
    let layers = [
        ("conv1", conv(16), 16, 9, 1.0),
        ("pool1", pool(), 0, 0, 1.0),
        ("conv2", conv(32), 32, 144, 1.0),
        ("pool2", pool(), 0, 0, 1.0),
        ("flat", Op::Flatten(Flatten {}), 0, 0, 1.0),
        ("fc1", dense(128, Some(ActType::unsigned(4))), 128, 1568, density),
        ("fc2", dense(10, None), 10, 128, 1.0),
    ];
    let mut network = Network {
        name: "small".into(),
        input: InputSpec { channels: 1, height: 28, width: 28 },
        classes: (0..10).map(|i| i.to_string()).collect(),
        nodes: Vec::new(),
        params: Default::default(),
    };
    let mut input = "input";
    for (name, op, outputs, fan_in, density) in layers {
        let weight = |_| if rng.random_bool(density) { rng.random_range(-7..=7) } else { 0 };
        let weight = (0..outputs * fan_in).map(weight).collect();
        let requantized = if op.out().is_some() { outputs } else { 0 };
        let shift = vec![if name == "conv1" { 23 } else { 21 }; requantized];
        let params = Params { weight, bias: vec![0; outputs], multiplier: vec![40_000; requantized], shift };
        network.nodes.push(Node { name: name.into(), inputs: vec![input.into()], op });
        network.params.insert(name.into(), params);
        input = name;
    }
    network
}

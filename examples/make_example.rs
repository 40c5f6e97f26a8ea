//! Writes the network of the generated example, `examples/example-network` (kept in git): the same bytes every time.
//!
//! ```sh
//! cargo run --no-default-features --example make_example
//! SLIMGATE_BLESS=1 cargo test --no-default-features --test example_design    # then its Verilog, rtl_out/example
//! ```
//!
//! An 8 x 8 image, two convolutions, two pools, a sparse and a dense fully connected layer, 4 classes; random weights
//! from a fixed seed. It means nothing: it is small enough to read.

use std::collections::BTreeMap;
use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::network::acc::signed_bits;
use slimgate::network::graph::{ActType, Conv, Dense, Flatten, InputSpec, MaxPool, Node, Op, Storage};
use slimgate::network::interp::Interpreter;
use slimgate::network::random::noise_image;
use slimgate::network::{Network, Params};

fn main() -> anyhow::Result<()> {
    let network = network()?;
    network.validate()?;
    let dir = Path::new("examples/example-network");
    network.save(dir)?;
    println!("{}", dir.display());
    Ok(())
}

fn network() -> anyhow::Result<Network> {
    let ops = [
        ("conv1", conv(4, 4)),
        ("pool1", pool()),
        ("conv2", conv(6, 3)),
        ("pool2", pool()),
        ("flatten", Op::Flatten(Flatten {})),
        ("fc1", dense(12, 4, Storage::Sparse, Some(ActType::unsigned(4)))),
        ("fc2", dense(4, 4, Storage::Dense, None)),
    ];
    let mut before = "input".to_string();
    let mut nodes = Vec::new();
    for (name, op) in ops {
        nodes.push(Node { name: name.into(), inputs: vec![std::mem::replace(&mut before, name.into())], op });
    }
    let classes = ["a", "b", "c", "d"].map(String::from).to_vec();
    let input = InputSpec { channels: 1, height: 8, width: 8 };
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let pixels = ActType::unsigned(8);
    let params = BTreeMap::from([
        ("conv1".into(), params(&mut rng, [4, 9], 4, 0.0, Some(pixels))),
        ("conv2".into(), params(&mut rng, [6, 36], 3, 0.1, Some(ActType::unsigned(4)))),
        ("fc1".into(), params(&mut rng, [12, 24], 4, 0.75, Some(ActType::unsigned(4)))),
        ("fc2".into(), params(&mut rng, [4, 12], 4, 0.0, None)),
    ]);
    let mut network = Network { name: "example".into(), input, classes, nodes, params };
    balance(&mut network)?;
    Ok(network)
}

/// Biases of the last layer with which no class leads on average: else its scores hide what is wrong before it.
fn balance(network: &mut Network) -> anyhow::Result<()> {
    const IMAGES: i64 = 256;
    let interpreter = Interpreter::new(network)?;
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut sums = vec![0; network.classes.len()];
    for _ in 0..IMAGES {
        let scores = interpreter.scores(&noise_image(&mut rng, interpreter.input()));
        sums.iter_mut().zip(scores).for_each(|(sum, score)| *sum += i64::from(score));
    }
    drop(interpreter);
    let last = network.params.get_mut("fc2").expect("the last layer");
    last.bias.iter_mut().zip(sums).for_each(|(bias, sum)| *bias -= sum / IMAGES);
    Ok(())
}

/// 3 x 3, padding 1, 4-bit results.
fn conv(out_channels: usize, weight_bits: u32) -> Op {
    let out = Some(ActType::unsigned(4));
    let [kernel, stride, padding] = [[3, 3], [1, 1], [1, 1]];
    Op::Conv(Conv { out_channels, kernel, stride, padding, weight_bits, storage: Storage::Dense, out })
}

/// 2 x 2.
fn pool() -> Op {
    Op::MaxPool(MaxPool { kernel: [2, 2], stride: [2, 2], padding: [0, 0] })
}

fn dense(out_features: usize, weight_bits: u32, storage: Storage, out: Option<ActType>) -> Op {
    Op::Dense(Dense { out_features, weight_bits, storage, out })
}

/// Random integers of a layer of `[outputs, weights an output]`, of which `zeros` are 0; with the format of its input,
/// multipliers that bring a quarter of the largest sum to 15. The last layer (`None`) has none.
fn params(
    rng: &mut ChaCha8Rng,
    [outputs, each]: [usize; 2],
    weight_bits: u32,
    zeros: f64,
    input: Option<ActType>,
) -> Params {
    let most = (1 << (weight_bits - 1)) - 1;
    let weight: Vec<i8> =
        (0..outputs * each).map(|_| if rng.random_bool(zeros) { 0 } else { rng.random_range(-most..=most) }).collect();
    let largest = input.map_or(15, |act| i64::from(act.range().1));
    let bias = (0..outputs).map(|_| rng.random_range(-2 * largest..=4 * largest)).collect();
    let Some(_) = input else {
        return Params { weight, bias, ..Params::default() };
    };
    let sums = weight.chunks(each).map(|row| row.iter().map(|w| i64::from(w.max(&0).unsigned_abs())).sum::<i64>());
    let sums: Vec<i64> = sums.map(|sum| (sum * largest / 4).max(1)).collect();
    // One shift for all channels, multipliers of up to 8 bits.
    let smallest = sums.iter().copied().min().unwrap_or(1);
    let shift = (signed_bits(0, smallest / 15).min(30) + 6) as u8;
    let multiplier = sums.iter().map(|sum| ((15i64 << shift) / sum).clamp(1, 65_535) as u16).collect();
    Params { weight, bias, multiplier, shift: vec![shift; outputs] }
}

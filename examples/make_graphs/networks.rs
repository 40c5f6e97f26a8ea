//! The networks: random weights from a fixed seed, scaled so that few activations saturate; they mean nothing.

#![allow(dead_code)] // each user takes a part

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::network::graph::{
    ActType, Affine, AvgPool, Conv, Dense, Flatten, INPUT, InputSpec, Join, Node, Op, Storage,
};
use slimgate::network::{Network, Params};

const WEIGHT_BITS: u32 = 6;
/// After ReLU, and where there is none.
const RELU: ActType = ActType::unsigned(6);
const PLAIN: ActType = ActType::signed(7);

/// 32 x 32 x 3; three stages of 8, 16 and 32 channels, a residual block each, shortcuts 1x1 of stride 2.
pub fn resnet8() -> Network {
    let mut b = Builder::new("resnet8");
    let mut x = b.conv("conv0", INPUT, [3, 8], 3, 1, RELU);
    let mut channels = 8;
    for (stage, out) in [8, 16, 32].into_iter().enumerate() {
        let stride = if stage == 0 { 1 } else { 2 };
        let name = |part: &str| format!("s{stage}_{part}");
        let a = b.conv(&name("conv1"), &x, [channels, out], 3, stride, RELU);
        let main = b.conv(&name("conv2"), &a, [out, out], 3, 1, PLAIN);
        let side = match stage {
            0 => x,
            _ => b.conv(&name("short"), &x, [channels, out], 1, stride, PLAIN),
        };
        x = b.join(&name("add"), &[&main, &side], Op::Add(Join { out: RELU }));
        channels = out;
    }
    b.head(&x, channels, 8)
}

/// One residual block of `convs` convolutions on `side` x `side` x 1, two channels: the smallest that shows what waits.
pub fn block(side: usize, convs: usize) -> Network {
    let mut b = Builder::new("block");
    let x = b.conv("conv0", INPUT, [1, 2], 3, 1, RELU);
    let mut main = x.clone();
    for conv in 1..=convs {
        main = b.conv(&format!("conv{conv}"), &main, [2, 2], 3, 1, if conv == convs { PLAIN } else { RELU });
    }
    let sum = b.join("add", &[&main, &x], Op::Add(Join { out: RELU }));
    let mut network = b.head(&sum, 2, side);
    network.input = InputSpec { channels: 1, height: side, width: side };
    network
}

/// A shortcut with a convolution of its own, on a wide image of few rows: the last pixel sets free most rows of the branches at once.
pub fn wide() -> Network {
    let mut b = Builder::new("wide");
    let x = b.conv("conv0", INPUT, [1, 2], 7, 1, RELU);
    let main = b.conv("conv1", &x, [2, 2], 7, 1, PLAIN);
    let side = b.conv("short", &x, [2, 2], 1, 1, PLAIN);
    let sum = b.join("add", &[&main, &side], Op::Add(Join { out: RELU }));
    let mut network = b.head(&sum, 32, 4);
    network.input = InputSpec { channels: 1, height: 4, width: 64 };
    network
}

/// 32 x 32 x 3; two blocks of three layers of growth 4, an affine before each convolution.
pub fn densenet() -> Network {
    let mut b = Builder::new("densenet");
    let mut x = b.conv("conv0", INPUT, [3, 8], 3, 1, PLAIN);
    let mut channels = 8;
    for block in 0..2 {
        for layer in 0..3 {
            let name = |part: &str| format!("b{block}_{part}{layer}");
            let a = b.affine(&name("affine"), &x, channels);
            let grown = b.conv(&name("conv"), &a, [channels, 4], 3, 1, PLAIN);
            x = b.join(&name("concat"), &[&x, &grown], Op::Concat(Join { out: PLAIN }));
            channels += 4;
        }
        x = b.affine(&format!("b{block}_affine"), &x, channels);
        if block == 0 {
            x = b.conv("transition", &x, [channels, 10], 1, 1, PLAIN);
            x = b.average("transition_pool", &x, 2, PLAIN);
            channels = 10;
        }
    }
    b.head(&x, channels, 16)
}

struct Builder {
    name: String,
    rng: ChaCha8Rng,
    nodes: Vec<Node>,
    params: BTreeMap<String, Params>,
}

impl Builder {
    fn new(name: &str) -> Self {
        Self { name: name.into(), rng: ChaCha8Rng::seed_from_u64(8), nodes: Vec::new(), params: BTreeMap::new() }
    }

    fn push(&mut self, name: &str, inputs: &[&str], op: Op, params: Params) -> String {
        let inputs = inputs.iter().map(|input| (*input).into()).collect();
        self.nodes.push(Node { name: name.into(), inputs, op });
        self.params.insert(name.into(), params);
        name.into()
    }

    fn conv(
        &mut self,
        name: &str,
        from: &str,
        [i, o]: [usize; 2],
        kernel: usize,
        stride: usize,
        out: ActType,
    ) -> String {
        let params = self.weights(o, i * kernel * kernel, Some(out));
        let op = Op::Conv(Conv {
            out_channels: o,
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [kernel / 2; 2],
            weight_bits: WEIGHT_BITS,
            storage: Storage::Dense,
            out: Some(out),
        });
        self.push(name, &[from], op, params)
    }

    fn affine(&mut self, name: &str, from: &str, channels: usize) -> String {
        let params = self.weights(channels, 1, Some(RELU));
        self.push(name, &[from], Op::Affine(Affine { weight_bits: WEIGHT_BITS, out: RELU }), params)
    }

    /// Scales of about 1, which differ by input.
    fn join(&mut self, name: &str, inputs: &[&str], op: Op) -> String {
        let multiplier = (0..inputs.len()).map(|_| self.rng.random_range(160..256)).collect();
        let params = Params { multiplier, shift: vec![8; inputs.len()], ..Params::default() };
        self.push(name, inputs, op, params)
    }

    fn average(&mut self, name: &str, from: &str, kernel: usize, out: ActType) -> String {
        let op = Op::AvgPool(AvgPool { kernel: [kernel; 2], stride: [kernel; 2], out });
        let multiplier = vec![(1 << 14) / (kernel * kernel) as u16];
        self.push(name, &[from], op, Params { multiplier, shift: vec![14], ..Params::default() })
    }

    /// Global average, then ten classes.
    fn head(mut self, from: &str, channels: usize, side: usize) -> Network {
        let pooled = self.average("pool", from, side, RELU);
        let flat = self.push("flatten", &[&pooled], Op::Flatten(Flatten {}), Params::default());
        let params = self.weights(10, channels, None);
        let dense = Dense { out_features: 10, weight_bits: WEIGHT_BITS, storage: Storage::Dense, out: None };
        self.push("fc", &[&flat], Op::Dense(dense), params);
        self.params.retain(|_, params| *params != Params::default());
        let (name, nodes, params) = (self.name, self.nodes, self.params);
        let input = InputSpec { channels: 3, height: 32, width: 32 };
        Network { name, input, classes: (0..10).map(|class| class.to_string()).collect(), nodes, params }
    }

    /// Uniform weights of `outputs` channels with `each`, and constants that bring two deviations of a sum to the
    /// largest value of `out`.
    fn weights(&mut self, outputs: usize, each: usize, out: Option<ActType>) -> Params {
        let weight = (0..outputs * each).map(|_| self.rng.random_range(-31..=31)).collect();
        let deviation = 18.0 * 25.0 * (each as f64).sqrt();
        let bias = (0..outputs).map(|_| self.rng.random_range(-deviation..deviation) as i64).collect();
        let Some(out) = out else {
            return Params { weight, bias, ..Params::default() };
        };
        let scale = f64::from(out.range().1) / (2.0 * deviation);
        let shift = (8.0 - scale.log2().ceil()) as u8;
        let full = scale * f64::from(shift).exp2();
        let multiplier = (0..outputs).map(|_| (full * self.rng.random_range(0.6..1.0)) as u16).collect();
        Params { weight, bias, multiplier, shift: vec![shift; outputs] }
    }
}

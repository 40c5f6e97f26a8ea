//! The integer network against the model it was lowered from.
#![cfg(feature = "train")]

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::config::layers::{LayerOp, LayerSpec, Window};
use slimgate::config::train::TrainConfig;
use slimgate::data::Images;
use slimgate::lower::lower;
use slimgate::network::Network;
use slimgate::network::graph::{Op, Shape};
use slimgate::network::interp::{Interpreter, argmax};
use slimgate::train::{Bits, Hooks, Mode, Model, Recipe, accuracy, batches, fit};
use tch::{Device, Tensor};

const INPUT: Shape = Shape { c: 2, h: 11, w: 9 };
const COUNT: usize = 400;

fn window(kernel: usize, stride: usize, padding: usize) -> Window {
    Window { kernel: [kernel; 2], stride: [stride; 2], padding: [padding; 2] }
}

/// A node; `flags` may hold b (BatchNorm) and r (ReLU).
fn node(name: &str, inputs: &[&str], op: LayerOp, flags: &str) -> LayerSpec {
    LayerSpec {
        name: name.into(),
        inputs: inputs.iter().map(|s| (*s).to_string()).collect(),
        op,
        batch_norm: flags.contains('b'),
        relu: flags.contains('r'),
        shape: Shape { c: 0, h: 0, w: 0 },
    }
}

fn conv(out: usize, kernel: usize, stride: usize, padding: usize) -> LayerOp {
    LayerOp::Conv { out, window: window(kernel, stride, padding) }
}

/// Strides, paddings, convolutions with and without BatchNorm and ReLU, both pools.
fn plain() -> Vec<LayerSpec> {
    vec![
        node("conv1", &["input"], conv(8, 3, 1, 1), "br"),
        node("pool1", &["conv1"], LayerOp::MaxPool(window(2, 2, 1)), ""),
        node("conv2", &["pool1"], conv(10, 3, 2, 2), "b"),
        node("conv3", &["conv2"], conv(9, 1, 1, 0), "r"),
        node("pool2", &["conv3"], LayerOp::AvgPool(window(2, 1, 0)), ""),
        node("flat", &["pool2"], LayerOp::Flatten, ""),
        node("fc1", &["flat"], LayerOp::Dense { out: 24 }, "r"),
        node("fc2", &["fc1"], LayerOp::Dense { out: 7 }, ""),
    ]
}

/// A residual block, a dense block, a BatchNorm of its own, a pool over signed values.
fn joined() -> Vec<LayerSpec> {
    vec![
        node("conv1", &["input"], conv(6, 3, 1, 1), "b"),
        node("pool1", &["conv1"], LayerOp::MaxPool(window(2, 2, 1)), ""),
        node("bn1", &["pool1"], LayerOp::BatchNorm, "r"),
        node("conv2", &["bn1"], conv(6, 3, 1, 1), "b"),
        node("add1", &["conv2", "pool1"], LayerOp::Add, "r"),
        node("concat1", &["add1", "conv2", "bn1"], LayerOp::Concat, ""),
        node("pool2", &["concat1"], LayerOp::AvgPool(window(2, 2, 0)), ""),
        node("flat", &["pool2"], LayerOp::Flatten, ""),
        node("fc1", &["flat"], LayerOp::Dense { out: 7 }, ""),
    ]
}

/// Three layers of a dense block, each appending to what it read.
fn dense_block() -> Vec<LayerSpec> {
    let mut nodes = vec![node("conv1", &["input"], conv(6, 3, 1, 1), "b")];
    let mut last = "conv1".to_string();
    for i in 1..=3 {
        let [bn, grown, cat] = ["bn", "grown", "cat"].map(|part| format!("{part}{i}"));
        nodes.push(node(&bn, &[&last], LayerOp::BatchNorm, "r"));
        nodes.push(node(&grown, &[&bn], conv(3, 3, 1, 1), ""));
        nodes.push(node(&cat, &[&last, &grown], LayerOp::Concat, ""));
        last = cat;
    }
    nodes.push(node("last", &[&last], LayerOp::BatchNorm, "r"));
    nodes.push(node("pool", &["last"], LayerOp::AvgPool(window(2, 2, 0)), ""));
    nodes.push(node("flat", &["pool"], LayerOp::Flatten, ""));
    nodes.push(node("fc1", &["flat"], LayerOp::Dense { out: 7 }, ""));
    nodes
}

fn vgg_like() -> Vec<LayerSpec> {
    let mut nodes = Vec::new();
    let mut last = "input".to_string();
    for (i, channels) in [8, 8, 12, 12].into_iter().enumerate() {
        nodes.push(node(&format!("conv{i}"), &[&last], conv(channels, 3, 1, 1), "br"));
        last = format!("conv{i}");
        if i % 2 == 1 {
            nodes.push(node(&format!("pool{i}"), &[&last], LayerOp::MaxPool(window(2, 2, 0)), ""));
            last = format!("pool{i}");
        }
    }
    nodes.push(node("flat", &[&last], LayerOp::Flatten, ""));
    nodes.push(node("fc1", &["flat"], LayerOp::Dense { out: 32 }, "r"));
    nodes.push(node("fc2", &["fc1"], LayerOp::Dense { out: 7 }, ""));
    nodes
}

/// Seven classes: the steepness of a ramp, its direction, noise.
fn images(seed: u64) -> Images {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..COUNT {
        let (label, level) = (rng.random_range(0..7u16), rng.random_range(40..120));
        for (y, x, c) in (0..INPUT.len()).map(|i| (i / 18, i / 2 % 9, i % 2)) {
            let along = if c == 0 { x } else { y } as i32;
            pixels.push((level + (i32::from(label) - 3) * 4 * along + rng.random_range(0..40)).clamp(0, 255) as u8);
        }
        labels.push(label);
    }
    Images { shape: INPUT, pixels, labels }
}

/// Trained from a start with half of the gammas negative and one zero.
fn model(nodes: &[LayerSpec], seed: u64, images: &Images) -> Model {
    let mut model = Model::new(nodes, INPUT, seed).unwrap();
    tch::no_grad(|| {
        for gamma in model.gammas().values() {
            let signs: Vec<f32> = (0..gamma.numel()).map(|i| [1.0, -1.0][i % 2]).collect();
            gamma.shallow_clone().copy_(&Tensor::from_slice(&signs));
        }
    });
    fit(&mut model, images, &recipe(15, 1e-2), &Hooks::default()).unwrap();
    tch::no_grad(|| drop(model.gammas()["conv1"].get(4).fill_(0.0)));
    model
}

fn recipe(epochs: usize, learning_rate: f64) -> Recipe {
    let train = TrainConfig { epochs, learning_rate, batch: 20, threads: 1, ..TrainConfig::default() };
    Recipe::new(&train, 1)
}

/// Share of images on which both choose one class, and the correlation of all their scores.
fn agreement(model: &Model, network: &Network, images: &Images) -> (f64, f64) {
    let x = batches::tensor(images, 0..images.len(), Device::Cpu);
    let float: Vec<f32> = model.forward(&x, Mode::Eval).flatten(0, -1).try_into().unwrap();
    let integer = Interpreter::new(network).unwrap();
    let (mut same, mut pairs) = (0, Vec::new());
    for (i, f) in float.chunks(model.classes()).enumerate() {
        let scores = integer.scores(images.image(i));
        // Integer scores tie where float ones differ in the last bit alone.
        let best = f.iter().copied().fold(f32::MIN, f32::max);
        same += usize::from(best - f[argmax(&scores)] <= 1e-5 * best.abs());
        pairs.extend(f.iter().zip(scores).map(|(&a, b)| (f64::from(a), f64::from(b))));
    }
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / pairs.len() as f64;
    let (ma, mb) = (mean(|p| p.0), mean(|p| p.1));
    let moment = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>();
    let covariance = moment(&|p| (p.0 - ma) * (p.1 - mb));
    let variances = moment(&|p| (p.0 - ma).powi(2)) * moment(&|p| (p.1 - mb).powi(2));
    (same as f64 / images.len() as f64, covariance / variances.sqrt())
}

fn classes() -> Vec<String> {
    (0..7).map(|i| format!("class {i}")).collect()
}

#[test]
fn the_integer_network_is_the_fake_quantized_model() {
    let images = images(1);
    let x = batches::tensor(&images, 0..COUNT, Device::Cpu);
    for (graph, nodes) in [("plain", plain()), ("joined", joined()), ("dense", dense_block()), ("vgg", vgg_like())] {
        let float = model(&nodes, 3, &images);
        for (w, a) in [(8, 8), (4, 4), (3, 4), (2, 3)] {
            let mut m = float.clone();
            m.quantize(&Bits::uniform(&m, w, a), &x).unwrap();
            fit(&mut m, &images, &recipe(6, 4e-3), &Hooks::default()).unwrap();
            assert!(m.gammas()["conv1"].lt(0.0).any().int64_value(&[]) == 1, "a negative gamma is in the test");
            let network = lower(&m, "t", &classes(), &x).unwrap();
            let (share, correlation) = agreement(&m, &network, &images);
            println!(
                "{graph}, {w} and {a} bits: {share} agree, scores correlate {correlation}; accuracy {}",
                accuracy(&m, &images)
            );
            assert!(accuracy(&m, &images) > 0.5, "{graph}, {w} and {a} bits: nothing learned");
            assert!(share >= 0.995 && correlation > 0.999, "{graph}, {w} and {a} bits: {share}, {correlation}");
        }
    }
}

#[test]
fn what_a_dense_block_carries_on_is_rounded_once() {
    let images = images(5);
    let x = batches::tensor(&images, 0..COUNT, Device::Cpu);
    let mut m = Model::new(&dense_block(), INPUT, 5).unwrap();
    m.quantize(&Bits::uniform(&m, 4, 5), &x).unwrap();
    fit(&mut m, &images, &recipe(1, 4e-3), &Hooks::default()).unwrap();
    let network = lower(&m, "t", &classes(), &x).unwrap();
    for cat in ["cat2", "cat3"] {
        let p = &network.params[cat];
        assert_eq!(u64::from(p.multiplier[0]), 1 << p.shift[0], "{cat}: what was concatenated before keeps its scale");
        assert_ne!(u64::from(p.multiplier[1]), 1 << p.shift[1], "{cat}: what is appended has a scale of its own");
    }
    let scales = m.params().iter().filter(|p| p.name.starts_with("cat") && p.name.ends_with("act_scale")).count();
    assert_eq!(scales, 1);
    let mut bits = Bits::uniform(&m, 4, 5);
    bits.acts.insert("cat2".into(), 6);
    let error = m.quantize(&bits, &x).unwrap_err().to_string();
    assert!(error.contains("cat2: 6 activation bits, but cat1, whose scale it has, 5"), "{error}");
}

#[test]
fn a_float_model_is_lowered_at_8_bits() {
    let images = images(2);
    let x = batches::tensor(&images, 0..COUNT, Device::Cpu);
    let m = model(&plain(), 9, &images);
    let network = lower(&m, "t", &classes(), &x).unwrap();
    let (share, correlation) = agreement(&m, &network, &images);
    assert!(share > 0.93 && correlation > 0.995, "{share}, {correlation}");
    assert!(m.quant().is_none(), "the model itself stays as it is");
}

#[test]
fn slimmed_and_pruned_models_lower_to_smaller_ones() {
    let images = images(3);
    let x = batches::tensor(&images, 0..COUNT, Device::Cpu);
    let mut m = model(&plain(), 5, &images);
    let before = lower(&m, "t", &classes(), &x).unwrap();
    m.slim(&[("conv1".to_string(), vec![0, 2, 3, 7])].into()).unwrap();
    m.quantize(&Bits::uniform(&m, 4, 4), &x).unwrap();
    let w = m.weight("fc1");
    let threshold = w.abs().flatten(0, -1).kthvalue((w.numel() * 9 / 10) as i64, 0, false).0;
    m.set_mask("fc1", &w.abs().gt_tensor(&threshold)).unwrap();
    m.remove_dead().unwrap();
    let network = lower(&m, "t", &classes(), &x).unwrap();
    let (share, correlation) = agreement(&m, &network, &images);
    assert!(share >= 0.985 && correlation > 0.999, "{share}, {correlation}");
    assert_eq!(network.shapes().unwrap()["conv1"].c, 4);
    let Op::Dense(fc1) = &network.node("fc1").unwrap().op else { panic!("fc1 is fully connected") };
    assert_eq!(fc1.storage, slimgate::network::graph::Storage::Sparse);
    let (small, large) = (network.sizes().unwrap().total, before.sizes().unwrap().total);
    assert!(small.stored_bits * 3 < large.stored_bits, "{} of {}", small.stored_bits, large.stored_bits);
    assert!(network.params["fc1"].weight.iter().filter(|&&w| w != 0).count() <= w.numel() / 10 + 1);
}

#[test]
fn a_channel_of_zero_gamma_has_no_weights() {
    let images = images(4);
    let x = batches::tensor(&images, 0..COUNT, Device::Cpu);
    let m = model(&plain(), 6, &images);
    let network = lower(&m, "t", &classes(), &x).unwrap();
    let row = &network.params["conv1"].weight[4 * 18..5 * 18];
    assert_eq!(row, [0i8; 18]);
}

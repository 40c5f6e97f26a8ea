//! The float model: forward pass, files, surgery.
#![cfg(feature = "train")]

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use slimgate::config::layers::{LayerOp, LayerSpec, Window};
use slimgate::network::graph::Shape;
use slimgate::train::{Bits, Mode, Model};
use tch::{Kind, Tensor};

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

fn conv(out: usize) -> LayerOp {
    LayerOp::Conv { out, window: Window { kernel: [3, 3], stride: [1, 1], padding: [1, 1] } }
}

const HALF: Window = Window { kernel: [2, 2], stride: [2, 2], padding: [0, 0] };

/// conv, pool, two convolutions joined by an add, a concat with the pool, average pool, two fully connected layers.
fn model() -> Model {
    let nodes = vec![
        node("conv1", &["input"], conv(6), "br"),
        node("pool1", &["conv1"], LayerOp::MaxPool(HALF), ""),
        node("conv2", &["pool1"], conv(5), "br"),
        node("conv3", &["conv2"], conv(5), "b"),
        node("add1", &["conv2", "conv3"], LayerOp::Add, "r"),
        node("concat1", &["add1", "pool1"], LayerOp::Concat, ""),
        node("bn1", &["concat1"], LayerOp::BatchNorm, "r"),
        node("pool2", &["bn1"], LayerOp::AvgPool(HALF), ""),
        node("flat", &["pool2"], LayerOp::Flatten, ""),
        node("fc1", &["flat"], LayerOp::Dense { out: 12 }, "r"),
        node("fc2", &["fc1"], LayerOp::Dense { out: 4 }, ""),
    ];
    let model = Model::new(&nodes, Shape { c: 2, h: 8, w: 8 }, 7).unwrap();
    // Statistics and BatchNorm away from their neutral start, some gammas negative.
    tch::no_grad(|| {
        for p in model.params().iter().filter(|p| !p.decay) {
            p.tensor.shallow_clone().copy_(&uniform(&p.tensor.size(), -0.7, 0.9));
        }
    });
    let _ = model.forward(&images(64), Mode::Train);
    model
}

fn images(n: i64) -> Tensor {
    (uniform(&[n, 2, 8, 8], 0.0, 255.0)).round() / 255.0
}

/// Reproducible numbers (libtorch's own generator is shared by the tests' threads).
fn uniform(size: &[i64], lo: f32, hi: f32) -> Tensor {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(size.iter().sum::<i64>() as u64);
    let drawn: Vec<f32> = (0..size.iter().product()).map(|_| rng.random_range(lo..hi)).collect();
    Tensor::from_slice(&drawn).view(size)
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

#[test]
fn a_saved_model_comes_back_bit_for_bit() {
    let mut m = model();
    m.quantize(&Bits::uniform(&m, 4, 5), &images(32)).unwrap();
    let w = m.weight("fc1");
    m.set_mask("fc1", &w.abs().gt(0.05)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.safetensors");
    m.save(&path).unwrap();
    let back = Model::load(&path).unwrap();
    assert_eq!(back.quant(), m.quant());
    assert_eq!(back.nodes(), m.nodes());
    assert_eq!(back.mask("fc1"), m.mask("fc1"));
    for (a, b) in m.params().iter().zip(back.params()) {
        assert_eq!((&a.name, &a.tensor), (&b.name, &b.tensor));
    }
    assert_eq!(m.forward(&images(16), Mode::Eval), back.forward(&images(16), Mode::Eval));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let err = Model::load(&path).unwrap_err();
    assert_eq!(slimgate::error::exit_status(&err), 2, "{err:#}");
}

#[test]
fn a_clone_shares_nothing() {
    let m = model();
    let before = m.forward(&images(4), Mode::Eval);
    let copy = m.clone();
    tch::no_grad(|| copy.params().iter().for_each(|p| drop(p.tensor.shallow_clone().zero_())));
    assert_eq!(m.forward(&images(4), Mode::Eval), before);
}

#[test]
fn four_bits_keep_the_scores_close() {
    let mut m = model();
    let float = m.forward(&images(64), Mode::Eval);
    m.quantize(&Bits::uniform(&m, 4, 4), &images(64)).unwrap();
    let quantized = m.forward(&images(64), Mode::Eval);
    assert!(largest_difference(&float, &quantized) > 0.0);
    let cosine = Tensor::cosine_similarity(&float.flatten(0, -1), &quantized.flatten(0, -1), 0, 1e-8).double_value(&[]);
    assert!(cosine > 0.9, "cosine {cosine}");
}

#[test]
fn train_and_eval_quantizers_agree() {
    use slimgate::network::graph::ActType;
    use slimgate::train::quant;
    let w = uniform(&[5, 4, 3, 3], -1.0, 1.5);
    let scale = quant::search_weight_scale(&w, 4, false);
    assert_eq!(scale.size(), [5]);
    let (trained, evaluated) = (quant::weight_train(&w, &scale, 4, None), quant::weight_eval(&w, &scale, 4));
    assert!(largest_difference(&trained, &evaluated) < 1e-6);
    for ty in [ActType::unsigned(3), ActType::signed(4)] {
        let scale = quant::search_act_scale(&w, ty);
        let trained = quant::act_train(&(&w / scale.exp()), ty) * scale.exp();
        assert!(largest_difference(&trained, &quant::act_eval(&w, &scale, ty)) < 1e-6);
    }
}

/// Esser et al., equation 3: q - x/s inside the range, the clipped integer outside; times s for the logarithm.
#[test]
fn scales_have_lsq_gradients() {
    use slimgate::train::quant;
    let w = Tensor::from_slice(&[0.3f32, -0.9, 5.0, -5.0, 1.4]);
    for (i, expected) in [0.0 - 0.3, -1.0 + 0.9, 3.0, -3.0, 1.0 - 1.4].into_iter().enumerate() {
        let log_scale = Tensor::from_slice(&[0.0f32]).set_requires_grad(true);
        quant::weight_train(&w.view([1, 5]), &log_scale, 3, None).get(0).get(i as i64).backward();
        let gradient = log_scale.grad().double_value(&[0]) * (5.0f64 * 3.0).sqrt();
        assert!((gradient - expected).abs() < 1e-5, "value {i}: {gradient}, expected {expected}");
    }
}

/// Scales folded into weights and BatchNorm (training) against scales applied where they belong (evaluation).
#[test]
fn quantized_training_computes_what_evaluation_does() {
    let mut m = model();
    // Statistics of the very batch, so that both normalize alike; biases are zero and need no rounding.
    tch::no_grad(|| {
        for p in m.params().iter().filter(|p| p.name.ends_with("bias") || p.name.ends_with("beta")) {
            let _ = p.tensor.shallow_clone().zero_();
        }
    });
    m.quantize(&Bits::uniform(&m, 8, 8), &images(64)).unwrap();
    (0..200).for_each(|_| drop(m.forward(&images(64), Mode::Train)));
    let (trained, evaluated) = (m.forward(&images(64), Mode::Train), m.forward(&images(64), Mode::Eval));
    let scale = evaluated.abs().max().double_value(&[]);
    let apart = largest_difference(&trained, &evaluated) / scale;
    assert!(apart < 0.03, "{apart}");
}

#[test]
fn slimming_dead_weight_changes_nothing() {
    let mut m = model();
    // Channels whose gamma and beta are zero give zero: removing them must not change a score.
    let drop = BTreeMap::from([("conv1", vec![1, 4]), ("conv2", vec![0]), ("conv3", vec![0]), ("bn1", vec![0, 6, 9])]);
    tch::no_grad(|| {
        for p in m.params() {
            let (layer, kind) = p.name.split_once('.').unwrap();
            if let (Some(channels), "gamma" | "beta") = (drop.get(layer), kind) {
                channels.iter().for_each(|&c| drop_to_zero(&p.tensor, c));
            }
        }
    });
    let before = m.forward(&images(16), Mode::Eval);
    let kept =
        |layer: &str, n: usize| (layer.to_string(), (0..n).filter(|&c| !drop[layer].contains(&(c as i64))).collect());
    m.slim(&BTreeMap::from([kept("conv1", 6), kept("conv2", 5), kept("conv3", 5)])).unwrap();
    assert_eq!(m.weight("conv2").size(), [4, 4, 3, 3]);
    assert_eq!(m.weight("fc1").size(), [12, (4 + 4) * 4]);
    assert!(largest_difference(&before, &m.forward(&images(16), Mode::Eval)) < 1e-5);
}

fn drop_to_zero(t: &Tensor, c: i64) {
    let _ = t.get(c).fill_(0.0);
}

#[test]
fn tied_channels_stay_while_one_is_kept() {
    let mut m = model();
    let groups = m.dependency_groups();
    assert!(groups.iter().any(|g| g.len() == 2 && g.contains("conv2") && g.contains("conv3")), "{groups:?}");
    m.slim(&BTreeMap::from([("conv2".into(), vec![0, 1]), ("conv3".into(), vec![1, 2])])).unwrap();
    assert_eq!(m.shapes()["add1"].c, 3);
    assert_eq!(m.forward(&images(2), Mode::Eval).size(), [2, 4]);
}

#[test]
fn slimming_refuses_what_breaks_the_network() {
    for (layer, keep) in [("fc2", vec![0]), ("conv1", vec![]), ("conv1", vec![6]), ("nobody", vec![0])] {
        assert!(model().slim(&BTreeMap::from([(layer.to_string(), keep)])).is_err(), "{layer}");
    }
}

#[test]
fn dead_nodes_go_and_the_scores_stay() {
    for quantized in [false, true] {
        let mut m = model();
        if quantized {
            m.quantize(&Bits::uniform(&m, 4, 4), &images(32)).unwrap();
        }
        let mask = Tensor::ones([12, 44], (Kind::Float, tch::Device::Cpu));
        // Rows 2 and 5 read nothing; conv1's channel 3 (columns 4 * (5 + 3) ...) and row 7 are not read.
        [2, 5].iter().for_each(|&r| drop_to_zero(&mask, r));
        m.set_mask("fc1", &mask).unwrap();
        let last = Tensor::ones([4, 12], (Kind::Float, tch::Device::Cpu));
        let _ = last.select(1, 7).fill_(0.0);
        m.set_mask("fc2", &last).unwrap();
        let before = m.forward(&images(16), Mode::Eval);
        let removed = m.remove_dead().unwrap();
        assert_eq!(removed, BTreeMap::from([("fc1".to_string(), 3)]));
        assert_eq!(m.weight("fc2").size(), [4, 9]);
        assert_eq!(m.mask("fc2").unwrap().size(), [4, 9]);
        assert!(largest_difference(&before, &m.forward(&images(16), Mode::Eval)) < 1e-5);
    }
}

#[test]
fn a_mask_holds_through_training_steps() {
    let mut m = model();
    let mask = m.weight("fc1").abs().gt(0.1);
    m.set_mask("fc1", &mask).unwrap();
    let loss = m.forward(&images(8), Mode::Train).square().mean(Kind::Float);
    loss.backward();
    let gradient = m.params().into_iter().find(|p| p.name == "fc1.weight").unwrap().tensor.grad();
    assert_eq!((gradient * mask.logical_not()).abs().max().double_value(&[]), 0.0);
}

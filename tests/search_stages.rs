//! The three stages' surgery on real models, without training.
#![cfg(feature = "train")]

use slimgate::config::families::Family;
use slimgate::config::hardware::HardwareConfig;
use slimgate::config::network::NetworkConfig;
use slimgate::config::search::{Allocation, DcConfig, IqConfig, NsConfig, Objective, Scope, Score, Widths};

use slimgate::network::graph::Shape;
use slimgate::search::figures;
use slimgate::search::stages::{Dc, Iq, Ns, Stage};
use slimgate::train::{Mode, Model};
use tch::{Device, Kind, Tensor};

const GREY28: Shape = Shape { c: 1, h: 28, w: 28 };

/// The network `small` with random weights and BatchNorm scales that rise with the channel.
fn small() -> Model {
    let config = NetworkConfig { family: Some(Family::Small), ..NetworkConfig::default() };
    let model = Model::new(&config.resolve(GREY28, 10).unwrap(), GREY28, 7).unwrap();
    let _guard = tch::no_grad_guard();
    for (_, gamma) in model.gammas() {
        let rising = Tensor::linspace(0.1, 1.0, gamma.numel() as i64, (Kind::Float, Device::Cpu));
        gamma.shallow_clone().copy_(&rising);
    }
    // Large enough that pruning leaves every hidden feature a reader.
    let fc2 = model.params().into_iter().find(|p| p.name == "fc2.weight").unwrap();
    let _ = fc2.tensor.shallow_clone().g_mul_scalar_(10.0);
    model
}

fn images() -> Tensor {
    tch::manual_seed(3);
    Tensor::rand([16, 1, 28, 28], (Kind::Float, Device::Cpu))
}

fn nonzeros(model: &Model, layer: &str) -> usize {
    model.weight(layer).ne(0.0).sum(Kind::Int64).int64_value(&[]) as usize
}

fn out(model: &Model, layer: &str) -> usize {
    model.layers().find(|n| n.name == layer).unwrap().out_channels().unwrap()
}

#[test]
fn iq_gives_each_layer_the_rungs_bits_within_its_own_limits() {
    let config = IqConfig {
        ladder: vec![Widths { weight: 8, activation: 8 }, Widths { weight: 3, activation: 4 }],
        least: [("conv1".to_string(), Widths { weight: 4, activation: 5 })].into(),
        fewer: [("fc1".to_string(), Widths { weight: 4, activation: 1 })].into(),
        ..IqConfig::default()
    };
    let (stage, start) = (Iq::new(&config), small());
    assert!(stage.mandatory());
    let model = stage.apply(1, &start, &start, &images()).unwrap();
    let quant = model.quant().unwrap();
    let weights: Vec<(&str, u32)> = quant.weights.iter().map(|(l, &b)| (l.as_str(), b)).collect();
    assert_eq!(weights, [("conv1", 4), ("conv2", 3), ("fc1", 2), ("fc2", 3)]);
    let acts: Vec<(&str, u32)> = quant.acts.iter().map(|(l, t)| (l.as_str(), t.bits)).collect();
    assert_eq!(acts, [("conv1", 5), ("conv2", 4), ("fc1", 3)]);
    assert!(start.quant().is_none(), "the stage works on a copy");
    let again = stage.apply(0, &start, &model, &images()).unwrap();
    assert_eq!(again.quant().unwrap().weights["fc1"], 4, "a quantized network can be quantized anew");
}

#[test]
fn iq_by_sensitivity_keeps_the_mean_and_gives_small_layers_more() {
    let ladder = vec![Widths { weight: 4, activation: 4 }, Widths { weight: 3, activation: 3 }];
    let config = IqConfig { ladder, allocation: Allocation::Sensitivity, ..IqConfig::default() };
    let (stage, start) = (Iq::new(&config), small());
    let mut last = f64::INFINITY;
    for (rung, mean) in [(0, 4.0), (1, 3.0)] {
        let model = stage.apply(rung, &start, &start, &images()).unwrap();
        let quant = model.quant().unwrap();
        let weights = |layer: &str| start.weight(layer).numel() as f64;
        let all: f64 = quant.weights.keys().map(|l| weights(l)).sum();
        let found = quant.weights.iter().map(|(l, &b)| weights(l) * f64::from(b)).sum::<f64>() / all;
        assert!(found <= mean && found > mean - 1.0 && found < last, "rung {rung}: {found} bits");
        assert!(quant.weights["conv1"] > quant.weights["fc1"], "144 weights cost less than 200 thousand");
        assert!(quant.acts.values().all(|t| f64::from(t.bits) == mean));
        last = found;
    }
    assert_ne!(stage.fingerprint(0), Iq::new(&IqConfig { allocation: Allocation::Uniform, ..config }).fingerprint(0));
}

#[test]
fn ns_removes_the_smallest_scales_and_shrinks_every_reader() {
    let config = NsConfig { ladder: vec![0.25, 0.5], ..NsConfig::default() };
    let (stage, start) = (Ns::new(&config), small());
    let mild = stage.apply(0, &start, &start, &images()).unwrap();
    assert_eq!(out(&mild, "conv1") + out(&mild, "conv2"), 36);
    let deep = stage.apply(1, &start, &mild, &images()).unwrap();
    assert_eq!(out(&deep, "conv1") + out(&deep, "conv2"), 24, "the fraction counts from the stage's start");
    let conv2 = out(&deep, "conv2") as i64;
    assert_eq!(deep.weight("fc1").size(), [128, conv2 * 49]);
    assert_eq!(deep.weight("conv2").size(), [conv2, out(&deep, "conv1") as i64, 3, 3]);
    let least = |m: &Model| m.gammas()["conv2"].min().double_value(&[]);
    assert!(least(&deep) > least(&mild) && least(&mild) > least(&start));
    assert_eq!(deep.forward(&images(), Mode::Eval).size(), [16, 10]);
}

#[test]
fn ns_rounds_channel_counts_up() {
    let config = NsConfig { ladder: vec![0.6], multiple_of: 4, ..NsConfig::default() };
    let start = small();
    let model = Ns::new(&config).apply(0, &start, &start, &images()).unwrap();
    assert!(out(&model, "conv1") % 4 == 0 && out(&model, "conv2") % 4 == 0);
    assert!((20..=26).contains(&(out(&model, "conv1") + out(&model, "conv2"))));
}

const RGB16: Shape = Shape { c: 3, h: 16, w: 16 };

/// A family with random weights, and BatchNorm scales in `(0, 1)` from a fixed formula.
fn family(text: &str) -> Model {
    let config: NetworkConfig = toml::from_str(text).unwrap();
    let model = Model::new(&config.resolve(RGB16, 10).unwrap(), RGB16, 7).unwrap();
    let _guard = tch::no_grad_guard();
    for (i, gamma) in model.gammas().into_values().enumerate() {
        let drawn: Vec<f32> = (0..gamma.numel()).map(|c| ((i * 7 + c * 13) % 29 + 1) as f32 / 30.0).collect();
        gamma.shallow_clone().copy_(&Tensor::from_slice(&drawn));
    }
    model
}

fn colours() -> Tensor {
    tch::manual_seed(3);
    Tensor::rand([4, 3, 16, 16], (Kind::Float, Device::Cpu))
}

#[test]
fn ns_removes_tied_channels_of_a_residual_network_together() {
    let config = NsConfig { ladder: vec![0.5], ..NsConfig::default() };
    let start = family("family = 'resnet20'\nwidth = 0.5");
    let model = Ns::new(&config).apply(0, &start, &start, &colours()).unwrap();
    let total =
        |m: &Model| -> usize { m.layers().filter(|n| n.name != "fc1").map(|n| n.out_channels().unwrap()).sum() };
    assert_eq!(total(&start), 8 * 7 + 16 * 7 + 32 * 7);
    assert!((150..=242).contains(&total(&model)), "about half of the channels stay: {}", total(&model));
    let streams = [vec!["conv1"], vec!["s2b1_short"], vec!["s3b1_short"]];
    for (stage, stream) in (1..).zip(streams) {
        let widths = (1..=3).map(|b| out(&model, &format!("s{stage}b{b}_conv2")));
        let widths: Vec<usize> = widths.chain(stream.iter().map(|l| out(&model, l))).collect();
        assert!(widths.iter().all(|w| *w == widths[0]), "stage {stage}: {widths:?}");
        let inner: Vec<usize> = (1..=3).map(|b| out(&model, &format!("s{stage}b{b}_conv1"))).collect();
        assert!(inner.iter().any(|w| *w != widths[0]), "what no add ties is chosen by itself: {inner:?}");
    }
    assert_eq!(model.forward(&colours(), Mode::Eval).size(), [4, 10]);
}

#[test]
fn ns_removes_a_dense_networks_channels_by_the_scales_of_their_readers() {
    let config = NsConfig { ladder: vec![0.4], ..NsConfig::default() };
    let start = family("family = 'densenet40'\ngrowth = 2\nwidth = 0.5");
    {
        // A channel that every reader scales by nothing must go, one that all scale by much must stay.
        let _guard = tch::no_grad_guard();
        for (node, gamma) in start.gammas().into_iter().filter(|(node, _)| node.starts_with("b1") || node == "t1_bn") {
            let _ = gamma.narrow(0, 0, 1).fill_(0.0);
            let _ = gamma.narrow(0, 1, 1).fill_(1.0);
            assert!(gamma.numel() >= 8, "{node} reads conv1's channels first");
        }
    }
    let model = Ns::new(&config).apply(0, &start, &start, &colours()).unwrap();
    let kept = model.weight("conv1");
    let row = |m: &Tensor, c: i64| m.narrow(0, c, 1).flatten(0, -1);
    let rows: Vec<Tensor> = (0..kept.size()[0]).map(|c| row(&kept, c)).collect();
    let original = start.weight("conv1");
    assert!(!rows.iter().any(|r| r.equal(&row(&original, 0))), "channel 0 stayed");
    assert!(rows.iter().any(|r| r.equal(&row(&original, 1))), "channel 1 went");
    let last = model.nodes().iter().find(|n| n.name == "last_bn").unwrap();
    let block3: usize = (1..=12).map(|l| out(&model, &format!("b3l{l}_conv"))).sum();
    assert_eq!(last.shape.c, out(&model, "t2_conv") + block3, "the concats shrink with what they join");
    assert_eq!(model.gammas()["last_bn"].size(), [last.shape.c as i64]);
    assert_eq!(model.forward(&colours(), Mode::Eval).size(), [4, 10]);
}

#[test]
fn dc_keeps_the_largest_weights_of_its_scope() {
    let start = small();
    let total = 1568 * 128 + 128 * 10;
    let config = DcConfig { ladder: vec![0.5, 0.9], ..DcConfig::default() };
    let stage = Dc::new(&config);
    let mild = stage.apply(0, &start, &start, &images()).unwrap();
    let deep = stage.apply(1, &start, &mild, &images()).unwrap();
    for (model, kept) in [(&mild, total - total / 2), (&deep, total - (total as f64 * 0.9).round() as usize)] {
        assert_eq!(nonzeros(model, "fc1") + nonzeros(model, "fc2"), kept);
        assert_eq!(nonzeros(model, "conv2"), 32 * 16 * 9);
    }
    let at_once = stage.apply(1, &start, &start, &images()).unwrap();
    assert!(at_once.weight("fc1").equal(&deep.weight("fc1")), "nothing was trained between the rungs");
    let smallest = deep.weight("fc1").abs();
    let smallest = smallest.where_self(&smallest.gt(0.0), &Tensor::from(9.0f32)).min().double_value(&[]);
    let before = start.weight("fc1").abs().ge(smallest).sum(Kind::Int64).int64_value(&[]) as usize;
    assert_eq!(before, nonzeros(&deep, "fc1"), "no larger weight went");
}

#[test]
fn dc_by_activation_drops_weights_of_inputs_that_are_always_zero() {
    let start = small();
    let _guard = tch::no_grad_guard();
    // The first channel of conv2 becomes constant zero: its 49 inputs of fc1 never carry anything.
    let beta = start.params().into_iter().find(|p| p.name == "conv2.beta").unwrap().tensor;
    let _ = beta.narrow(0, 0, 1).fill_(-100.0);
    for (score, all) in [(Score::Magnitude, true), (Score::Activation, false)] {
        let config = DcConfig { ladder: vec![0.5], score, ..DcConfig::default() };
        let model = Dc::new(&config).apply(0, &start, &start, &images()).unwrap();
        assert_eq!(out(&model, "conv2") == 32, all, "{score:?}: a channel whose readers are all pruned goes");
    }
    let (_, rms) = start.input_rms(&images()).into_iter().find(|(layer, _)| layer == "fc1").unwrap();
    assert_eq!(rms.size(), [1568]);
    assert_eq!(rms.narrow(0, 0, 49).max().double_value(&[]), 0.0);
}

#[test]
fn dc_over_all_layers_prunes_convolutions_too_and_removes_dead_nodes() {
    let start = small();
    let config = DcConfig { ladder: vec![0.995], scope: Scope::All, ..DcConfig::default() };
    let model = Dc::new(&config).apply(0, &start, &start, &images()).unwrap();
    assert!(nonzeros(&model, "conv2") < 32 * 16 * 9);
    assert!(out(&model, "fc1") < 128, "hidden features without connections go");
    let difference = {
        let mut masked = start.clone();
        // The same mask without the removal of dead nodes: the scores must not change by it.
        for layer in ["conv1", "conv2", "fc1", "fc2"] {
            let weight = start.weight(layer);
            let threshold = smallest_kept(&model);
            masked.set_mask(layer, &weight.abs().ge(threshold)).unwrap();
        }
        let diff = masked.forward(&images(), Mode::Eval) - model.forward(&images(), Mode::Eval);
        diff.abs().max().double_value(&[])
    };
    assert!(difference < 1e-3, "removal changed the scores by {difference}");
}

fn smallest_kept(model: &Model) -> f64 {
    let least = |layer: &str| {
        let w = model.weight(layer).abs();
        w.where_self(&w.gt(0.0), &Tensor::from(9.0f32)).min().double_value(&[])
    };
    ["conv1", "conv2", "fc1", "fc2"].into_iter().map(least).fold(f64::INFINITY, f64::min)
}

#[test]
fn a_smaller_network_costs_less_by_every_objective() {
    let start = small();
    let images = images();
    let eight = Iq::new(&IqConfig::default()).apply(0, &start, &start, &images).unwrap();
    let slim = Ns::new(&NsConfig::default()).apply(4, &eight, &eight, &images).unwrap();
    let on = |device: &str| HardwareConfig { device: device.into(), max_lanes: Some(100), ..HardwareConfig::default() };
    let cost = |model: &Model, objective, hardware: &HardwareConfig| {
        figures::sizes_and_cost(model, &images, objective, hardware).unwrap().1
    };
    for objective in [Objective::ParamsBits, Objective::StoredBits, Objective::Cycles, Objective::Energy] {
        let [before, after] = [&eight, &slim].map(|model| cost(model, objective, &on("xc7z020")));
        assert!(after < 0.8 * before && after > 0.0, "{objective:?}: {after} of {before}");
    }
    let tiny = HardwareConfig { device: "ice40up5k".into(), ..HardwareConfig::default() };
    assert_eq!(cost(&eight, Objective::Cycles, &tiny), f64::MAX, "200 thousand weights of 8 bits do not fit");
    let nowhere = figures::sizes_and_cost(&eight, &images, Objective::Energy, &on("z"));
    assert!(nowhere.unwrap_err().to_string().contains("hardware.device"));
}

#[test]
fn stages_compose_in_any_order() {
    let stages: Vec<Box<dyn Stage>> = vec![
        Box::new(Iq::new(&IqConfig::default())),
        Box::new(Ns::new(&NsConfig::default())),
        Box::new(Dc::new(&DcConfig::default())),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut model = small();
        for i in order {
            let rung = stages[i].rungs() / 2;
            model = stages[i].apply(rung, &model, &model, &images()).unwrap();
        }
        let scores = model.forward(&images(), Mode::Eval);
        assert!(scores.isfinite().all().int64_value(&[]) == 1, "{order:?}");
        assert!(model.quant().is_some() && model.mask("fc1").is_some());
    }
}

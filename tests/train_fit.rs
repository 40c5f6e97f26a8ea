//! The training loop: it learns, resumes bit for bit, distils, and drives BatchNorm scales to zero where asked.
#![cfg(feature = "train")]

use rand::{Rng, SeedableRng};
use slimgate::config::network::NetworkConfig;
use slimgate::config::train::{Augment, Optimizer, Precision, TrainConfig};
use slimgate::data::Images;
use slimgate::network::graph::Shape;
use slimgate::train::{Bits, EpochReport, Hooks, Mode, Model, Recipe, accuracy, batches, fit};

/// Three classes of 8x8 images: a bright square in one of three corners, on noise.
fn images(count: usize, seed: u64) -> Images {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let label = rng.random_range(0..3u16);
        let (top, left) = [(0, 0), (0, 4), (4, 0)][usize::from(label)];
        for (y, x) in (0..64).map(|i| (i / 8, i % 8)) {
            let inside = (top..top + 4).contains(&y) && (left..left + 4).contains(&x);
            pixels.push(rng.random_range(0..120) + if inside { 60 } else { 0 });
        }
        labels.push(label);
    }
    Images { shape: Shape { c: 1, h: 8, w: 8 }, pixels, labels }
}

fn model() -> Model {
    let config = NetworkConfig { width: Some(0.5), ..NetworkConfig::default() };
    let input = Shape { c: 1, h: 8, w: 8 };
    Model::new(&config.resolve(input, 3).unwrap(), input, 5).unwrap()
}

fn recipe(epochs: usize) -> Recipe {
    let train = TrainConfig { epochs, batch: 16, learning_rate: 4e-3, threads: 1, ..TrainConfig::default() };
    Recipe::new(&train, 11)
}

#[test]
fn it_learns_in_every_way_of_training() {
    let (train, test) = (images(300, 1), images(200, 2));
    let augment = Augment { shift: 1, flip: false };
    for (optimizer, learning_rate, precision) in [
        (Optimizer::AdamW, 4e-3, Precision::F32),
        (Optimizer::AdamW, 4e-3, Precision::Bf16),
        (Optimizer::Sgd, 2e-2, Precision::F32),
    ] {
        let mut m = model();
        let mut r = recipe(4);
        r.train = TrainConfig { optimizer, learning_rate, precision, augment, ..r.train };
        let hooks = Hooks { validation: Some(&test), ..Hooks::default() };
        let report = fit(&mut m, &train, &r, &hooks).unwrap();
        assert_eq!(report.epochs.len(), 4);
        assert!(report.epochs[3].loss < report.epochs[0].loss);
        let reached = accuracy(&m, &test);
        assert!(reached > 0.95, "{optimizer:?} {precision:?}: {reached}");
        assert_eq!(report.epochs[3].validation_accuracy, Some(reached));
    }
}

#[test]
fn a_killed_training_resumes_bit_for_bit() {
    let train = images(200, 3);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint");
    let mut whole = model();
    whole.quantize(&Bits::uniform(&whole, 4, 4), &batches::tensor(&train, 0..64, tch::Device::Cpu)).unwrap();
    let mask = whole.weight("fc1").abs().gt(0.05);
    whole.set_mask("fc1", &mask).unwrap();
    let mut halved = whole.clone();
    let mut r = recipe(3);
    r.train.augment = Augment { shift: 1, flip: true };
    let undisturbed = fit(&mut whole, &train, &r, &Hooks::default()).unwrap();

    // Stopped after the first epoch; its checkpoint is all that is left.
    let stop = |_: &[EpochReport]| anyhow::bail!("stopped");
    let hooks = Hooks { checkpoint: Some(&path), after_epoch: Some(&stop), ..Hooks::default() };
    assert!(fit(&mut halved.clone(), &train, &r, &hooks).is_err());
    let hooks = Hooks { checkpoint: Some(&path), ..Hooks::default() };
    let resumed = fit(&mut halved, &train, &r, &hooks).unwrap();
    assert_eq!((resumed.epochs.len(), &resumed.epochs[0].loss), (3, &undisturbed.epochs[0].loss));
    assert_eq!(resumed.epochs[2].loss, undisturbed.epochs[2].loss);
    for (a, b) in whole.params().iter().zip(halved.params()) {
        assert_eq!((&a.name, &a.tensor), (&b.name, &b.tensor));
    }
    let x = batches::tensor(&train, 0..50, tch::Device::Cpu);
    assert_eq!(whole.forward(&x, Mode::Eval), halved.forward(&x, Mode::Eval), "BatchNorm statistics too");

    let mut other = r.clone();
    other.train.learning_rate *= 2.0;
    let err = fit(&mut halved, &train, &other, &hooks).unwrap_err();
    assert_eq!(slimgate::error::exit_status(&err), 2, "{err:#}");
}

#[test]
fn distillation_pulls_towards_the_teacher() {
    let train = images(300, 4);
    let mut teacher = model();
    fit(&mut teacher, &train, &recipe(4), &Hooks::default()).unwrap();
    // Wrong labels: whoever follows the teacher alone does not learn them.
    let wrong = Images { labels: train.labels.iter().map(|l| (l + 1) % 3).collect(), ..train.clone() };
    let mut r = recipe(3);
    (r.distill_weight, r.distill_temperature) = (1.0, 3.0);
    let mut student = model();
    fit(&mut student, &wrong, &r, &Hooks { teacher: Some(&teacher), ..Hooks::default() }).unwrap();
    assert!(accuracy(&student, &train) > 0.9);
    let mut alone = model();
    fit(&mut alone, &wrong, &r, &Hooks::default()).unwrap();
    assert!(accuracy(&alone, &train) < 0.2, "without a teacher the labels count");
}

#[test]
fn the_l1_penalty_shrinks_gammas() {
    let train = images(200, 5);
    let sum = |l1: f64| {
        let mut m = model();
        let mut r = recipe(4);
        r.gamma_l1 = l1;
        r.train.learning_rate = 2e-2;
        fit(&mut m, &train, &r, &Hooks::default()).unwrap();
        m.gammas().values().map(|g| g.abs().sum(tch::Kind::Double).double_value(&[])).sum::<f64>()
    };
    assert!(sum(0.05) < 0.9 * sum(0.0));
}

#[test]
fn what_cannot_be_trained_on_is_refused() {
    let good = images(20, 6);
    let fails = |images: &Images| fit(&mut model(), images, &recipe(1), &Hooks::default()).is_err();
    assert!(!fails(&good));
    assert!(fails(&Images { labels: vec![3; 20], ..good.clone() }));
    assert!(fails(&Images { pixels: vec![], labels: vec![], ..good.clone() }));
    assert!(fails(&Images { shape: Shape { c: 4, h: 4, w: 4 }, ..good }));
}

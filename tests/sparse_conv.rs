//! The sparse convolution engine: chosen where it is the smaller one, exact, on time to the cycle, within a DSP budget.

use std::fs;
use std::path::Path;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::network::graph::{ActType, AvgPool, Conv, Dense, Flatten, InputSpec, Node, Op, Storage};
use slimgate::network::interp::Interpreter;
use slimgate::network::random::random_image;
use slimgate::network::{Network, Params};
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::reach::balance;
use slimgate::plan::{Engine, LayerPlan, Plan};
use slimgate::rtl;
use slimgate::sim::manifest::Manifest;
use slimgate::sim::vectors::Vectors;
use slimgate::sim::{Options, run};

/// A convolution 3x3 of 16 to 32 channels on 14x14, 4-bit weights, of which `zeros` are 0, and activations of `bits`;
/// before it a 1x1 convolution, behind it an average and 10 classes.
fn network(name: &str, zeros: f64, storage: Storage, bits: u32) -> Network {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let conv = |out_channels, side: usize, storage| {
        let (kernel, stride, padding) = ([side, side], [1, 1], [side / 2, side / 2]);
        let out = Some(ActType::unsigned(bits));
        Op::Conv(Conv { out_channels, kernel, stride, padding, weight_bits: 4, storage, out })
    };
    let ops = [
        ("conv1", conv(16, 1, Storage::Dense)),
        ("conv2", conv(32, 3, storage)),
        ("mean", Op::AvgPool(AvgPool { kernel: [14, 14], stride: [1, 1], out: ActType::unsigned(bits) })),
        ("flat", Op::Flatten(Flatten {})),
        ("fc", Op::Dense(Dense { out_features: 10, weight_bits: 4, storage: Storage::Dense, out: None })),
    ];
    let mut before = "input".to_string();
    let nodes = ops.map(|(name, op)| {
        let inputs = vec![std::mem::replace(&mut before, name.into())];
        Node { name: name.into(), inputs, op }
    });
    let params = [
        ("conv1".to_string(), params(&mut rng, 16, 1, 0.0, 16, 9)),
        ("conv2".to_string(), params(&mut rng, 32, 144, zeros, 16, 9)),
        ("mean".to_string(), Params { multiplier: vec![167], shift: vec![15], ..Params::default() }),
        ("fc".to_string(), Params { multiplier: vec![], shift: vec![], ..params(&mut rng, 10, 32, 0.0, 1, 1) }),
    ];
    Network {
        name: name.into(),
        input: InputSpec { channels: 1, height: 14, width: 14 },
        classes: (0..10).map(|class| class.to_string()).collect(),
        nodes: nodes.into(),
        params: params.into(),
    }
}

fn params(rng: &mut ChaCha8Rng, outputs: usize, each: usize, zeros: f64, multiplier: u16, shift: u8) -> Params {
    let weight = |_| if rng.random_bool(zeros) { 0 } else { [-1, 1][rng.random_range(0..2)] * rng.random_range(1..=7) };
    Params {
        weight: (0..outputs * each).map(weight).collect(),
        bias: (0..outputs).map(|_| rng.random_range(-300..300)).collect(),
        multiplier: (0..outputs).map(|_| multiplier + rng.random_range(0..multiplier)).collect(),
        shift: vec![shift; outputs],
    }
}

fn planned(network: &Network, cycles: u64, max_dsp: Option<usize>) -> Plan {
    let goal = Goal::new(Target::Cycles(cycles), Device::named("xczu7ev").unwrap());
    balance(network, &Goal { max_dsp, ..goal }).unwrap()
}

fn conv2(plan: &Plan) -> &LayerPlan {
    plan.layers.iter().find(|layer| layer.node == "conv2").unwrap()
}

fn generate(network: &Network, plan: &Plan, dir: &Path) {
    for file in rtl::generate(network, plan, None).unwrap() {
        let path = dir.join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.text).unwrap();
    }
}

/// 20 images through the design: exact, also with stalls; measured cycles an image without them.
fn measured(network: &Network, dir: &Path) -> f64 {
    let interpreter = Interpreter::new(network).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let shape = interpreter.input();
    let images: Vec<Vec<u8>> = (0..20).map(|_| random_image(&mut rng, shape)).collect();
    let scores = images.iter().map(|image| interpreter.scores(image)).collect();
    let vectors = Vectors { shape, pixels: images.concat(), scores };
    let manifest = Manifest::load(dir).unwrap();
    let [free, _] = [0.0, 0.4].map(|stall| {
        let options = Options { optimize: 0, stall, build_dir: Some(dir.join("build")), ..Options::default() };
        let outcome = run::simulate(dir, &manifest, &vectors, &options, |_| ()).unwrap();
        assert!(outcome.passed(), "{outcome:?}");
        outcome.interval_cycles as f64 / outcome.interval_images as f64
    });
    free
}

#[test]
fn planned_cycles_are_measured() {
    for (zeros, cycles) in [(0.75, 2500), (0.9, 20_000)] {
        let network = network("gather", zeros, Storage::Sparse, 5);
        let plan = planned(&network, cycles, None);
        let layer = conv2(&plan);
        assert!(matches!(layer.engine, Engine::SparseConv(_)), "{zeros}: {:?}", layer.engine);
        assert_eq!(layer.cycles_per_image, plan.cycles_per_image, "conv2 is the slowest");
        let dir = tempfile::tempdir().unwrap();
        generate(&network, &plan, dir.path());
        assert_eq!(measured(&network, dir.path()), plan.cycles_per_image as f64);
    }
}

#[test]
fn lanes_past_the_budget_multiply_in_luts() {
    let network = network("mixed", 0.75, Storage::Sparse, 8);
    let blocks = |max_dsp| {
        let plan = planned(&network, 5000, max_dsp);
        let Engine::SparseConv(conv) = &conv2(&plan).engine else { panic!("conv2 is dense") };
        (conv.blocks(), conv.lut_products, plan)
    };
    let (free, none, plan) = blocks(None);
    assert_eq!((free, none), (conv2(&plan).lanes, 0));
    let (some, moved, plan) = blocks(Some(plan.resources.dsp as usize - free / 2));
    assert!(some > 0 && moved > 0, "{some} lanes in blocks, {moved} in LUTs");
    let dir = tempfile::tempdir().unwrap();
    generate(&network, &plan, dir.path());
    assert_eq!(measured(&network, dir.path()), plan.cycles_per_image as f64);
}

#[test]
fn weights_without_zeros_keep_the_dense_engine() {
    let network = network("full", 0.0, Storage::Sparse, 5);
    let plan = planned(&network, 20_000, None);
    assert!(matches!(conv2(&plan).engine, Engine::Conv(_)));
}

/// Both engines at the same cycles, for Yosys: `SLIMGATE_KEEP=dir cargo test --test sparse_conv -- --ignored`.
#[test]
#[ignore = "writes files for synthesis"]
fn files_for_synthesis() {
    let dir = std::env::var("SLIMGATE_KEEP").expect("SLIMGATE_KEEP names a folder");
    for zeros in [50, 60, 75, 90] {
        for cycles in [2500, 20_000] {
            for storage in [Storage::Sparse, Storage::Dense] {
                let name = format!("{storage:?}{zeros}_{cycles}").to_lowercase();
                let network = network(&name, f64::from(zeros) / 100.0, storage, 5);
                let plan = planned(&network, cycles, None);
                let layer = conv2(&plan);
                println!("{name}: {} lanes, {} cycles, {:?}", layer.lanes, layer.cycles_per_image, layer.resources);
                if let Engine::SparseConv(p) = &layer.engine {
                    println!("    {:?} {} banks, {} cycles a window", p.folding, p.banks.len(), p.window_cycles);
                }
                generate(&network, &plan, &Path::new(&dir).join(&name));
            }
        }
    }
}

//! A planned network through the simulator: exact, and its cycles an image.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::network::graph::{InputSpec, Node, Op};
use slimgate::network::interp::Interpreter;
use slimgate::network::random::random_image;
use slimgate::network::{Network, Params};
use slimgate::plan::Plan;
use slimgate::rtl;
use slimgate::sim::manifest::Manifest;
use slimgate::sim::vectors::Vectors;
use slimgate::sim::{Options, run};

/// 20 images through the design of `network` under `plan`: exact, also with stalls; measured cycles an image without them.
pub fn measured(network: &Network, plan: &Plan) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    rtl::design::write(&rtl::generate(network, plan, None).unwrap(), dir).unwrap();
    let interpreter = Interpreter::new(network).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let shape = interpreter.input();
    let images: Vec<Vec<u8>> = (0..20).map(|_| random_image(&mut rng, network)).collect();
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

/// Random integers of a layer: a part of the weights, `zeros`, is 0; multipliers from `multiplier` to its double.
pub fn params(rng: &mut ChaCha8Rng, outputs: usize, each: usize, zeros: f64, multiplier: u16, shift: u8) -> Params {
    let weight = |_| if rng.random_bool(zeros) { 0 } else { [-1, 1][rng.random_range(0..2)] * rng.random_range(1..=7) };
    Params {
        weight: (0..outputs * each).map(weight).collect(),
        bias: (0..outputs).map(|_| rng.random_range(-300..300)).collect(),
        multiplier: (0..outputs).map(|_| multiplier + rng.random_range(0..multiplier)).collect(),
        shift: vec![shift; outputs],
    }
}

/// A network of operations one behind the other, by name; as many classes as the last one has biases.
pub fn chain(name: &str, input: InputSpec, ops: Vec<(&str, Op)>, params: Vec<(&str, Params)>) -> Network {
    let mut before = "input".to_string();
    let node = |(name, op): (&str, Op)| {
        let inputs = vec![std::mem::replace(&mut before, name.into())];
        Node { name: name.into(), inputs, op }
    };
    let classes = params.last().map_or(0, |(_, params)| params.bias.len());
    Network {
        name: name.into(),
        input,
        classes: (0..classes).map(|class| class.to_string()).collect(),
        nodes: ops.into_iter().map(node).collect(),
        params: params.into_iter().map(|(name, params)| (name.to_string(), params)).collect(),
    }
}

/// The same as parameters of a last layer, whose sums are scores.
pub fn scores(params: Params) -> Params {
    Params { multiplier: vec![], shift: vec![], ..params }
}

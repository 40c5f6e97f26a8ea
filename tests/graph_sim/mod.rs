//! Designs whose graphs fork and join, simulated with the fill of their buffers watched.

use std::fs;
use std::path::Path;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use slimgate::network::Network;
use slimgate::network::interp::Interpreter;
use slimgate::network::random::random_image;
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::join::Port;
use slimgate::plan::reach::balance;
use slimgate::plan::{Engine, Plan};
use slimgate::rtl;
use slimgate::sim::manifest::Manifest;
use slimgate::sim::run::{self, Job, Outcome};
use slimgate::sim::vectors::Vectors;
use slimgate::sim::{Options, harness};
use tempfile::TempDir;

/// Simulates the design of `network` under `plan` on `images` images; what its buffers' probes wrote lies in
/// `DIR/trace`.
pub fn simulate(dir: &Path, network: &Network, plan: &Plan, images: usize, stall: f64) -> Outcome {
    let artifacts = rtl::generate(network, plan, None).unwrap();
    rtl::design::write(&artifacts, dir).unwrap();
    fs::create_dir_all(dir.join("trace")).unwrap();
    let interpreter = Interpreter::new(network).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let images: Vec<Vec<u8>> = (0..images).map(|_| random_image(&mut rng, network)).collect();
    let scores = images.iter().map(|image| interpreter.scores(image)).collect();
    let vectors = Vectors { shape: interpreter.input(), pixels: images.concat(), scores };
    let manifest = Manifest::load(dir).unwrap();
    let file = run::write_vectors(dir, &vectors).unwrap();
    // Most of the time goes into compiling.
    let options = Options { stall, optimize: 1, build_dir: Some(dir.join("build")), ..Options::default() };
    let binary = harness::build(dir, &file, &options, true).unwrap();
    let job = Job { first: 0, count: vectors.images(), main_only: false, robustness: true };
    run::run(dir, &binary, &file, &manifest, &options, job).unwrap()
}

/// The buffers of `plan`, each with its layer's node and its place there.
pub fn buffers(plan: &mut Plan) -> Vec<(String, usize, &mut Port)> {
    let mut all = Vec::new();
    for layer in &mut plan.layers {
        if let Engine::Join(join) = &mut layer.engine {
            let ports = join.ports.iter_mut().enumerate().filter(|(_, port)| port.depth > 0);
            all.extend(ports.map(|(k, port)| (layer.node.clone(), k, port)));
        }
    }
    all
}

/// At most `cycles` an image.
pub fn goal(cycles: u64) -> Goal {
    Goal::new(Target::Cycles(cycles), Device::named("xc7z020").unwrap())
}

/// A design of at most `cycles` an image, with at least so many buffers, is exact with stalls and resets, at the planned
/// pace without, every buffer used and none overrun.
pub fn holds(network: &Network, cycles: u64, images: usize, least_buffers: usize) {
    let mut plan = balance(network, &goal(cycles)).unwrap();
    let dir = TempDir::new().unwrap();
    let outcome = simulate(dir.path(), network, &plan, images, 0.3);
    assert!(outcome.passed(), "{outcome:?}");
    let measured = outcome.interval_cycles as f64 / outcome.interval_images as f64;
    let planned = plan.cycles_per_image as f64;
    assert!((measured / planned - 1.0).abs() < 0.02, "{measured} cycles an image, planned {planned}");
    let name = plan.name.clone();
    let buffers = buffers(&mut plan);
    assert!(buffers.len() >= least_buffers, "{} buffers", buffers.len());
    for (node, k, port) in buffers {
        let fills = fs::read_to_string(dir.path().join(format!("trace/{name}_{node}_buffer{k}.txt"))).unwrap();
        let most: usize = fills.lines().last().expect("a fill").parse().unwrap();
        println!("{node}: input {k} holds at most {most} of {} words", port.depth);
        assert!(
            most <= port.depth && 10 * most >= 5 * port.depth.saturating_sub(16),
            "{node}: {most} of {}",
            port.depth
        );
    }
}

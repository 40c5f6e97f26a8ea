//! Random networks, random foldings, random images: every score of the RTL equals the interpreter's.
//!
//! `SLIMGATE_PROPERTY=5000` asks for more cases; `SLIMGATE_SEED` repeats a run. A case depends on its own seed alone
//! (run's seed + number), so `SLIMGATE_SEED=<its seed> SLIMGATE_PROPERTY=1` repeats just that one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use slimgate::network::Network;
use slimgate::network::interp::Interpreter;
use slimgate::network::random::{RandomSpec, random_image, random_network};
use slimgate::sim::run::{self, Outcome};
use slimgate::sim::vectors::Vectors;
use slimgate::sim::{Options, Simulator};
use slimgate::{plan, rtl};

use crate::batch::{self, Batch, Design};

/// Designs in one Verilator build.
const BATCH: u64 = 25;
const IMAGES: usize = 8;
const ICARUS_IMAGES: usize = 3;

/// A random network with its design.
struct Case {
    seed: u64,
    network: Network,
    design: Design,
    stall: f64,
}

impl Case {
    fn new(seed: u64, index: u64) -> anyhow::Result<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // Some pixels are wider than 64 bits, which Verilator keeps differently.
        let input_channels = if rng.random_bool(0.1) { 9..=10 } else { 1..=4 };
        let spec = RandomSpec { input_channels, ..RandomSpec::default() };
        let mut network = random_network(&mut rng, &spec);
        network.name = format!("p{index}");
        let plan = plan::random::random(&network, &mut rng)?;
        let artifacts = rtl::generate(&network, &plan, None)?;
        let interpreter = Interpreter::new(&network)?;
        let shape = interpreter.input();
        let mut images = vec![vec![0; shape.len()], vec![255; shape.len()]];
        images.resize_with(IMAGES, || random_image(&mut rng, &network));
        let scores = images.iter().map(|image| interpreter.scores(image)).collect();
        let vectors = Vectors { shape, pixels: images.concat(), scores };
        let design = Design { name: network.name.clone(), artifacts, vectors, cycles_per_image: plan.cycles_per_image };
        let stall = if rng.random_bool(0.25) { 0.0 } else { rng.random_range(0.05..0.6) };
        Ok(Self { seed, network, design, stall })
    }

    /// Keeps network and design where a person can look at them.
    fn save(&self) -> anyhow::Result<PathBuf> {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("property-{}", self.seed));
        self.network.save(&target.join("network"))?;
        write_alone(&target, &self.design)?;
        Ok(target)
    }

    fn failure(&self, what: &str) -> String {
        let saved = self.save().map_or_else(|err| format!("not saved: {err:#}"), |dir| dir.display().to_string());
        format!("SLIMGATE_SEED={} SLIMGATE_PROPERTY=1: {what} ({saved})", self.seed)
    }
}

/// The design's own files, without the batch's top.
fn write_alone(dir: &Path, design: &Design) -> anyhow::Result<()> {
    for artifact in &design.artifacts {
        let file = dir.join(&artifact.path);
        fs::create_dir_all(file.parent().context("a path in a folder")?)?;
        fs::write(file, &artifact.text)?;
    }
    Ok(())
}

/// The first images of a design in Icarus, which is slow, and sees an X.
fn icarus(case: &Case) -> anyhow::Result<Outcome> {
    let dir = tempfile::TempDir::new()?;
    write_alone(dir.path(), &case.design)?;
    let options = Options {
        simulator: Simulator::Icarus,
        stall: case.stall,
        build_dir: Some(dir.path().join("build")),
        ..Options::default()
    };
    let Vectors { shape, pixels, scores } = &case.design.vectors;
    let vectors = Vectors {
        shape: *shape,
        pixels: pixels[..ICARUS_IMAGES * shape.len()].to_vec(),
        scores: scores[..ICARUS_IMAGES].to_vec(),
    };
    run::simulate(dir.path(), &case.design.manifest(), &vectors, &options, |_| ())
}

/// Every file through Icarus and Yosys; building the batch lints with Verilator.
fn read(designs: &[&Design]) -> anyhow::Result<()> {
    let dir = tempfile::TempDir::new()?;
    batch::write(dir.path(), designs)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let design = format!("DESIGN={}", dir.path().display());
    let output = Command::new("make").args(["-s", "-C", "sim", "read", &design]).current_dir(root).output()?;
    anyhow::ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// All that is wrong in one batch.
fn failures(cases: &[Case]) -> Vec<String> {
    let designs: Vec<&Design> = cases.iter().map(|case| &case.design).collect();
    let built = read(&designs).and_then(|()| Batch::build(&designs));
    let batch = match built {
        Ok(batch) => batch,
        Err(err) => return vec![cases[0].failure(&format!("this batch does not build: {err:#}"))],
    };
    let check = |case: &Case, simulator: &str, outcome: anyhow::Result<Outcome>| match outcome {
        Ok(outcome) if outcome.passed() => None,
        Ok(outcome) => Some(case.failure(&format!("{simulator}: {outcome:?}"))),
        Err(err) => Some(case.failure(&format!("{simulator}: {err:#}"))),
    };
    let verilator = cases
        .iter()
        .enumerate()
        .filter_map(|(index, case)| check(case, "verilator", batch.run(index, &case.design, case.stall, case.seed)));
    let icarus = cases.iter().take(1).filter_map(|case| check(case, "icarus", icarus(case)));
    verilator.chain(icarus).collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: expected a number")))
}

#[test]
fn random_networks_are_bit_exact() {
    let seed = number("SLIMGATE_SEED").unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let count = number("SLIMGATE_PROPERTY").unwrap_or(100);
    println!("SLIMGATE_SEED={seed} SLIMGATE_PROPERTY={count}");
    // Verilator itself has one thread: a batch for each processor core keeps all of them busy.
    let starts: Vec<u64> = (0..count).step_by(BATCH as usize).collect();
    let batch = |start: &u64| {
        let cases: Vec<Case> = (*start..count.min(start + BATCH))
            .map(|case| {
                let seed = seed.wrapping_add(case);
                Case::new(seed, case - start).unwrap_or_else(|err| panic!("SLIMGATE_SEED={seed}: no design: {err:#}"))
            })
            .collect();
        failures(&cases)
    };
    let failed: Vec<String> = starts.par_iter().flat_map(batch).collect();
    assert!(failed.is_empty(), "seed {seed}: {} failures:\n{}", failed.len(), failed.join("\n"));
}

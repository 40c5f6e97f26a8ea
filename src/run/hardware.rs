//! The steps behind the integer network: Verilog and its simulation. Needs no libtorch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::record::{DESIGN, DesignRecord, EngineRecord, SIMULATION, SimRecord, read_json, read_optional, write_json};
use crate::config::hardware::{HardwareConfig, SimConfig};
use crate::data::Images;
use crate::error::InputError;
use crate::network::Network;
use crate::network::interp::Interpreter;
use crate::plan::goal::{Goal, Target};
use crate::plan::passage::timeline;
use crate::plan::reach::balance;
use crate::plan::{Engine, LayerPlan};
use crate::rtl::design;
use crate::rtl::scripts::Board;
use crate::sim::manifest::{MANIFEST, Manifest};
use crate::sim::report::SimReport;
use crate::sim::run as runner;
use crate::sim::vectors::Vectors;
use crate::sim::{Options, Simulator};
use crate::tool;

/// Images of the timeline.
const TIMELINE_IMAGES: usize = 3;

/// Where the design of the run in `run` (`<root>/<name>`) goes: `rtl_out/<name>`, beside `<root>`.
pub fn design_folder(run: &Path, name: &str) -> PathBuf {
    let beside = run.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    beside.join("rtl_out").join(name)
}

/// What `config` asks of the planner, `goal`, in words.
fn words(config: &HardwareConfig, goal: &Goal) -> String {
    match goal.target {
        Target::Cycles(cycles) => {
            let fps = config.target_fps.unwrap_or_default();
            format!("{fps} images/s at {} MHz: at most {cycles} cycles an image", config.clock_mhz)
        }
        Target::Lanes(lanes) => format!("the fastest of at most {lanes} lanes"),
        Target::Fit => format!("the fastest that fits {}", goal.device.name),
    }
}

/// Plans and generates the design of the network in `run` into `dir`, and leaves `rtl.json` in `run`.
///
/// # Errors
/// A network that cannot be read or planned, a folder that cannot be written.
pub fn make_design(config: &HardwareConfig, run: &Path, dir: &Path) -> Result<()> {
    let goal = config.goal()?;
    let network = Network::load(run)?;
    let began = Instant::now();
    let plan = balance(&network, &goal)?;
    let board = Board { device: goal.device, clock_mhz: config.clock_mhz };
    let files = design::make(&network, &plan, Some(run), &board, dir)?;
    let record = DesignRecord {
        dir: dir.to_path_buf(),
        top: format!("{}_top", plan.name),
        device: config.device.clone(),
        clock_mhz: config.clock_mhz,
        target: words(config, &goal),
        planned_cycles_per_image: plan.cycles_per_image,
        lanes: plan.lanes,
        estimated: plan.resources,
        memory_bits: plan.memory_bits(),
        files,
        seconds: began.elapsed().as_secs_f64(),
        network_sha256: network.sha256()?,
        manifest_sha256: manifest_sha256(dir)?,
        layers: plan.layers.iter().zip(timeline(&plan, TIMELINE_IMAGES)).map(engine).collect(),
    };
    // A simulation of another design must not be taken for this one's.
    let simulated: Option<SimRecord> = read_optional(&run.join(SIMULATION))?;
    if simulated.is_some_and(|s| s.manifest_sha256 != record.manifest_sha256) {
        forget(&run.join(SIMULATION))?;
    }
    write_json(&run.join(DESIGN), &record)
}

fn engine((layer, timeline): (&LayerPlan, Vec<[u64; 2]>)) -> EngineRecord {
    let pairs = |pairs: [(&str, usize); 2]| pairs.into_iter().map(|(k, v)| (k.to_string(), v)).collect();
    let folding = match &layer.engine {
        Engine::Conv(p) => pairs([("in_par", p.folding.in_par), ("out_par", p.folding.out_par)]),
        Engine::SparseConv(p) => pairs([("k_par", p.folding.k_par), ("in_par", p.folding.in_par)]),
        Engine::Constant(p) => pairs([("k_par", p.folding.k_par), ("in_par", p.folding.in_par)]),
        Engine::Sparse(p) => pairs([("banks", p.folding.banks), ("in_lanes", p.folding.in_lanes)]),
        Engine::Pool(_) | Engine::Affine(_) | Engine::Join(_) | Engine::Flatten(_) => BTreeMap::new(),
    };
    EngineRecord {
        node: layer.node.clone(),
        engine: layer.engine.name().into(),
        folding,
        lanes: layer.lanes,
        cycles_per_image: layer.cycles_per_image,
        bound: layer.bound,
        timeline,
    }
}

/// Takes `rtl.json` away where the design it is about is gone, was replaced or belongs elsewhere, so that its step
/// runs again.
///
/// # Errors
/// A record that cannot be removed.
pub fn forget_lost_design(run: &Path, dir: &Path) -> Result<()> {
    let file = run.join(DESIGN);
    let holds = |record: &DesignRecord| {
        record.dir == dir && manifest_sha256(dir).is_ok_and(|sha256| sha256 == record.manifest_sha256)
    };
    let record: Option<DesignRecord> = read_optional(&file).unwrap_or(None);
    if file.exists() && !record.is_some_and(|r| holds(&r)) {
        forget(&file)?;
    }
    Ok(())
}

/// Simulates the run's design on the first test images and leaves `sim.json` in `run`. `done(images)` is called as
/// they finish.
///
/// # Errors
/// A design that is missing, a simulation that cannot be built; and one that found a difference (its
/// `sim.json` is there).
pub fn simulate(config: &SimConfig, run: &Path, test: &Images, done: impl Fn(usize) + Sync) -> Result<()> {
    let design: DesignRecord = read_json(&run.join(DESIGN))?;
    let network = Network::load(run)?;
    let options = Options { stall: config.stall, seed: config.seed, ..Options::default() };
    let report = compare(&design.dir, &network, (test, config.images), &options, done)?;
    let (passed, text) = (report.passed, report.text());
    let record = SimRecord { report, tool: version(options.simulator), manifest_sha256: design.manifest_sha256 };
    write_json(&run.join(SIMULATION), &record)?;
    anyhow::ensure!(passed, "the hardware is not what the network says\n{text}");
    Ok(())
}

/// Simulates the design in `dir` on the first so many `images`, all where there are fewer, against what the interpreter says
/// about them. `done(images)` is called as they finish.
///
/// # Errors
/// A design that is missing, a simulation that cannot be built. A difference is none: the report has it.
pub fn compare(
    dir: &Path,
    network: &Network,
    (images, count): (&Images, usize),
    options: &Options,
    done: impl Fn(usize) + Sync,
) -> Result<SimReport> {
    let manifest = Manifest::load(dir)?;
    let vectors = expectations(network, images, count)?;
    let outcome = runner::simulate(dir, &manifest, &vectors, options, done)?;
    Ok(SimReport::new(&manifest, vectors.images(), options, outcome))
}

/// The first so many `images`, all where there are fewer, and what the interpreter says about them.
///
/// # Errors
/// A network that cannot be run.
pub fn expectations(network: &Network, images: &Images, count: usize) -> Result<Vectors> {
    let pixels = images.pixels[..count.min(images.len()) * images.shape.len()].to_vec();
    let scores = Interpreter::new(network)?.scores_all(&pixels, || {});
    Ok(Vectors { shape: images.shape, pixels, scores })
}

/// What the simulator says about itself, in one line.
fn version(simulator: Simulator) -> String {
    let (program, flag) = match simulator {
        Simulator::Verilator => ("verilator", "--version"),
        Simulator::Icarus => ("iverilog", "-V"),
    };
    let output = tool::find(program).and_then(|path| std::process::Command::new(path).arg(flag).output().ok());
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or(program).trim().to_string()
}

/// SHA-256 of a file's bytes, in hexadecimal.
///
/// # Errors
/// [`InputError`] where it cannot be read.
pub fn file_sha256(path: &Path) -> Result<String, InputError> {
    let bytes = std::fs::read(path).map_err(|e| InputError::io(path, &e, super::record::MADE_BY))?;
    Ok(format!("{:x}", Sha256::digest(bytes)))
}

fn manifest_sha256(dir: &Path) -> Result<String, InputError> {
    file_sha256(&dir.join(MANIFEST))
}

/// Removes a file of the run, where there is one.
///
/// # Errors
/// [`InputError`] where it stays.
pub fn forget(path: &Path) -> Result<(), InputError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(InputError::io(path, &e, "a file that can be removed"))
        }
        _ => Ok(()),
    }
}

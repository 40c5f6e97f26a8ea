//! What the steps leave in the run's folder for later steps and the report: one JSON file each. Needs no libtorch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::InputError;
use crate::files::write_atomic;
use crate::plan::Resources;
use crate::search::bench::{Measured, SearchResult};
use crate::sim::report::SimReport;

/// The trained float network.
pub const BASELINE: &str = "baseline.safetensors";
/// What the search ended with: a [`SearchOutcome`].
pub const OUTCOME: &str = "search.json";
/// The search's journal, a line a network.
pub const JOURNAL: &str = "search.jsonl";
/// Test accuracies, computed after every choice: [`TestFigures`].
pub const FIGURES: &str = "accuracy.json";
/// The generated design: a [`DesignRecord`].
pub const DESIGN: &str = "rtl.json";
/// Its simulation: a [`SimRecord`].
pub const SIMULATION: &str = "sim.json";
/// What the run was made with: an [`Environment`].
pub const ENVIRONMENT: &str = "environment.json";

/// A search's end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchOutcome {
    /// Target, baseline, and what each stage kept and why.
    pub search: SearchResult,
    /// The final network: polished, where that did not lose accuracy.
    pub network: Measured,
    /// Whether the final network meets the target on the validation split.
    pub met: bool,
}

impl SearchOutcome {
    /// A target that was missed is work that failed.
    ///
    /// # Errors
    /// Where the final network misses the target.
    pub fn check_met(&self) -> Result<()> {
        let (accuracy, target) = (self.network.accuracy, self.search.target);
        anyhow::ensure!(self.met, "the target is missed: validation accuracy {accuracy:.4}, target {target:.4}");
        Ok(())
    }
}

/// Test accuracies by name of the network: `float`, each stage, `final`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestFigures {
    /// Test images.
    pub images: usize,
    /// Name and accuracy, 0 to 1, in the order of the flow.
    pub accuracies: Vec<(String, f64)>,
}

impl TestFigures {
    /// The accuracy of the network called `name`.
    pub fn accuracy(&self, name: &str) -> Option<f64> {
        self.accuracies.iter().find(|(n, _)| n == name).map(|(_, accuracy)| *accuracy)
    }
}

/// A generated design: where it is, and the plan it follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignRecord {
    /// The design's folder.
    pub dir: PathBuf,
    /// Top module.
    pub top: String,
    /// Device that resources are counted for.
    pub device: String,
    /// Clock, in MHz.
    pub clock_mhz: f64,
    /// What was asked of the planner, in words.
    pub target: String,
    /// Planned cycles an image (a bound where zero activations are skipped).
    pub planned_cycles_per_image: u64,
    /// Multiply-accumulate lanes of all engines.
    pub lanes: usize,
    /// Estimated resources.
    pub estimated: Resources,
    /// Bits allocated in memories.
    pub memory_bits: u64,
    /// Files written.
    pub files: usize,
    /// Seconds of planning and generation.
    pub seconds: f64,
    /// SHA-256 that identifies the network.
    pub network_sha256: String,
    /// SHA-256 of the design's manifest.json.
    pub manifest_sha256: String,
    /// Engines, in the order of the stream.
    pub layers: Vec<EngineRecord>,
}

/// One engine of the design.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineRecord {
    /// Node of the network.
    pub node: String,
    /// `conv`, `sparse` or `pool`.
    pub engine: String,
    /// `in_par` and `out_par`, or `banks` and `in_lanes`; empty for pools.
    pub folding: BTreeMap<String, usize>,
    /// Multiply-accumulate lanes.
    pub lanes: usize,
    /// Planned cycles an image.
    pub cycles_per_image: u64,
    /// True where `cycles_per_image` is a bound: fewer where activations are zero.
    pub bound: bool,
    /// For the first images at the planned pace, the cycles in which the engine has an image's first word and its last result.
    #[serde(default)]
    pub timeline: Vec<[u64; 2]>,
}

/// The simulation of the run's design.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SimRecord {
    /// What the simulation found.
    #[serde(flatten)]
    pub report: SimReport,
    /// The simulator's own name and version.
    pub tool: String,
    /// SHA-256 of the simulated design's manifest.json.
    pub manifest_sha256: String,
}

/// With what, and by which command, the run was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The command line of the last call that worked on a step.
    pub command: String,
    /// slimgate's version.
    pub slimgate: String,
    /// libtorch's version, where the build knows it.
    pub libtorch: Option<String>,
    /// Operating system and processor architecture.
    pub platform: String,
    /// Cores that the program may use.
    pub cores: usize,
    /// The processor's model, where Linux names it: the last bits of a training depend on it.
    #[serde(default)]
    pub processor: Option<String>,
}

impl Environment {
    /// This process.
    pub fn here() -> Self {
        let arguments = std::env::args().skip(1);
        Self {
            command: std::iter::once("slimgate".to_string()).chain(arguments).collect::<Vec<_>>().join(" "),
            slimgate: env!("CARGO_PKG_VERSION").into(),
            libtorch: option_env!("SLIMGATE_LIBTORCH").map(str::to_string),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: processor(),
        }
    }
}

fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim().to_string())
}

/// Writes `value` as JSON, atomically.
///
/// # Errors
/// A file that cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    Ok(write_atomic(path, &text)?)
}

/// Reads what [`write_json`] wrote.
///
/// # Errors
/// [`InputError`] that names the file and the command that makes it.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read(path).map_err(|e| InputError::io(path, &e, MADE_BY))?;
    let broken = |e: serde_json::Error| InputError::file(path, e.to_string(), MADE_BY);
    Ok(serde_json::from_slice(&text).map_err(broken)?)
}

/// As [`read_json`]; `None` where there is no such file.
///
/// # Errors
/// As [`read_json`], for a file that is there.
pub fn read_optional<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    if path.exists() { read_json(path).map(Some) } else { Ok(None) }
}

/// What stands in an error about a file of the run.
pub const MADE_BY: &str = "a file that `slimgate run CONFIG.toml` makes (run it again: it goes on where it stopped)";

//! What each stage of the compression is worth in hardware: the network at 8 bits and after every stage, each planned and,
//! where asked, generated, simulated and synthesized, under two rules. Needs no libtorch.
//!
//! `slimgate lower` (a step of `slimgate run`) leaves the networks in `RUN/ablation/`; [`plan`] plans designs of them,
//! [`run`] also makes and measures them and leaves [`RECORD`], which [`current`] reads again.

mod measure;
mod planning;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Result;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::RunConfig;
use crate::error::InputError;
use crate::network::Network;
use crate::plan::device::Device;
use crate::plan::goal::Target;
use crate::plan::{Plan, Resources};
use crate::power::parts::Kind;
use crate::power::technology::{Source, Technology};
use crate::run::record::{FIGURES, TestFigures, read_json, read_optional, write_json};
use crate::synth::cost::Cost;

use measure::Bench;
use planning::Planning;

/// Folder of the networks, in the run's folder.
pub const NETWORKS: &str = "ablation";
/// List of the networks in that folder, the uncompressed one first: a JSON array of [`Variant`]s.
pub const VARIANTS: &str = "ablation/variants.json";
/// The result: an [`Ablation`].
pub const RECORD: &str = "ablation.json";
/// Version of the record.
const VERSION: u32 = 2;

/// One of the networks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Its folder's name, and the end of its design's: `bits8`, then the stages so far, such as `iq_ns`.
    pub name: String,
    /// Its name in `accuracy.json`: `float`, a stage, `final`.
    pub figure: String,
}

/// Under which rule a design is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// As many cycles an image as the compressed design takes: what area does compression save?
    EqualThroughput,
    /// As many multiply-accumulate lanes as the compressed design has: how much faster does it get?
    EqualLanes,
}

/// One design, its figures and where they come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Network.
    pub variant: String,
    /// Rule.
    pub rule: Rule,
    /// SHA-256 of the network; empty in a record of version 1, which is of no network then.
    #[serde(default)]
    pub network_sha256: String,
    /// The design's folder, where it was made.
    pub dir: Option<PathBuf>,
    /// Accuracy of the integer network on the test images, 0 to 1; of `bits8` the float network's, which it was made from.
    pub test_accuracy: Option<f64>,
    /// Surviving nonzero weights x their bits.
    pub params_bits: u64,
    /// Bits allocated in memories, of the plan.
    pub memory_bits: u64,
    /// Bits allocated in the weights' memories, of the plan.
    pub weight_bits: u64,
    /// Multiply-accumulate lanes.
    pub lanes: usize,
    /// Planned cycles an image.
    pub planned_cycles_per_image: u64,
    /// Measured by simulation, where it ran.
    pub cycles_per_image: Option<f64>,
    /// Images simulated, all bit-exact; 0 where the design is only planned.
    pub images: usize,
    /// Estimated by the planner's model.
    pub estimated: Resources,
    /// Measured by Yosys.
    pub synthesized: Option<Cost>,
    /// Estimated from its activity, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy: Option<Energy>,
    /// What the device lacks for this design, and which has it; `None` where it fits.
    pub lacks: Option<String>,
}

impl Row {
    /// Cycles an image, measured where they were, else planned.
    pub fn cycles(&self) -> f64 {
        self.cycles_per_image.unwrap_or(self.planned_cycles_per_image as f64)
    }
}

/// What an image costs in one design; its `power.json` has it by layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// Nanojoules an image, leakage included; estimated.
    pub nanojoules: f64,
    /// Average power without a pause, in mW; estimated.
    pub milliwatts: f64,
    /// Nanojoules an image by kind; estimated.
    pub kinds: BTreeMap<Kind, f64>,
}

/// What all energies of an ablation are estimated with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PowerNote {
    /// Technology.
    pub technology: String,
    /// Clock, in MHz.
    pub clock_mhz: f64,
    /// Test images simulated on each design.
    pub images: usize,
    /// An estimate may be this many times too low or too high ...
    pub uncertainty_factor: f64,
    /// ... and why.
    pub uncertainty: String,
    /// Every coefficient and its source.
    pub sources: Vec<Source>,
}

/// All designs of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ablation {
    /// Version of this record.
    pub version: u32,
    /// The run's name.
    pub name: String,
    /// Device that was planned for.
    pub device: String,
    /// True where no multiplier block was used, nor inferred.
    pub no_dsp: bool,
    /// The synthesis tool, where it ran.
    pub tool: Option<String>,
    /// What the energies are estimated with, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power: Option<PowerNote>,
    /// The designs: rule by rule, the uncompressed one first.
    pub rows: Vec<Row>,
}

impl Ablation {
    /// True where every design was made and simulated.
    pub fn simulated(&self) -> bool {
        self.rows.iter().all(|row| row.cycles_per_image.is_some())
    }
}

/// What the designs are planned for.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Device.
    pub device: Device,
    /// What the compressed design is to reach, which the others follow; [`Target::Fit`]: as fast as all of them can be there.
    pub target: Target,
    /// No multiplier blocks.
    pub no_dsp: bool,
}

impl Rules {
    /// Device and target of the configuration of the run in `run`.
    ///
    /// # Errors
    /// [`InputError`] for a folder that is no finished run, or a device that is not known.
    pub fn of(run: &Path, no_dsp: bool) -> Result<Self> {
        variants(run)?;
        let file = run.join("config.toml");
        let config = RunConfig::load(&file)?.hardware;
        let device = Device::named(&config.device).map_err(|err| err.in_file(&file))?;
        Ok(Self { device, target: config.goal()?.target, no_dsp })
    }
}

/// What [`run`] does with the planned designs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Synthesize as well.
    pub synthesize: bool,
    /// Test images to simulate, at least 1.
    pub images: usize,
    /// Technology to estimate energies with.
    pub power: Option<Technology>,
}

/// Plans all designs of the run in `run`, and makes none: a second or two.
///
/// # Errors
/// [`InputError`] for a folder that is no finished run; a network that cannot be planned.
pub fn plan(run: &Path, rules: Rules) -> Result<Ablation> {
    planned(run, &networks(run)?, rules)
}

fn planned(run: &Path, networks: &[Stage], rules: Rules) -> Result<Ablation> {
    let rows = designs(run, networks, rules)?.into_iter().map(|design| design.row).collect();
    Ok(Ablation { rows, ..empty(run, rules)? })
}

/// Makes all designs of the run in `run`, below `out`, calling `tell(design, figures)` after each, and writes the record.
///
/// # Errors
/// As [`plan`]; a simulation that differs, a tool that fails.
pub fn run(
    run: &Path,
    out: &Path,
    rules: Rules,
    options: &Options,
    tell: impl Fn(&Row) -> Result<()> + Sync,
) -> Result<Ablation> {
    let bench = Bench::open(run, out, rules, options)?;
    let telling = Mutex::new(());
    let measure = |design: Design| {
        let row = bench.measure(design)?;
        let _one_line_at_a_time = telling.lock();
        tell(&row).map(|()| row)
    };
    let rows =
        designs(run, &networks(run)?, rules)?.into_par_iter().with_max_len(1).map(measure).collect::<Result<_>>()?;
    let ablation = Ablation { rows, tool: bench.tool()?, power: bench.power_note(), ..empty(run, rules)? };
    write_json(&run.join(RECORD), &ablation)?;
    Ok(ablation)
}

/// The record of [`run`] in the folder `run`, where it is of the networks that lie there; else what [`plan`] finds without
/// multiplier blocks, so that areas are one number; `None` for a run whose networks are not lowered.
///
/// # Errors
/// A record or a network that cannot be read or planned.
pub fn current(run: &Path) -> Result<Option<Ablation>> {
    if !run.join(VARIANTS).exists() {
        return Ok(None);
    }
    let networks = networks(run)?;
    let fresh =
        |row: &Row| networks.iter().any(|n| (&n.variant.name, &n.sha256) == (&row.variant, &row.network_sha256));
    let recorded: Option<Ablation> = read_optional(&run.join(RECORD))?;
    match recorded.filter(|ablation| ablation.rows.iter().all(fresh)) {
        Some(ablation) => Ok(Some(ablation)),
        None => planned(run, &networks, Rules::of(run, true)?).map(Some),
    }
}

/// The record before anything is in it.
fn empty(run: &Path, rules: Rules) -> Result<Ablation> {
    Ok(Ablation {
        version: VERSION,
        name: RunConfig::load(&run.join("config.toml"))?.name,
        device: rules.device.name.to_string(),
        no_dsp: rules.no_dsp,
        tool: None,
        power: None,
        rows: Vec::new(),
    })
}

/// A planned design.
struct Design {
    network: Network,
    plan: Plan,
    row: Row,
}

/// The designs of the run: rule by rule, the uncompressed one first.
fn designs(run: &Path, networks: &[Stage], rules: Rules) -> Result<Vec<Design>> {
    let figures: Option<TestFigures> = read_optional(&run.join(FIGURES))?;
    let planning = Planning::new(rules, networks)?;
    let last = networks.last().expect("never empty");
    let mut all = Vec::new();
    for rule in [Rule::EqualThroughput, Rule::EqualLanes] {
        let target = planning.target(&last.network, rule)?;
        for stage in networks {
            let plan = planning.plan(&stage.network, rule, target)?;
            let test_accuracy = figures.as_ref().and_then(|f| f.accuracy(&stage.variant.figure));
            let row = Row { test_accuracy, ..planning.row(stage, &plan, rule)? };
            all.push(Design { network: stage.network.clone(), plan, row });
        }
    }
    Ok(all)
}

/// One of the networks, loaded.
struct Stage {
    variant: Variant,
    network: Network,
    sha256: String,
}

/// The networks of the run, in the order of the compression.
fn networks(run: &Path) -> Result<Vec<Stage>> {
    let variants = variants(run)?.into_iter();
    let load = |variant: Variant| {
        let network = Network::load(&run.join(NETWORKS).join(&variant.name))?;
        Ok(Stage { sha256: network.sha256()?, variant, network })
    };
    variants.map(load).collect()
}

fn variants(run: &Path) -> Result<Vec<Variant>> {
    let file = run.join(VARIANTS);
    if !file.exists() {
        let expected = "a run whose networks are lowered (`slimgate lower RUN`, or `slimgate run CONFIG.toml` again)";
        return Err(InputError::file(run, format!("no {VARIANTS}"), expected).into());
    }
    let variants: Vec<Variant> = read_json(&file)?;
    if variants.is_empty() {
        return Err(InputError::file(&file, "an empty list", "at least the uncompressed network").into());
    }
    Ok(variants)
}

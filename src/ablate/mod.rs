//! What each stage of the compression is worth in hardware: the network at 8 bits and after every stage, each planned,
//! generated, simulated and, where asked, synthesized, under two rules. Needs no libtorch.
//!
//! `slimgate lower` (a step of `slimgate run`) leaves the networks in `RUN/ablation/`; [`run`] makes the designs of them and
//! leaves [`RECORD`].

mod design;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::error::InputError;
use crate::network::Network;
use crate::plan::Resources;
use crate::plan::device::Device;
use crate::plan::goal::Target;
use crate::power::parts::Kind;
use crate::power::technology::{Source, Technology};
use crate::run::record::{FIGURES, TestFigures, read_json, read_optional, write_json};
use crate::synth::cost::Cost;

use design::Bench;

/// Folder of the networks, in the run's folder.
pub const NETWORKS: &str = "ablation";
/// List of the networks in that folder, the uncompressed one first: a JSON array of [`Variant`]s.
pub const VARIANTS: &str = "ablation/variants.json";
/// The result: an [`Ablation`].
pub const RECORD: &str = "ablation.json";

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
    /// The design's folder.
    pub dir: PathBuf,
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
    /// Measured by simulation.
    pub cycles_per_image: f64,
    /// Images simulated, all bit-exact.
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

/// What [`run`] does.
#[derive(Debug, Clone)]
pub struct Options {
    /// Device to plan for.
    pub device: Device,
    /// No multiplier blocks.
    pub no_dsp: bool,
    /// Synthesize as well.
    pub synthesize: bool,
    /// Test images to simulate.
    pub images: usize,
    /// Technology to estimate energies with.
    pub power: Option<Technology>,
}

/// Makes all designs of the run in `run`, below `out`, calling `tell(design, figures)` after each, and writes the record.
///
/// # Errors
/// [`InputError`] for a folder that is no finished run; a network that cannot be planned, a simulation that differs.
pub fn run(run: &Path, out: &Path, options: &Options, tell: impl Fn(&Row) -> Result<()>) -> Result<Ablation> {
    let networks = networks(run)?;
    let figures: Option<TestFigures> = read_optional(&run.join(FIGURES))?;
    let bench = Bench::open(run, out, options)?;
    let (_, last) = networks.last().expect("never empty");
    let fastest = |rule| bench.plan(last, rule, Target::Fit);
    let targets = [
        (Rule::EqualThroughput, Target::Cycles(fastest(Rule::EqualThroughput)?.cycles_per_image)),
        (Rule::EqualLanes, Target::Lanes(fastest(Rule::EqualLanes)?.lanes)),
    ];
    let mut rows = Vec::new();
    for (rule, target) in targets {
        for (variant, network) in &networks {
            let accuracy = figures.as_ref().and_then(|f| f.accuracy(&variant.figure));
            let row = Row { test_accuracy: accuracy, ..bench.row(network, &variant.name, rule, target)? };
            tell(&row)?;
            rows.push(row);
        }
    }
    let (name, device) = (bench.name.clone(), options.device.name.to_string());
    let (tool, power) = (bench.tool()?, bench.power_note());
    let ablation = Ablation { version: 1, name, device, no_dsp: options.no_dsp, tool, power, rows };
    write_json(&run.join(RECORD), &ablation)?;
    Ok(ablation)
}

/// The networks of the run, in the order of the compression.
fn networks(run: &Path) -> Result<Vec<(Variant, Network)>> {
    let variants = variants(run)?.into_iter();
    let load = |variant: Variant| {
        let network = Network::load(&run.join(NETWORKS).join(&variant.name))?;
        Ok((variant, network))
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

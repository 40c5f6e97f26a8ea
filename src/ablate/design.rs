//! One design of an ablation: planned, generated, simulated, synthesized.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{Energy, Options, PowerNote, Row, Rule};
use crate::config::RunConfig;
use crate::data::{self, Images};
use crate::network::Network;
use crate::plan::Plan;
use crate::plan::balance::Planner;
use crate::plan::device::Device;
use crate::plan::goal::{Goal, Limit, Resource, Target};
use crate::plan::pack::Block;
use crate::plan::reach::fastest;
use crate::power::estimate::{self, Estimate, Setting};
use crate::power::{self, technology::Technology};
use crate::rtl::design;
use crate::rtl::scripts::Board;
use crate::run::hardware::{compare, expectations, file_sha256};
use crate::run::record::write_json;
use crate::sim::manifest::{MANIFEST, Manifest};
use crate::sim::{self, Simulator};
use crate::synth::{self, yosys::Yosys};

/// What all designs share.
pub(super) struct Bench<'a> {
    /// The run's name.
    pub name: String,
    out: &'a Path,
    options: &'a Options,
    test: Images,
    data: PathBuf,
    clock_mhz: f64,
}

/// Most images that an energy is estimated from: their waveforms take longer than the simulation.
const POWER_IMAGES: usize = 4;

impl<'a> Bench<'a> {
    /// Loads the test images of the run in `run`; designs go below `out`.
    ///
    /// # Errors
    /// [`InputError`](crate::error::InputError) where the run's configuration or data cannot be read.
    pub fn open(run: &Path, out: &'a Path, options: &'a Options) -> Result<Self> {
        let file = run.join("config.toml");
        let config = RunConfig::load(&file)?;
        let data = config.data.folder().map_err(|err| err.in_file(&file))?;
        let (_, test) = data::load_test(&data)?;
        Ok(Self { name: config.name, out, options, test, data, clock_mhz: config.hardware.clock_mhz })
    }

    /// Version of the synthesis tool, where it is used.
    pub(super) fn tool(&self) -> Result<Option<String>> {
        if self.options.synthesize { Ok(Some(Yosys::find()?.version()?)) } else { Ok(None) }
    }

    /// Plans `network` for `target`, whether or not the device holds it. Under [`Rule::EqualLanes`] every layer has lanes: none is
    /// made of constants.
    pub(super) fn plan(&self, network: &Network, rule: Rule, target: Target) -> Result<Plan> {
        let mut planner = Planner::new(network, self.block())?;
        if rule == Rule::EqualLanes {
            planner.keep_lanes();
        }
        let blocks = if self.options.no_dsp { 0 } else { self.options.device.dsp as usize };
        let at = |cycles| planner.at(cycles, blocks);
        let found = match target {
            Target::Cycles(cycles) => return at(cycles),
            Target::Lanes(lanes) => fastest(at, |plan| plan.lanes <= lanes)?,
            Target::Fit => fastest(at, |plan| self.broken(self.options.device, plan).is_none())?,
        };
        Ok(found.unwrap_or_else(|smallest| *smallest))
    }

    /// Makes one design. Its accuracy is left to the caller.
    pub(super) fn row(&self, network: &Network, variant: &str, rule: Rule, target: Target) -> Result<Row> {
        let plan = self.plan(network, rule, target)?;
        let dir = self.write(network, &plan, rule, variant)?;
        // Few images: the build takes longer than the run.
        let options = sim::Options { optimize: 0, ..Default::default() };
        let report = compare(&dir, network, (&self.test, self.options.images), &options, |_| {})?;
        ensure!(report.passed, "{}: the hardware is not what the network says\n{}", dir.display(), report.text());
        let goal = self.synthesis();
        let synthesized = if self.options.synthesize { Some(synth::synthesize(&dir, goal, false)?.cost) } else { None };
        let energy = self.options.power.as_ref().map(|t| self.energy(&dir, network, t)).transpose()?;
        Ok(Row {
            variant: variant.to_string(),
            rule,
            dir,
            test_accuracy: None,
            params_bits: network.sizes()?.total.params_bits,
            memory_bits: plan.memory_bits(),
            weight_bits: plan.memories().filter(|m| m.holds_weights()).map(|m| m.bits_allocated).sum(),
            lanes: plan.lanes,
            planned_cycles_per_image: plan.cycles_per_image,
            cycles_per_image: report.cycles_per_image.context("too few images for a measurement")?,
            images: report.images,
            estimated: plan.resources,
            synthesized,
            energy,
            lacks: self.lacks(&plan),
        })
    }

    /// Estimates the design in `dir` and leaves its `power.json`.
    fn energy(&self, dir: &Path, network: &Network, technology: &Technology) -> Result<Energy> {
        let manifest = Manifest::load(dir)?;
        let vectors = expectations(network, &self.test, self.power_images())?;
        let measured = power::measure(dir, &manifest, &vectors, Simulator::Verilator, None)?;
        let manifest_sha256 = file_sha256(&dir.join(MANIFEST))?;
        let (data, clock_mhz) = (self.data.display().to_string(), self.clock_mhz);
        let setting = Setting { manifest: &manifest, manifest_sha256, data, clock_mhz };
        let estimate = Estimate::new(&measured, technology, &setting);
        write_json(&dir.join(estimate::FILE), &estimate)?;
        Ok(Energy { nanojoules: estimate.nanojoules, milliwatts: estimate.milliwatts, kinds: estimate.kinds })
    }

    /// Images for the energies: a few of those that are simulated, two at least, because the pace takes two.
    fn power_images(&self) -> usize {
        self.options.images.clamp(2, POWER_IMAGES)
    }

    /// What the energies are estimated with.
    pub(super) fn power_note(&self) -> Option<PowerNote> {
        let technology = self.options.power.clone()?;
        Some(PowerNote {
            technology: technology.name,
            clock_mhz: self.clock_mhz,
            images: self.power_images().min(self.test.len()),
            uncertainty_factor: technology.factor,
            uncertainty: technology.uncertainty,
            sources: technology.sources,
        })
    }

    fn synthesis(&self) -> synth::Goal {
        match self.options.no_dsp {
            true => synth::Goal::WithoutDsp(self.options.device.family),
            false => synth::Goal::Device(self.options.device),
        }
    }

    fn write(&self, network: &Network, plan: &Plan, rule: Rule, variant: &str) -> Result<PathBuf> {
        let rule = match rule {
            Rule::EqualThroughput => "equal_throughput",
            Rule::EqualLanes => "equal_lanes",
        };
        let dir = self.out.join(format!("{rule}_{variant}"));
        let board = Board { device: self.options.device, clock_mhz: self.clock_mhz };
        design::make(network, plan, None, &board, &dir)?;
        Ok(dir)
    }

    /// What `plan` breaks first of what `device` has.
    fn broken(&self, device: Device, plan: &Plan) -> Option<Limit> {
        let limits = Goal::new(Target::Fit, device).limits().into_iter();
        // Requantizers count as blocks in the estimate; without blocks they are LUTs.
        let mut limits = limits.filter(|limit| !self.options.no_dsp || limit.resource != Resource::Dsp);
        limits.find(|limit| !limit.keeps(plan))
    }

    /// The device's multiplier blocks, where they may be used.
    fn block(&self) -> Block {
        let block = self.options.device.block();
        Block { exists: block.exists && !self.options.no_dsp, ..block }
    }

    /// What the device lacks for `plan`, and the smallest one of its family that does not.
    fn lacks(&self, plan: &Plan) -> Option<String> {
        let device = self.options.device;
        let broken = self.broken(device, plan)?;
        let mut family = Device::by_size(device.family).into_iter().filter(|other| other.family == device.family);
        let holds = family.find(|other| self.broken(*other, plan).is_none());
        let other = holds.map_or("no listed device of the family has it".into(), |d| format!("{} has it", d.name));
        Some(format!("{} wanted, {} there; {other}", broken.taken(plan), broken.allowed()))
    }
}

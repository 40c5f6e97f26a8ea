//! One design of an ablation: planned, generated, simulated, synthesized.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{Options, Row, Rule};
use crate::config::RunConfig;
use crate::data::{self, Images};
use crate::network::Network;
use crate::plan::balance::Planner;
use crate::plan::device::DEVICES;
use crate::plan::goal::{Goal, Target};
use crate::plan::reach::fastest;
use crate::plan::{Plan, Resources};
use crate::rtl::scripts::Board;
use crate::rtl::{design, generate, scripts};
use crate::run::hardware::expectations;
use crate::sim::manifest::Manifest;
use crate::sim::report::SimReport;
use crate::sim::run as runner;
use crate::synth::{self, yosys::Yosys};

/// What all designs share.
pub struct Bench<'a> {
    out: &'a Path,
    options: &'a Options,
    test: Images,
    clock_mhz: f64,
}

impl<'a> Bench<'a> {
    /// Loads the test images of the run in `run`; designs go below `out`.
    ///
    /// # Errors
    /// [`InputError`](crate::error::InputError) where the run's configuration or data cannot be read.
    pub fn open(run: &Path, out: &'a Path, options: &'a Options) -> Result<Self> {
        let file = run.join("config.toml");
        let config = RunConfig::load(&file)?;
        let (_, test) = data::load_test(&config.data.folder().map_err(|err| err.in_file(&file))?)?;
        Ok(Self { out, options, test, clock_mhz: config.hardware.clock_mhz })
    }

    /// Version of the synthesis tool, where it is used.
    pub(super) fn tool(&self) -> Result<Option<String>> {
        if self.options.synthesize { Ok(Some(Yosys::find()?.version()?)) } else { Ok(None) }
    }

    /// Plans `network` for `target`, whether or not the device holds it.
    pub(super) fn plan(&self, network: &Network, target: Target) -> Result<Plan> {
        let planner = Planner::new(network, self.options.device.family)?;
        let blocks = if self.options.no_dsp { 0 } else { self.options.device.dsp as usize };
        let at = |cycles| planner.at(cycles, blocks);
        let goal = Goal::new(Target::Fit, self.options.device);
        let found = match target {
            Target::Cycles(cycles) => return at(cycles),
            Target::Lanes(lanes) => fastest(at, |plan| plan.lanes <= lanes)?,
            Target::Fit => fastest(at, |plan| goal.limits().iter().all(|limit| self.keeps(limit, plan)))?,
        };
        Ok(found.unwrap_or_else(|smallest| *smallest))
    }

    /// Makes one design. Its accuracy is left to the caller.
    pub(super) fn row(&self, network: &Network, variant: &str, rule: Rule, target: Target) -> Result<Row> {
        let plan = self.plan(network, target)?;
        let dir = self.write(network, &plan, rule, variant)?;
        let report = self.simulate(network, &dir)?;
        ensure!(report.passed, "{}: the hardware is not what the network says\n{}", dir.display(), report.text());
        let goal = self.synthesis();
        let synthesized = if self.options.synthesize { Some(synth::synthesize(&dir, goal, false)?.cost) } else { None };
        let memories = || plan.layers.iter().flat_map(|layer| &layer.memories);
        Ok(Row {
            variant: variant.to_string(),
            rule,
            dir,
            test_accuracy: None,
            params_bits: network.sizes()?.total.params_bits,
            memory_bits: memories().map(|m| m.bits_allocated).sum(),
            weight_bits: memories().filter(|m| m.holds_weights()).map(|m| m.bits_allocated).sum(),
            lanes: plan.lanes,
            planned_cycles_per_image: plan.cycles_per_image,
            cycles_per_image: report.cycles_per_image.context("too few images for a measurement")?,
            images: report.images,
            estimated: plan.resources,
            synthesized,
            lacks: self.lacks(&plan),
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
        let mut files = generate(network, plan, None)?;
        let board = Board { device: self.options.device, clock_mhz: self.clock_mhz };
        files.extend(scripts::emit(&plan.name, &files, &board)?);
        design::write(&files, &dir)?;
        Ok(dir)
    }

    fn simulate(&self, network: &Network, dir: &Path) -> Result<SimReport> {
        let manifest = Manifest::load(dir)?;
        let vectors = expectations(self.options.images, network, &self.test)?;
        // Few images: the build takes longer than the run.
        let options = crate::sim::Options { optimize: 0, ..Default::default() };
        let outcome = runner::simulate(dir, &manifest, &vectors, &options, |_| {})?;
        Ok(SimReport::new(&manifest, vectors.images(), &options, outcome))
    }

    fn keeps(&self, limit: &crate::plan::goal::Limit, plan: &Plan) -> bool {
        // Requantizers count as blocks in the estimate; without blocks they are LUTs.
        let free = self.options.no_dsp && limit.resource == crate::plan::goal::Resource::Dsp;
        free || limit.resource.of(&plan.resources) <= limit.most
    }

    /// What the device lacks for `plan`, and the smallest one that does not.
    fn lacks(&self, plan: &Plan) -> Option<String> {
        let limits = |device| Goal::new(Target::Fit, device).limits();
        let broken = limits(self.options.device).into_iter().find(|limit| !self.keeps(limit, plan))?;
        let amount = |resources: &Resources| broken.resource.amount(broken.resource.of(resources));
        let mut devices: Vec<_> = DEVICES.iter().filter(|d| d.family == self.options.device.family).collect();
        devices.sort_by_key(|device| device.lut);
        let holds = devices.into_iter().find(|d| limits(**d).iter().all(|limit| self.keeps(limit, plan)));
        let other = holds.map_or("no listed device of the family has it".into(), |d| format!("{} has it", d.name));
        Some(format!("{} wanted, {} there; {other}", amount(&plan.resources), broken.resource.amount(broken.most)))
    }
}

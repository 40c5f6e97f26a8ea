//! Makes and measures one design of an ablation: generated, simulated, synthesized.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::{Design, Energy, Options, PowerNote, Row, Rule, Rules};
use crate::config::RunConfig;
use crate::data::{self, Images};
use crate::network::Network;
use crate::power::estimate::{self, Estimate, Setting};
use crate::power::{self, technology::Technology};
use crate::rtl::design;
use crate::rtl::scripts::Board;
use crate::run::hardware::{compare, expectations, file_sha256};
use crate::run::record::write_json;
use crate::sim::manifest::{MANIFEST, Manifest};
use crate::sim::{self, Simulator, Wave};
use crate::synth::{self, yosys::Yosys};

/// What all designs share.
pub(super) struct Bench<'a> {
    out: &'a Path,
    rules: Rules,
    options: &'a Options,
    test: Images,
    data: PathBuf,
    clock_mhz: f64,
}

/// So many images give the pace by themselves (testbench/tb.cpp: MEASURED_IMAGES).
const PACE_IMAGES: usize = 16;

/// Most images that an energy is estimated from: their waveforms take longer than the simulation.
const POWER_IMAGES: usize = 4;

impl<'a> Bench<'a> {
    /// Loads the test images of the run in `run`; designs go below `out`.
    ///
    /// # Errors
    /// [`InputError`](crate::error::InputError) where the run's configuration or data cannot be read.
    pub fn open(run: &Path, out: &'a Path, rules: Rules, options: &'a Options) -> Result<Self> {
        let file = run.join("config.toml");
        let config = RunConfig::load(&file)?;
        let data = config.data.folder().map_err(|err| err.in_file(&file))?;
        let (_, test) = data::load_test(&data)?;
        Ok(Self { out, rules, options, test, data, clock_mhz: config.hardware.clock_mhz })
    }

    /// Version of the synthesis tool, where it is used.
    pub fn tool(&self) -> Result<Option<String>> {
        if self.options.synthesize { Ok(Some(Yosys::find()?.version()?)) } else { Ok(None) }
    }

    /// Makes the design and fills in its row.
    ///
    /// # Errors
    /// A simulation that differs, a tool that fails.
    pub fn measure(&self, Design { network, plan, row }: Design) -> Result<Row> {
        let rule = match row.rule {
            Rule::EqualThroughput => "equal_throughput",
            Rule::EqualLanes => "equal_lanes",
        };
        let dir = self.out.join(format!("{rule}_{}", row.variant));
        let board = Board { device: self.rules.device, clock_mhz: self.clock_mhz };
        design::make(&network, &plan, None, &board, &dir)?;
        // Few images: the build takes longer than the run. One build serves for the energy too. Full queues, slow streams
        // and resets are tried on the run's own design (`slimgate sim`), not on each of these.
        let traceable = self.options.power.as_ref().map(|_| Wave::Vcd);
        let brief = self.options.images.min(self.test.len()) >= PACE_IMAGES;
        let options = sim::Options { optimize: 0, brief, traceable, ..Default::default() };
        let report = compare(&dir, &network, (&self.test, self.options.images), &options, |_| {})?;
        ensure!(report.passed, "{}: the hardware is not what the network says\n{}", dir.display(), report.text());
        let energy = self.options.power.as_ref().map(|t| self.energy(&dir, &network, t)).transpose()?;
        let cost = |goal| synth::synthesize(&dir, goal, false).map(|report| report.cost);
        let synthesized = self.options.synthesize.then(|| cost(self.synthesis())).transpose()?;
        let cycles = report.cycles_per_image.context("too few images for a measurement")?;
        Ok(Row { dir: Some(dir), cycles_per_image: Some(cycles), images: report.images, synthesized, energy, ..row })
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
    pub fn power_note(&self) -> Option<PowerNote> {
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
        match self.rules.no_dsp {
            true => synth::Goal::WithoutDsp(self.rules.device.family),
            false => synth::Goal::Device(self.rules.device),
        }
    }
}

//! A run with its data loaded: the work of every step. Needs libtorch.

use std::path::{Path, PathBuf};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

use super::folder::{Access, RunFolder};
use super::hardware;
use super::record::{BASELINE, FIGURES, OUTCOME, SearchOutcome, TestFigures, read_json, write_json};
use crate::ablate::{self, Variant};
use crate::config::RunConfig;
use crate::config::data::Splits;
use crate::config::layers::LayerSpec;
use crate::config::search::Method;
use crate::error::InputError;
use crate::lower;
use crate::network::Network;
use crate::network::interp::Interpreter;
use crate::report;
use crate::search::recorded::{CHECKPOINTS, checkpoint_of};
use crate::search::workshop::calibration;
use crate::study;
use crate::train::{self, Hooks, Model, Recipe, runtime};

/// The baseline's training, a [`train::FitReport`].
pub const TRAINING: &str = "training.json";

/// A run in work.
pub struct Session {
    /// As resolved: overrides applied, threads counted.
    pub config: RunConfig,
    /// The run's folder.
    pub folder: RunFolder,
    /// Training, validation and test images.
    pub splits: Splits,
    /// The float network's layers.
    pub layers: Vec<LayerSpec>,
    /// What to show while it works.
    pub watch: Watch,
}

/// What long work shows on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// Nothing: a machine reads the result.
    Nothing,
    /// A line for every candidate of a search.
    Lines,
    /// Lines, and progress bars for a person at a terminal.
    Bars,
}

impl Session {
    /// Loads the data and opens the run's folder under `root`.
    ///
    /// # Errors
    /// Wrong data, a network that does not fit them, or a folder that belongs to another configuration.
    pub fn open(mut config: RunConfig, root: &Path, fresh: bool, watch: Watch) -> Result<Self> {
        set_threads(&mut config);
        let table = config.to_toml()?.parse()?;
        let open = || RunFolder::open(root, &config.name, &table, config.free_sections(), fresh);
        Self::load(config.clone(), open, watch)
    }

    /// A session in the folder `root`/`folder` instead of the run's own: a part of a study. Under [`Access::Shared`]
    /// other programs may work in it.
    ///
    /// # Errors
    /// Those of [`Session::open`].
    pub fn part(config: RunConfig, root: &Path, folder: &str, access: Access, watch: Watch) -> Result<Self> {
        let table = config.to_toml()?.parse()?;
        let free = config.free_sections();
        let open = || match access {
            Access::Own => RunFolder::open(root, folder, &table, free, false),
            Access::Shared => RunFolder::share(root, folder, &table, free),
        };
        Self::load(config, open, watch)
    }

    fn load(config: RunConfig, folder: impl FnOnce() -> Result<RunFolder>, watch: Watch) -> Result<Self> {
        let splits = config.data.load(config.seed)?;
        let layers = config.network.resolve(splits.train.shape, splits.classes.len())?;
        Ok(Self { config, folder: folder()?, splits, layers, watch })
    }

    /// Trains the float baseline, or goes on with it.
    ///
    /// # Errors
    /// Those of [`train::fit`].
    pub fn train(&mut self) -> Result<()> {
        let mut model = Model::new(&self.layers, self.splits.train.shape, self.config.seed)?;
        let unfinished = self.folder.join("baseline.training");
        let tell = |epochs: &[train::EpochReport]| {
            if let (Some(epoch), true) = (epochs.last(), self.watch != Watch::Nothing) {
                eprintln!("baseline: {}", epoch.line(epochs.len() - 1));
            }
            Ok(())
        };
        let hooks = Hooks {
            validation: Some(&self.splits.validation),
            checkpoint: Some(&unfinished),
            progress: self.bars().then_some("baseline"),
            after_epoch: Some(&tell),
            ..Hooks::default()
        };
        let recipe = Recipe::new(&self.config.train, self.config.seed);
        let report = train::fit(&mut model, &self.splits.train, &recipe, &hooks)?;
        write_json(&self.folder.join(TRAINING), &report)?;
        model.save(&self.folder.join(BASELINE))?;
        let _ = std::fs::remove_file(unfinished);
        Ok(())
    }

    /// Searches, or goes on with it, then polishes.
    ///
    /// # Errors
    /// Those of a candidate.
    pub fn search(&mut self) -> Result<()> {
        let config = &self.config.search;
        let outcome = self.with_bench(Access::Own, |bench| {
            let polishes = config.polish.epochs > 0;
            Ok(match config.method {
                Method::Margin => study::search::order(bench, &self.margin_plan(), polishes)?.outcome,
                Method::BruteForce => study::search::grid(bench, &self.grid_plan(), polishes)?.0.outcome,
            })
        })?;
        write_json(&self.folder.join(OUTCOME), &outcome)
    }

    /// Lowers the latest network into the run's folder: the search's final one or, without a search, the baseline.
    ///
    /// # Errors
    /// An [`InputError`] in a run without any network; else those of lowering and of writing.
    pub fn lower(&mut self) -> Result<()> {
        let baseline = self.folder.join(BASELINE);
        if !baseline.exists() {
            let expected = "a trained run (`slimgate train` or `slimgate run`)";
            return Err(InputError::file(self.folder.path(), format!("no {BASELINE}"), expected).into());
        }
        let searched = self.folder.join(OUTCOME).exists();
        let model = if searched { self.checkpoint(&self.outcome()?.network.key) } else { baseline };
        let network = self.lower_file(&model)?;
        network.save(self.folder.path())?;
        if searched { self.lower_stages(network) } else { Ok(()) }
    }

    /// Lowers the baseline (to 8 bits) and what each stage but the last kept, whose network is the run's: `last`. For
    /// [`crate::ablate`].
    fn lower_stages(&self, last: Network) -> Result<()> {
        let search = self.outcome()?.search;
        let mut networks = vec![("bits8".to_string(), "float".to_string(), self.lowered(&search.baseline.key)?)];
        let stages: Vec<&str> = search.stages.iter().map(|stage| stage.stage.as_str()).collect();
        for (i, stage) in search.stages.iter().enumerate().take(stages.len().saturating_sub(1)) {
            networks.push((stages[..=i].join("_"), stage.stage.clone(), self.lowered(&stage.network.key)?));
        }
        if !stages.is_empty() {
            networks.push((stages.join("_"), "final".into(), last));
        }
        let mut variants = Vec::new();
        for (name, figure, network) in networks {
            let network = Network { name: format!("{}_{name}", network.name), ..network };
            network.save(&self.folder.join(ablate::NETWORKS).join(&name))?;
            variants.push(Variant { name, figure });
        }
        write_json(&self.folder.join(ablate::VARIANTS), &variants)
    }

    /// Measures test accuracies: the float baseline's with libtorch, the others' with the integer interpreter. Every
    /// choice is fixed by now.
    ///
    /// # Errors
    /// Networks that cannot be read.
    pub fn eval(&mut self) -> Result<()> {
        let outcome = self.outcome()?;
        let test = &self.splits.test;
        let mut accuracies = Vec::new();
        let stages = outcome.search.stages.iter().map(|s| (s.stage.clone(), s.network.key.clone()));
        let networks = std::iter::once(("float".to_string(), outcome.search.baseline.key.clone())).chain(stages);
        for (name, key) in networks {
            accuracies.push((name, self.test_accuracy(&key)?));
        }
        let last = Network::load(self.folder.path())?;
        accuracies.push(("final".to_string(), Interpreter::new(&last)?.accuracy(test)?));
        write_json(&self.folder.join(FIGURES), &TestFigures { images: test.len(), accuracies })
    }

    /// Test accuracy of a candidate: with the integer interpreter or, before its quantization, with libtorch. For
    /// figures that are reported, after every choice.
    ///
    /// # Errors
    /// A checkpoint that cannot be read.
    pub fn test_accuracy(&self, key: &str) -> Result<f64> {
        let (model, test) = (Model::load(&self.checkpoint(key))?, &self.splits.test);
        match model.quant() {
            None => Ok(train::accuracy(&model, test)),
            Some(_) => Ok(Interpreter::new(&self.lowered(key)?)?.accuracy(test)?),
        }
    }

    /// The baseline's training, once it is done.
    ///
    /// # Errors
    /// A run that was not trained.
    pub fn training(&self) -> Result<train::FitReport> {
        read_json(&self.folder.join(TRAINING))
    }

    /// Plans and generates the Verilog of the final network into [`Session::design`].
    ///
    /// # Errors
    /// Those of [`hardware::make_design`].
    pub fn rtl(&mut self) -> Result<()> {
        hardware::forget(&self.folder.join(report::JSON))?;
        hardware::make_design(&self.config.hardware, self.folder.path(), &self.design())
    }

    /// Simulates that Verilog on test images.
    ///
    /// # Errors
    /// Those of [`hardware::simulate`]: any difference is one.
    pub fn sim(&mut self) -> Result<()> {
        hardware::forget(&self.folder.join(report::JSON))?;
        let bar = self
            .bar(self.config.sim.images.min(self.splits.test.len()) as u64, "simulating (the first time: compiling)");
        hardware::simulate(&self.config.sim, self.folder.path(), &self.splits.test, |images| bar.inc(images as u64))?;
        bar.finish_and_clear();
        Ok(())
    }

    /// Writes report.html, report.md and report.json.
    ///
    /// # Errors
    /// Those of [`report::build`].
    pub fn report(&mut self) -> Result<()> {
        report::write(&report::build(self.folder.path())?, self.folder.path())
    }

    /// The folder of the run's Verilog.
    pub fn design(&self) -> PathBuf {
        hardware::design_folder(self.folder.path(), &self.config.name)
    }

    /// Whether to draw progress bars.
    pub(super) fn bars(&self) -> bool {
        self.watch == Watch::Bars
    }

    fn bar(&self, length: u64, what: &'static str) -> ProgressBar {
        if !self.bars() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} images, {eta} left");
        ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(what)
    }

    /// The search's outcome, once there is one.
    ///
    /// # Errors
    /// A run that was not searched.
    pub fn outcome(&self) -> Result<SearchOutcome> {
        read_json(&self.folder.join(OUTCOME))
    }

    /// Test figures, once there are some.
    ///
    /// # Errors
    /// A run that was not evaluated.
    pub fn figures(&self) -> Result<TestFigures> {
        read_json(&self.folder.join(FIGURES))
    }

    fn checkpoint(&self, key: &str) -> PathBuf {
        checkpoint_of(&self.folder.join(CHECKPOINTS), key)
    }

    fn lowered(&self, key: &str) -> Result<Network> {
        self.lower_file(&self.checkpoint(key))
    }

    fn lower_file(&self, model: &Path) -> Result<Network> {
        let model = Model::load(model)?;
        lower::lower(&model, &self.config.name, &self.splits.classes, &calibration(&self.splits.train))
    }
}

/// Sets this program's threads as the run file has them; `threads` says how many there are from then on.
pub fn set_threads(config: &mut RunConfig) {
    config.train.threads = runtime::set_threads(config.train.threads);
}

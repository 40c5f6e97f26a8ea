//! `slimgate search`: the margin search (or brute force) of a run.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Output;
use super::run::{SEARCH_STEPS, go};
use crate::config::RunConfig;
use crate::config::search::{Method, StageName};
use crate::config::train::Device;
use crate::error::InputErrors;
use crate::run::folder::Access;
use crate::run::record::{OUTCOME, SearchOutcome, TestFigures};
use crate::run::session::{Session, Watch};
use crate::run::study::StudyRun;
use crate::run::teacher;
use crate::search::journal::{self, Entry};
use crate::train::runtime;

/// Compress the baseline: integer quantization, network slimming, deep compression, each as far as the accuracy allows.
///
/// Trains the baseline first where the run has none. Decisions use the validation split only. Every candidate is a line
/// in runs/<name>/search.jsonl; search.json has the outcome. docs/method.md explains the method.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate search examples/fashion.toml --order ns,iq,dc")]
pub struct SearchArgs {
    #[command(flatten)]
    opening: Opening,

    /// Margin search, or every combination on the grid.
    #[arg(long, value_enum)]
    method: Option<Method>,

    /// Stages in their order; iq must be one of them.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STAGES")]
    order: Option<Vec<StageName>>,
}

/// A device, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DeviceName {
    Cpu,
    Cuda,
}

/// Which run, and where.
#[derive(Debug, Args)]
pub struct Opening {
    /// The run file (TOML).
    config: PathBuf,

    /// Compute on the processor or on a GPU (instead of train.device).
    #[arg(long, value_enum)]
    device: Option<DeviceName>,

    /// CPU threads, 0 for every core (instead of train.threads).
    #[arg(long, value_name = "N")]
    threads: Option<usize>,

    /// Remove what an earlier run of this name left, and begin again.
    #[arg(long)]
    fresh: bool,

    /// Folder that holds the runs' folders.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    out_root: PathBuf,
}

impl Opening {
    /// Loads the run file and the data, and opens the run's folder.
    ///
    /// # Errors
    /// Wrong input of any kind, or a folder that belongs to another configuration.
    pub fn open(&self, out: &Output) -> anyhow::Result<Session> {
        self.open_with(out, |_| {})
    }

    fn open_with(&self, out: &Output, change: impl FnOnce(&mut RunConfig)) -> anyhow::Result<Session> {
        let config = self.config(change)?;
        // Now, not hours later; a search that is done needs none.
        if self.fresh || !self.out_root.join(&config.name).join(OUTCOME).exists() {
            teacher::file(&config).map_err(|e| e.in_file(&self.config))?;
        }
        Session::open(config, &self.out_root, self.fresh, watch(out))
    }

    /// Opens the run's folder for its study.
    ///
    /// # Errors
    /// As [`Opening::open`].
    pub fn study(&self, access: Access, out: &Output) -> anyhow::Result<StudyRun> {
        StudyRun::open(self.config(|_| {})?, &self.out_root, access, self.fresh, watch(out))
    }

    fn config(&self, change: impl FnOnce(&mut RunConfig)) -> anyhow::Result<RunConfig> {
        runtime::quiet_threads()?;
        let mut config = RunConfig::load(&self.config)?;
        if let Some(device) = self.device {
            config.train.device = match device {
                DeviceName::Cpu => Device::Cpu,
                DeviceName::Cuda => Device::Cuda,
            };
        }
        config.train.threads = self.threads.unwrap_or(config.train.threads);
        change(&mut config);
        InputErrors(config.check()).into_result()?;
        Ok(config)
    }
}

/// What long work shows besides its result.
pub fn watch(out: &Output) -> Watch {
    match (out.json, out.shows_progress()) {
        (true, _) => Watch::Nothing,
        (_, true) => Watch::Bars,
        _ => Watch::Lines,
    }
}

/// Runs the search and prints its summary.
pub fn run(args: &SearchArgs, out: &Output) -> anyhow::Result<()> {
    let mut session = args.opening.open_with(out, |config| {
        if let Some(method) = args.method {
            config.search.method = method;
        }
        if let Some(order) = &args.order {
            config.search.order.clone_from(order);
        }
    })?;
    go(&mut session, SEARCH_STEPS, out)?;
    summary(&session, out)
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Summary {
    run: PathBuf,
    outcome: SearchOutcome,
    /// The final network's line in the journal.
    network: Option<Entry>,
    /// Present once the run has been evaluated.
    test: Option<TestFigures>,
    candidates: usize,
    seconds: f64,
}

/// Prints the outcome; a target that was missed is a failure.
///
/// # Errors
/// A missed target, or files that cannot be read.
pub fn summary(session: &Session, out: &Output) -> anyhow::Result<()> {
    let outcome = session.outcome()?;
    let lines = journal::read(session.folder.join("search.jsonl"))?;
    let summary = Summary {
        run: session.folder.path().to_path_buf(),
        network: lines.iter().find(|e| e.key == outcome.network.key).cloned(),
        test: session.figures().ok(),
        candidates: lines.len(),
        seconds: lines.iter().map(|e| e.seconds).sum(),
        outcome,
    };
    out.result(&summary, || text(&summary, &lines))?;
    summary.outcome.check_met()
}

fn text(summary: &Summary, lines: &[Entry]) -> String {
    let mut text = String::new();
    let search = &summary.outcome.search;
    let float_bits = lines.first().map_or(0, |e| e.stored_bits);
    let mut row = |name: &str, accuracy: f64, stored: u64, why: &str| {
        let times = float_bits as f64 / stored.max(1) as f64;
        let percent = accuracy * 100.0;
        let _ = writeln!(text, "{name:<6} {percent:6.2} %  {stored:>10} bits  {times:6.1} x smaller  {why}");
    };
    row("float", search.baseline.accuracy, search.baseline.stored_bits, "");
    for stage in &search.stages {
        row(&stage.stage, stage.network.accuracy, stage.network.stored_bits, &stage.why);
    }
    row("final", summary.outcome.network.accuracy, summary.outcome.network.stored_bits, "validation accuracy");
    for (name, accuracy) in summary.test.iter().flat_map(|t| &t.accuracies) {
        let _ = writeln!(text, "test accuracy, {name}: {:.2} %", accuracy * 100.0);
    }
    let _ = write!(text, "{} networks in {:.0} s; {}", summary.candidates, summary.seconds, summary.run.display());
    text
}

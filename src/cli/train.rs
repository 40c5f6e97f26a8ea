//! `slimgate train`: the float baseline of a run.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Output;
use super::run::{TRAIN, go};
use super::search::Opening;
use crate::run::record::BASELINE;
use crate::train::FitReport;

/// Train the float baseline of a run; a killed training goes on from its last epoch.
///
/// Reads a run file (TOML). Writes runs/<name>/baseline.safetensors and training.json (loss, accuracies and seconds of
/// every epoch). The same seed and number of threads give the same network bit for bit. The test images are not used.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate train examples/fashion.toml --threads 2")]
pub struct TrainArgs {
    #[command(flatten)]
    opening: Opening,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Trained {
    model: PathBuf,
    training: FitReport,
}

/// Trains where that is not done (every epoch is told on standard error), then prints the last epoch.
pub fn run(args: &TrainArgs, out: &Output) -> anyhow::Result<()> {
    let mut session = args.opening.open(out)?;
    go(&mut session, &[TRAIN], out)?;
    let trained = Trained { model: session.folder.join(BASELINE), training: session.training()? };
    out.result(&trained, || text(&trained))
}

fn text(trained: &Trained) -> String {
    let epochs = &trained.training.epochs;
    let last = epochs.last().map(|epoch| epoch.line(epochs.len() - 1) + "\n").unwrap_or_default();
    format!("{last}{}", trained.model.display())
}

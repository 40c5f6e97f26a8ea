//! `slimgate compare`: two runs side by side.

use std::path::PathBuf;

use clap::Args;

use super::Output;
use crate::report::{build, compare::compare};

/// Two runs side by side: accuracy, sizes, hardware, energy, layer by layer.
///
/// Reads what `slimgate report` reads, of both runs; writes nothing. Every figure is printed with its source. --json prints
/// the same (docs/report-schema.md).
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate compare runs/fashion runs/ref28")]
pub struct CompareArgs {
    /// The first run's folder.
    #[arg(value_name = "RUN_A")]
    pub first: PathBuf,
    /// The second run's folder.
    #[arg(value_name = "RUN_B")]
    pub second: PathBuf,
}

/// Runs the command.
pub fn run(args: &CompareArgs, out: &Output) -> anyhow::Result<()> {
    let comparison = compare(&build(&args.first)?, &build(&args.second)?)?;
    out.result(&comparison, || comparison.text())
}

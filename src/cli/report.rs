//! `slimgate report`: what a run came to, rebuilt from its folder.

use std::path::PathBuf;

use clap::Args;

use super::Output;
use crate::report::{build, summary, write};

/// Rebuild report.html, report.md and report.json from the files of a run, and print a summary.
///
/// Reads config.toml, search.json, search.jsonl, accuracy.json and network.json in RUN, and rtl.json and sim.json where
/// they are there. Trains and simulates nothing, and needs no libtorch. docs/report-schema.md describes report.json,
/// which --json prints.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate report runs/fashion")]
pub struct ReportArgs {
    /// The run's folder.
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
}

/// Runs the command.
pub fn run(args: &ReportArgs, out: &Output) -> anyhow::Result<()> {
    let report = build(&args.run)?;
    write(&report, &args.run)?;
    out.result(&report, || summary(&report, &args.run))
}

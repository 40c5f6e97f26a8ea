//! `slimgate report`: what a run came to, rebuilt from its folder.

use std::path::PathBuf;

use clap::Args;

use super::{Output, ablate};
use crate::report::{build, summary, write};

/// Rebuild report.html, report.md and report.json from the files of a run, and print a summary.
///
/// Reads config.toml, search.json, search.jsonl, accuracy.json and network.json in RUN, and rtl.json, sim.json and ablation.json
/// where they are there; trains nothing, and needs no libtorch. What each stage of the compression is worth in hardware is planned and
/// estimated, in seconds; with --synth it is measured: four networks as designs of equal throughput and of equal lanes, each
/// generated, simulated, synthesized without multiplier blocks, its energy estimated from its activity (`slimgate ablate` has more choices).
/// Later reports keep what was measured as long as the networks are the same. docs/report-schema.md describes
/// report.json, which --json prints.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  slimgate report runs/fashion\n  slimgate report runs/fashion --synth")]
pub struct ReportArgs {
    /// The run's folder.
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// Make and measure the designs of every stage first: some minutes.
    #[arg(long)]
    pub synth: bool,
}

/// Runs the command.
pub fn run(args: &ReportArgs, out: &Output) -> anyhow::Result<()> {
    if args.synth {
        ablate::measure(&args.run, out)?;
    }
    let report = build(&args.run)?;
    write(&report, &args.run)?;
    out.result(&report, || summary(&report, &args.run))
}

//! `slimgate synth`: what a design costs on an FPGA.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;

use super::Output;
use crate::synth::{self, SynthReport, Target};

/// Synthesize a generated design with Yosys: LUTs, flip-flops, block RAM, multipliers, and Fmax with --pnr.
///
/// Takes minutes. Scripts, logs and netlists stay in DIR/synth/.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate synth rtl_out/fashion --target xc7")]
pub struct SynthArgs {
    /// Folder that `slimgate rtl` wrote.
    pub dir: PathBuf,

    /// FPGA family.
    #[arg(long, value_enum, default_value_t = Target::Xc7)]
    pub target: Target,

    /// Place and route as well, for the clock frequency (nextpnr; ice40 and ecp5).
    #[arg(long)]
    pub pnr: bool,
}

/// Runs the command.
pub fn run(args: &SynthArgs, out: &Output) -> anyhow::Result<()> {
    let bar = if out.shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_message(format!("synthesizing for {}: this takes minutes; {}", args.target.name(), "log in DIR/synth/"));
    bar.enable_steady_tick(Duration::from_millis(200));
    let report = synth::synthesize(&args.dir, args.target, args.pnr);
    bar.finish_and_clear();
    let report = report?;
    out.result(&report, || text(&report))
}

fn text(report: &SynthReport) -> String {
    let cost = &report.cost;
    let fmax = report.fmax_mhz.map_or("not measured (--pnr)".into(), |mhz| format!("{mhz:.1} MHz"));
    format!(
        "{} on {}, {}\n  LUT   {}\n  FF    {}\n  DSP   {}\n  BRAM  {} {}\n  Fmax  {fmax}\n  {:.1} s",
        report.design,
        report.target.name(),
        report.tool,
        cost.lut,
        cost.ff,
        cost.dsp,
        cost.bram,
        cost.bram_kind,
        report.seconds
    )
}

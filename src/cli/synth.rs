//! `slimgate synth`: what a design costs on an FPGA.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;

use super::Output;
use crate::error::InputError;
use crate::plan::device::Device;
use crate::synth::{self, Goal, SynthReport, Target};

/// Synthesize a generated design with Yosys: LUTs, flip-flops, block RAM, multipliers, and Fmax with --pnr.
///
/// Takes minutes. Scripts, logs and netlists stay in DIR/synth/.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate synth rtl_out/fashion --target xc7")]
pub struct SynthArgs {
    /// Folder that `slimgate rtl` wrote.
    pub dir: PathBuf,

    /// FPGA family [default: that of --device, else xc7].
    #[arg(long, value_enum)]
    pub target: Option<Target>,

    /// FPGA, one that `slimgate plan` knows: what to place and route for, and whether there are multipliers.
    #[arg(long)]
    pub device: Option<String>,

    /// Place and route as well, for the clock frequency (nextpnr; ice40 and ecp5; without --device the largest of them).
    #[arg(long)]
    pub pnr: bool,
}

/// Runs the command.
pub fn run(args: &SynthArgs, out: &Output) -> anyhow::Result<()> {
    let goal = goal(args)?;
    let bar = if out.shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_message(format!("synthesizing for {}: this takes minutes; {}", goal.target().name(), "log in DIR/synth/"));
    bar.enable_steady_tick(Duration::from_millis(200));
    let report = synth::synthesize(&args.dir, goal, args.pnr);
    bar.finish_and_clear();
    let report = report?;
    out.result(&report, || text(&report))
}

/// The device where one is named, which must be of the family that is named, if there is one.
fn goal(args: &SynthArgs) -> Result<Goal, InputError> {
    let Some(name) = &args.device else {
        return Ok(Goal::Family(args.target.unwrap_or(Target::Xc7)));
    };
    let device = Device::named(name)?;
    match args.target.filter(|target| *target != device.family) {
        Some(target) => {
            let found = format!("{} with --target {}", device.name, target.name());
            Err(InputError::new("--device", found, format!("a device of {}, or no --target", target.name())))
        }
        None => Ok(Goal::Device(device)),
    }
}

fn text(report: &SynthReport) -> String {
    let cost = &report.cost;
    let fmax = report.fmax_mhz.map_or("not measured (--pnr)".into(), |mhz| format!("{mhz:.1} MHz"));
    format!(
        "{} on {}, {}\n  LUT   {}\n  FF    {}\n  DSP   {}\n  BRAM  {} {}\n  Fmax  {fmax}\n  {:.1} s",
        report.design,
        report.device.unwrap_or(report.target.name()),
        report.tool,
        cost.lut,
        cost.ff,
        cost.dsp,
        cost.bram,
        cost.bram_kind,
        report.seconds
    )
}

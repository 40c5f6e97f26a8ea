//! `slimgate rtl`: from an integer network to a folder of Verilog.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::Output;
use super::plan::{TargetArgs, text};
use crate::network::Network;
use crate::plan::reach::balance;
use crate::rtl::design;

/// Generate the Verilog of a network.
///
/// Writes DIR/rtl/*.v, DIR/mem/*.hex, DIR/filelist.f and DIR/manifest.json; for other tools DIR/NAME.core (FuseSoC) and, in
/// DIR/synth, scripts for Vivado or for Yosys and nextpnr with the device and the clock. The top is NAME_top: AXI4-Stream in (one
/// pixel a beat) and out (one class score a beat). Paths in the Verilog are relative to DIR: run the tools there.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate rtl runs/fashion --out rtl_out/fashion --max-lanes 64")]
pub struct RtlArgs {
    /// Folder with network.json, or that file.
    pub network: PathBuf,

    /// Folder to write [default: rtl_out/NAME].
    #[arg(long)]
    pub out: Option<PathBuf>,

    #[command(flatten)]
    pub target: TargetArgs,
}

/// Runs the command.
pub fn run(args: &RtlArgs, out: &Output) -> anyhow::Result<()> {
    let goal = args.target.goal()?;
    let network = Network::load(&args.network)?;
    let started = Instant::now();
    let plan = balance(&network, &goal)?;
    let dir = args.out.clone().unwrap_or_else(|| PathBuf::from("rtl_out").join(&network.name));
    let files = design::make(&network, &plan, Some(&args.network), &args.target.board()?, &dir)?;
    let seconds = started.elapsed().as_secs_f64();
    let value = json!({
        "dir": dir, "top": format!("{}_top", plan.name), "files": files,
        "cycles_per_image": plan.cycles_per_image, "lanes": plan.lanes, "seconds": seconds,
    });
    out.result(&value, || {
        let table = text(&plan, args.target.clock_mhz);
        format!("{table}{files} files in {} ({seconds:.2} s)\n", dir.display())
    })
}

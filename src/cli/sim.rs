//! `slimgate sim`: the generated Verilog against the interpreter.

use anyhow::bail;
use clap::Args;

use super::Output;
use super::stimulus::{DesignArgs, Stimulus, progress};
use crate::error::InputError;
use crate::sim::manifest::Manifest;
use crate::sim::report::SimReport;
use crate::sim::{Options, Simulator, Wave, layers, run as runner};

/// Simulate a generated design, bit for bit.
///
/// Sends images through the Verilog in DIR, several in flight, and compares every beat of m_axis with scores that the
/// interpreter computes afresh from the network. Measures cycles an image and latency beside what the plan promised.
/// Also checked: AXI4-Stream rules, recovery from a reset in mid-image, and a wrongly placed s_axis_tlast.
///
/// Exit status 1 on any difference.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate sim rtl_out/fashion --images 1000 --stall 0.3")]
pub struct SimArgs {
    #[command(flatten)]
    pub design: DesignArgs,

    /// How many images, from the start of the test set.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub images: u32,

    /// Which simulator.
    #[arg(long, value_enum, default_value_t = Simulator::Verilator)]
    pub simulator: Simulator,

    /// Probability (at least 0, below 1) that the source, and the sink, hold back in a cycle.
    #[arg(long, default_value_t = 0.0)]
    pub stall: f64,

    /// Write a waveform to DIR/sim/wave.fst (or .vcd); best with few images.
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "fst")]
    pub trace: Option<Wave>,

    /// Compare every layer as well, and name the first that differs.
    #[arg(long)]
    pub trace_layers: bool,

    /// Seed of the stalls and of the registers' values before reset; of random images too.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// C++ optimisation level of the simulator: 3 runs fastest, 0 builds fastest (for few images).
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=3))]
    pub optimize: u8,
}

/// Runs the command: exit status 1 on any difference, 2 on a wrong input.
pub fn run(args: &SimArgs, out: &Output) -> anyhow::Result<()> {
    let manifest = Manifest::load(&args.design.dir)?;
    if !(0.0..1.0).contains(&args.stall) {
        return Err(InputError::new("--stall", args.stall.to_string(), "at least 0 and below 1").into());
    }
    let stimulus = Stimulus { design: &args.design, images: args.images, seed: args.seed };
    let (interpreter, vectors) = stimulus.load(&manifest, out)?;
    let options = Options {
        simulator: args.simulator,
        stall: args.stall,
        seed: args.seed,
        wave: args.trace,
        build_dir: args.design.build_dir.clone(),
        optimize: args.optimize,
        ..Options::default()
    };
    let bar = progress(out, vectors.images(), "simulating (the first time: compiling)");
    let outcome = runner::simulate(&args.design.dir, &manifest, &vectors, &options, |images| bar.inc(images as u64))?;
    bar.finish_and_clear();
    let mut report = SimReport::new(&manifest, vectors.images(), &options, outcome);
    if args.trace_layers {
        let last = report.first_wrong_image().unwrap_or(vectors.images().min(8) - 1);
        let options = layers::probe_options(&options);
        report.first_wrong_layer =
            layers::first_difference(&args.design.dir, &manifest, &interpreter, &vectors, &options, last)?;
        report.passed &= report.first_wrong_layer.is_none();
    }
    out.result(&report, || report.text())?;
    if let Some(wave) = args.trace {
        out.text(format!("  waveform         {}", runner::wave_file(&args.design.dir, wave).display()))?;
    }
    if !report.passed {
        bail!("{}: the hardware is not what the network says", manifest.name);
    }
    Ok(())
}

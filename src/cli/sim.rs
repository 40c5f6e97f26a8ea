//! `slimgate sim`: the generated Verilog against the interpreter.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::Output;
use crate::config::RunConfig;
use crate::data;
use crate::error::InputError;
use crate::network::Network;
use crate::network::graph::Shape;
use crate::network::interp::Interpreter;
use crate::network::random::random_image;
use crate::sim::manifest::{MANIFEST, Manifest};
use crate::sim::report::SimReport;
use crate::sim::vectors::Vectors;
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
    /// Folder that `slimgate rtl` wrote.
    pub dir: PathBuf,

    /// How many images, from the start of the test set.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub images: u32,

    /// The network the expectations come from [default: the one DIR was generated from].
    #[arg(long)]
    pub network: Option<PathBuf>,

    /// Data set folder, or the word "random" [default: the data of the run that made the network].
    #[arg(long)]
    pub data: Option<PathBuf>,

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

    /// Where builds of the simulator are kept [default: sim/build/NAME].
    #[arg(long)]
    pub build_dir: Option<PathBuf>,
}

/// Runs the command: exit status 1 on any difference, 2 on a wrong input.
pub fn run(args: &SimArgs, out: &Output) -> anyhow::Result<()> {
    let manifest = Manifest::load(&args.dir)?;
    if !(0.0..1.0).contains(&args.stall) {
        return Err(InputError::new("--stall", args.stall.to_string(), "at least 0 and below 1").into());
    }
    let (network, network_path) = load_network(args, &manifest)?;
    check_fits(&manifest, &network).map_err(|e| e.in_file(args.dir.join(MANIFEST)))?;
    let interpreter = Interpreter::new(&network)?;
    let vectors = expectations(args, &interpreter, &network_path, out)?;
    let options = Options {
        simulator: args.simulator,
        stall: args.stall,
        seed: args.seed,
        wave: args.trace,
        build_dir: args.build_dir.clone(),
        optimize: args.optimize,
        ..Options::default()
    };
    let bar = progress(out, vectors.images(), "simulating (the first time: compiling)");
    let outcome = runner::simulate(&args.dir, &manifest, &vectors, &options, |images| bar.inc(images as u64))?;
    bar.finish_and_clear();
    let mut report = SimReport::new(&manifest, vectors.images(), &options, outcome);
    if args.trace_layers {
        let last = report.first_wrong_image().unwrap_or(vectors.images().min(8) - 1);
        let options = layers::probe_options(&options);
        report.first_wrong_layer =
            layers::first_difference(&args.dir, &manifest, &interpreter, &vectors, &options, last)?;
        report.passed &= report.first_wrong_layer.is_none();
    }
    out.result(&report, || report.text())?;
    if let Some(wave) = args.trace {
        out.text(format!("  waveform         {}", runner::wave_file(&args.dir, wave).display()))?;
    }
    if !report.passed {
        bail!("{}: the hardware is not what the network says", manifest.name);
    }
    Ok(())
}

/// The network, from `--network` or as the manifest names it; it must be the one the design was made from.
fn load_network(args: &SimArgs, manifest: &Manifest) -> anyhow::Result<(Network, PathBuf)> {
    let file = args.dir.join(MANIFEST);
    let path = match (&args.network, &manifest.network) {
        (Some(path), _) | (None, Some(path)) => path.clone(),
        (None, None) => {
            return Err(InputError::new("network", "no path", "--network PATH").in_file(&file).into());
        }
    };
    let network = Network::load(&path)?;
    let sha256 = network.sha256()?;
    if manifest.network_sha256.as_ref().is_some_and(|recorded| *recorded != sha256) {
        let expected = format!("{sha256}, that of {}: run `slimgate rtl` again, or give --network", path.display());
        let found = manifest.network_sha256.clone().unwrap_or_default();
        return Err(InputError::new("network_sha256", found, expected).in_file(&file).into());
    }
    Ok((network, path))
}

/// The design takes the network's images and gives its classes.
fn check_fits(manifest: &Manifest, network: &Network) -> Result<(), InputError> {
    if manifest.input != network.input {
        let (found, expected) = (format!("{:?}", manifest.input), format!("{:?}, the network's", network.input));
        return Err(InputError::new("input", found, expected));
    }
    if manifest.classes != network.classes.len() {
        let expected = format!("{}, the network's", network.classes.len());
        return Err(InputError::new("classes", manifest.classes.to_string(), expected));
    }
    Ok(())
}

/// The images and what the interpreter says about them.
fn expectations(args: &SimArgs, interpreter: &Interpreter, network: &Path, out: &Output) -> anyhow::Result<Vectors> {
    let shape = interpreter.input();
    let count = args.images as usize;
    let pixels = if args.data.as_deref() == Some(Path::new("random")) {
        let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
        (0..count).flat_map(|_| random_image(&mut rng, shape)).collect()
    } else {
        test_images(args, network, count, shape)?
    };
    let bar = progress(out, count, "interpreting");
    let scores = interpreter.scores_all(&pixels, || bar.inc(1));
    bar.finish_and_clear();
    Ok(Vectors { shape, pixels, scores })
}

fn progress(out: &Output, images: usize, what: &'static str) -> ProgressBar {
    if !out.shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} images, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(images as u64).with_style(style).with_message(what)
}

/// The first `count` images of the test set: of `--data`, or of the run that made the network.
fn test_images(args: &SimArgs, network: &Path, count: usize, shape: Shape) -> anyhow::Result<Vec<u8>> {
    let dir = args.data.clone().map_or_else(|| run_data(network), Ok)?;
    let (_, images) = data::load_test(&dir)?;
    if images.shape != shape {
        let (found, expected) = (format!("images of {:?}", images.shape), format!("{shape:?}, as the network takes"));
        return Err(InputError::file(&dir, found, expected).into());
    }
    if images.len() < count {
        let found = format!("--images {count}");
        return Err(InputError::file(&dir, found, format!("at most {}, the test images", images.len())).into());
    }
    Ok(images.pixels[..count * shape.len()].to_vec())
}

/// The data set folder that `config.toml` beside the network names.
fn run_data(network: &Path) -> anyhow::Result<PathBuf> {
    let folder = if network.is_dir() { network } else { network.parent().unwrap_or(Path::new(".")) };
    let file = folder.join("config.toml");
    if !file.is_file() {
        let expected = "a run's config.toml beside the network, or --data DIR, or --data random";
        return Err(InputError::file(&file, "no such file", expected).into());
    }
    Ok(RunConfig::load(&file)?.data.folder().map_err(|err| err.in_file(&file))?)
}

//! `slimgate lower`: a run's network as integers.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Output;
use super::search::watch;
use crate::config::RunConfig;
use crate::error::InputError;
use crate::network::Network;
use crate::run::session::Session;
use crate::train::runtime;

/// Lower a run's latest network to integers: network.json and network.safetensors in the run's folder.
///
/// That is the network the search chose or, in a run without a search, the float baseline, quantized to 8 bits with
/// scales found on training images. `slimgate run` does this by itself.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate train examples/fashion.toml && slimgate lower runs/fashion")]
pub struct LowerArgs {
    /// The run's folder.
    #[arg(value_name = "RUN")]
    run: PathBuf,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Lowered {
    network: PathBuf,
    params_bits: u64,
    stored_bits: u64,
}

/// Lowers, saves and prints the sizes.
pub fn run(args: &LowerArgs, out: &Output) -> anyhow::Result<()> {
    runtime::quiet_threads()?;
    let file = args.run.join("config.toml");
    if !file.is_file() {
        let expected = "the folder of a run, such as runs/fashion (`slimgate train` makes one)";
        return Err(InputError::file(&args.run, "no config.toml in it", expected).into());
    }
    let folder = args.run.canonicalize()?;
    let root = folder.parent().unwrap_or(&folder).to_path_buf();
    let config = RunConfig::load(&file)?;
    if !folder.ends_with(&config.name) {
        let expected = format!("a folder of that name: the run's is {}", folder.display());
        return Err(InputError::new("name", format!("`{}`", config.name), expected).in_file(&file).into());
    }
    let mut session = Session::open(config, &root, false, watch(out))?;
    session.lower()?;
    let sizes = Network::load(session.folder.path())?.sizes()?.total;
    let network = args.run.join("network.json");
    let lowered = Lowered { network, params_bits: sizes.params_bits, stored_bits: sizes.stored_bits };
    out.result(&lowered, || {
        let Lowered { network, params_bits, stored_bits } = &lowered;
        format!("{}: params_bits {params_bits}, stored_bits {stored_bits}", network.display())
    })
}

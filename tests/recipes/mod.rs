//! The designs that the estimates are held against: `tests/fixtures/designs.json`, each a network, a cycle target, and the
//! families it is planned for.

use std::path::Path;

use anyhow::{Context, Result, bail};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use slimgate::network::Network;
use slimgate::network::random::{RandomSpec, chain, random_network};
use slimgate::plan::Plan;
use slimgate::plan::balance::Planner;
use slimgate::plan::device::Device;

/// One of them.
#[derive(Debug, Deserialize)]
pub struct Recipe {
    /// Name of the design.
    pub name: String,
    network: Source,
    cycles: u64,
    #[serde(default = "all_blocks")]
    max_dsp: usize,
    #[serde(default = "all_families")]
    families: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Source {
    /// A folder with a network.
    Folder(String),
    /// Seed, bits, input and layers of [`chain`].
    Chain(u64, u32, String, String),
    /// Seed of a random network.
    Random(u64),
}

fn all_blocks() -> usize {
    usize::MAX
}

fn all_families() -> Vec<String> {
    ["xc7", "xcup", "ecp5", "ice40"].map(String::from).to_vec()
}

/// All of them.
///
/// # Errors
/// Where the file is not what it should be.
pub fn all() -> Result<Vec<Recipe>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("tests/fixtures/designs.json"))?;
    Ok(serde_json::from_str(&text)?)
}

impl Recipe {
    /// The devices that it is planned for, one of each family.
    pub fn devices(&self) -> Result<Vec<Device>> {
        let name = |family: &String| {
            Ok(match family.as_str() {
                "xc7" => "xc7a100t",
                "xcup" => "xczu7ev",
                "ecp5" => "lfe5u-85f",
                "ice40" => "ice40hx8k",
                other => bail!("{}: family {other}", self.name),
            })
        };
        self.families.iter().map(|family| Ok(Device::named(name(family)?)?)).collect()
    }

    /// The network.
    pub fn network(&self) -> Result<Network> {
        let mut network = match &self.network {
            Source::Folder(folder) => Network::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder))?,
            Source::Chain(seed, bits, input, layers) => {
                let layers: Vec<&str> = layers.split(' ').collect();
                chain(&self.name, *seed, *bits, input, &layers)?
            }
            Source::Random(seed) => {
                let spec = RandomSpec { extreme: 0.0, max_acc_bits: 32, ..RandomSpec::default() };
                random_network(&mut ChaCha8Rng::seed_from_u64(*seed), &spec)
            }
        };
        network.name.clone_from(&self.name);
        Ok(network)
    }

    /// The plan of `network` for `device`, whether or not it fits.
    pub fn plan(&self, network: &Network, device: &Device) -> Result<Plan> {
        let blocks = self.max_dsp.min(device.dsp as usize);
        Planner::new(network, device.block())?.at(self.cycles, blocks).with_context(|| self.name.clone())
    }
}

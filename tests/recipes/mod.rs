//! The designs that the estimates are held against: `tests/fixtures/designs.json`, each a network, a cycle target, and the
//! families it is planned for.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use slimgate::network::Network;
use slimgate::network::random::{RandomSpec, chain, random_network};
use slimgate::plan::Plan;
use slimgate::plan::balance::Planner;
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::rtl::design;

#[path = "../../examples/make_graphs/networks.rs"]
mod graphs;
#[path = "../../examples/make_ref28/network.rs"]
mod ref28;

/// One of them.
#[derive(Debug, Deserialize)]
pub struct Recipe {
    /// Name of the design.
    pub name: String,
    network: Source,
    cycles: u64,
    #[serde(default = "all_blocks")]
    max_dsp: usize,
    #[serde(default)]
    max_lut: Option<usize>,
    #[serde(default = "all_families")]
    families: Vec<String>,
    /// Every layer has lanes: none is made of constants.
    #[serde(default)]
    lanes: bool,
    /// Every product is made of LUTs.
    #[serde(default)]
    pub no_dsp: bool,
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
    /// Seed of the reference network.
    Ref28(u64),
    /// A network of `examples/make_graphs`: `resnet8`, `densenet` or `block`.
    Graph(String),
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
    ///
    /// # Errors
    /// Where a family is unknown.
    pub fn devices(&self) -> Result<Vec<Device>> {
        let name = |family: &String| {
            Ok(match family.as_str() {
                "xc7" => "xc7a100t",
                "xcup" => "xczu7ev",
                "ecp5" => "lfe5u-85f",
                "ice40" => "ice40hx8k",
                "ice40up5k" => "ice40up5k",
                other => bail!("{}: family {other}", self.name),
            })
        };
        self.families.iter().map(|family| Ok(Device::named(name(family)?)?)).collect()
    }

    /// The network.
    ///
    /// # Errors
    /// Where it cannot be read or made.
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
            Source::Ref28(seed) => ref28::ref28(&self.name, *seed),
            Source::Graph(name) => match name.as_str() {
                "resnet8" => graphs::resnet8(),
                "densenet" => graphs::densenet(),
                "block" => graphs::block(8, 2),
                other => bail!("{}: network {other}", self.name),
            },
        };
        network.name.clone_from(&self.name);
        Ok(network)
    }

    /// The plan of `network` for `device`, whether or not it fits.
    ///
    /// # Errors
    /// Where there is none.
    pub fn plan(&self, network: &Network, device: &Device) -> Result<Plan> {
        let any = Goal::new(Target::Cycles(self.cycles), *device);
        let goal = Goal { max_dsp: Some(self.max_dsp), max_lut: self.max_lut, no_dsp: self.no_dsp, ..any };
        let mut planner = Planner::new(network, goal.block())?;
        if self.lanes {
            planner.keep_lanes();
        }
        let plan = planner.within(self.cycles, &goal).with_context(|| self.name.clone())?;
        ensure!(goal.broken(&plan).is_none(), "{}: {:?} is not kept", self.name, goal.limits());
        Ok(plan)
    }
}

/// What synthesis sees of the design of `network` under `plan`: a hash of its Verilog, comments left out, and memories.
///
/// # Errors
/// Where the generator fails.
pub fn fingerprint(network: &Network, plan: &Plan) -> Result<String> {
    let mut hash = Sha256::new();
    for file in design::generate(network, plan, None)? {
        if !file.path.starts_with("rtl/") && !file.path.starts_with("mem/") {
            continue;
        }
        hash.update(&file.path);
        for line in file.text.lines() {
            let code = line.split("//").next().unwrap_or("").trim();
            hash.update(code);
            hash.update("\n");
        }
    }
    Ok(hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

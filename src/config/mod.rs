//! The run file (TOML): one section, one file. Every key, its default and meaning stand in `docs/run-file.md`.

pub mod data;
pub mod entry;
pub mod families;
pub mod hardware;
pub mod layers;
mod locate;
pub mod network;
pub mod search;
pub mod study;
#[cfg(test)]
mod tests;
pub mod train;

use std::path::Path;

use serde::{Deserialize, Serialize};

use self::data::DataConfig;
use self::hardware::{HardwareConfig, SimConfig};
use self::locate::Source;
use self::network::{NetworkConfig, is_name};
use self::search::{Objective, SearchConfig};
use self::study::StudyConfig;
use self::train::TrainConfig;
use crate::error::{InputError, InputErrors};

/// A whole run: data, network, training, search, hardware, simulation, study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Names `runs/<name>/`, `rtl_out/<name>/` and the top module `<name>_top`.
    pub name: String,
    /// Seed of everything random: the validation split, initial weights, batches, augmentation.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// See [`DataConfig`].
    pub data: DataConfig,
    /// See [`NetworkConfig`].
    #[serde(default)]
    pub network: NetworkConfig,
    /// See [`TrainConfig`].
    #[serde(default)]
    pub train: TrainConfig,
    /// See [`SearchConfig`].
    #[serde(default)]
    pub search: SearchConfig,
    /// See [`HardwareConfig`].
    #[serde(default)]
    pub hardware: HardwareConfig,
    /// See [`SimConfig`].
    #[serde(default)]
    pub sim: SimConfig,
    /// See [`StudyConfig`].
    #[serde(default)]
    pub study: StudyConfig,
}

fn default_seed() -> u64 {
    1
}

impl RunConfig {
    /// Reads and checks a run file. The images and the network's shapes are checked when the data are loaded.
    ///
    /// # Errors
    /// A file that cannot be read or is no TOML; an unknown key or a wrong type; else every wrong value at once.
    /// Places are `line N: key.path`.
    pub fn load(file: &Path) -> Result<RunConfig, InputErrors> {
        let text = std::fs::read_to_string(file).map_err(|e| {
            InputErrors(vec![InputError::io(file, &e, "a run file (TOML), such as examples/fashion.toml")])
        })?;
        Self::parse(&text).map_err(|faults| faults.in_file(file))
    }

    /// Parses and checks a run file's text; see [`RunConfig::load`].
    ///
    /// # Errors
    /// As [`RunConfig::load`].
    pub fn parse(text: &str) -> Result<RunConfig, InputErrors> {
        let source = Source::new(text);
        let config: RunConfig = toml::from_str(text).map_err(|e| InputErrors(vec![source.explain(&e)]))?;
        let faults = config.check().into_iter().map(|fault| source.locate(fault)).collect();
        InputErrors(faults).into_result()?;
        Ok(config)
    }

    /// Everything wrong with the values; places are key paths.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        if !is_name(&self.name) {
            let expected = "lower-case letters, digits and _, a letter first: it names folders and Verilog modules";
            faults.push(InputError::new("name", format!("`{}`", self.name), expected));
        }
        if i64::try_from(self.seed).is_err() {
            faults.push(InputError::new("seed", self.seed.to_string(), "at most 2^63 - 1"));
        }
        faults.extend(self.data.check());
        faults.extend(self.network.check());
        faults.extend(self.train.check());
        faults.extend(self.search.check());
        faults.extend(self.hardware.check());
        faults.extend(self.sim.check());
        faults.extend(self.study.check());
        if self.search.objective == Objective::Cycles && self.hardware.target_fps.is_some() {
            let expected = "another objective, or no `hardware.target_fps`: it fixes the cycles of every network";
            faults.push(InputError::new("search.objective", "`cycles` beside `hardware.target_fps`", expected));
        }
        faults
    }

    /// Sections whose change does not void what a run has found: the steps that read them run again. `[hardware]` is one
    /// unless the search minimizes something of the design.
    pub fn free_sections(&self) -> &'static [&'static str] {
        match self.search.objective {
            Objective::Cycles | Objective::Energy => &["sim", "study"],
            Objective::ParamsBits | Objective::StoredBits => &["sim", "study", "hardware"],
        }
    }

    /// The file's text with every default written out.
    ///
    /// # Errors
    /// Never for a configuration that passes [`RunConfig::check`].
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }
}

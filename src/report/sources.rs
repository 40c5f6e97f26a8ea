//! The files of a run that a report is made from.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::ablate::{self, Ablation};
use crate::config::RunConfig;
use crate::error::InputError;
use crate::network::Network;
use crate::power::estimate::{Estimate, FILE};
use crate::run::record::{
    DESIGN, DesignRecord, ENVIRONMENT, Environment, FIGURES, JOURNAL, MADE_BY, OUTCOME, SIMULATION, SearchOutcome,
    SimRecord, TestFigures, read_json, read_optional,
};
use crate::search::journal::{self, Entry};

/// Everything read.
pub struct Sources {
    pub run: PathBuf,
    pub config: RunConfig,
    pub outcome: SearchOutcome,
    /// Lines of the journal; not empty.
    pub journal: Vec<Entry>,
    pub figures: TestFigures,
    pub network: Network,
    pub design: Option<DesignRecord>,
    pub simulation: Option<SimRecord>,
    pub environment: Option<Environment>,
    pub power: Option<Estimate>,
    pub ablation: Option<Ablation>,
}

impl Sources {
    /// Reads the run in `run` and checks that its files belong together.
    ///
    /// # Errors
    /// [`InputError`] naming the file at fault and the command that makes it.
    pub fn read(run: &Path) -> Result<Self> {
        let needed = ["config.toml", OUTCOME, JOURNAL, FIGURES, "network.json"];
        if let Some(missing) = needed.into_iter().map(|name| run.join(name)).find(|file| !file.is_file()) {
            return Err(InputError::file(missing, "no such file", MADE_BY).into());
        }
        let design: Option<DesignRecord> = read_optional(&run.join(DESIGN))?;
        let sources = Self {
            power: power(design.as_ref())?,
            ablation: ablate::current(run)?,
            run: run.to_path_buf(),
            config: RunConfig::load(&run.join("config.toml"))?,
            outcome: read_json(&run.join(OUTCOME))?,
            journal: journal::read(run.join(JOURNAL))?,
            figures: read_json(&run.join(FIGURES))?,
            network: Network::load(run)?,
            design,
            simulation: read_optional(&run.join(SIMULATION))?,
            environment: read_optional(&run.join(ENVIRONMENT))?,
        };
        sources.check_design()?;
        Ok(sources)
    }

    /// The journal's line of a network.
    ///
    /// # Errors
    /// [`InputError`] for a journal without it.
    pub fn line(&self, key: &str) -> Result<&Entry, InputError> {
        let found = || InputError::file(self.run.join(JOURNAL), format!("no line with the key {key}"), MADE_BY);
        self.journal.iter().find(|entry| entry.key == key).ok_or_else(found)
    }

    /// The test accuracy of the network called `name`.
    ///
    /// # Errors
    /// [`InputError`] where it was not measured.
    pub fn test_accuracy(&self, name: &str) -> Result<f64, InputError> {
        let found = || InputError::file(self.run.join(FIGURES), format!("no accuracy of `{name}`"), MADE_BY);
        self.figures.accuracy(name).ok_or_else(found)
    }

    /// The design is the network's, and the simulation the design's.
    fn check_design(&self) -> Result<()> {
        let network = self.network.sha256()?;
        let design = self.design.as_ref();
        if let Some(other) = design.map(|d| &d.network_sha256).filter(|&sha256| *sha256 != network) {
            let found = format!("the design of the network {other}, which is not the network.json beside it");
            return Err(InputError::file(self.run.join(DESIGN), found, MADE_BY).into());
        }
        let designed = design.map(|d| &d.manifest_sha256);
        if self.simulation.as_ref().is_some_and(|s| Some(&s.manifest_sha256) != designed) {
            let found = "a simulation of another design than rtl.json's";
            return Err(InputError::file(self.run.join(SIMULATION), found, MADE_BY).into());
        }
        Ok(())
    }
}

/// What `slimgate power` left in the design's folder, where it is of that very design.
fn power(design: Option<&DesignRecord>) -> Result<Option<Estimate>> {
    let Some(design) = design else { return Ok(None) };
    let estimate: Option<Estimate> = read_optional(&design.dir.join(FILE))?;
    Ok(estimate.filter(|e| e.manifest_sha256 == design.manifest_sha256))
}

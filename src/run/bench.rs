//! Where a session's candidates are made, what their keys depend on, and the plans of its searches.

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::folder::Access;
use super::record::BASELINE;
use super::session::{Session, Watch};
use super::teacher;
use crate::config::data::Splits;
use crate::report;
use crate::search::grid::GridPlan;
use crate::search::journal::key_of;
use crate::search::margin::Plan;
use crate::search::recorded::Recorded;
use crate::search::workshop::{Setting, Workshop};

impl Session {
    /// Gives `work` the bench on which candidates are made, over the folder's journal: alone or, under
    /// [`Access::Shared`], beside other programs.
    ///
    /// # Errors
    /// A baseline that is not there; those of [`teacher::file`] and of `work`.
    pub fn with_bench<T>(&self, access: Access, work: impl FnOnce(&mut Recorded<Workshop>) -> Result<T>) -> Result<T> {
        let key = self.baseline_key()?;
        let (baseline, teacher) = (self.folder.join(BASELINE), teacher::file(&self.config)?);
        let setting = Setting {
            config: &self.config.search,
            recipe: &self.config.train,
            hardware: &self.config.hardware,
            train: &self.splits.train,
            val: &self.splits.validation,
            baseline: &baseline,
            baseline_key: &key,
            teacher: teacher.as_deref(),
            seed: self.config.seed,
            progress: self.bars(),
        };
        let workshop = Workshop::new(setting)?;
        let mut bench = match access {
            Access::Own => Recorded::open(workshop, self.folder.path())?,
            Access::Shared => Recorded::shared(workshop, self.folder.path())?,
        };
        if self.watch != Watch::Nothing {
            bench = bench.telling(|entry| eprintln!("{}", report::candidate_line(entry)));
        }
        work(&mut bench)
    }

    /// Everything that the baseline depends on.
    ///
    /// # Errors
    /// Never for a configuration that was checked.
    pub fn baseline_key(&self) -> Result<String> {
        let c = &self.config;
        let settings = serde_json::to_string(&(&c.network, &c.train.on_any_device(), c.seed))?;
        Ok(key_of(&[&settings, &data_key(&self.splits)]))
    }

    /// The margin search as the run file has it.
    pub fn margin_plan(&self) -> Plan {
        let c = &self.config.search;
        Plan {
            order: c.order.iter().map(|s| s.as_str().to_string()).collect(),
            target: c.target,
            allowance: c.allowance,
            margins: c.margins(),
            schedule: c.schedule,
            warm_start: c.warm_start,
            trade: c.trade,
        }
    }

    /// The grid as the run file has it.
    pub fn grid_plan(&self) -> GridPlan {
        let c = &self.config.search;
        GridPlan {
            axes: c.order.iter().map(|&s| (s.as_str().to_string(), c.grid(s))).collect(),
            target: c.target,
            allowance: c.allowance,
        }
    }
}

/// SHA-256 of the images and labels themselves, so that another file under the same name is noticed.
fn data_key(splits: &Splits) -> String {
    let mut hash = Sha256::new();
    for images in [&splits.train, &splits.validation] {
        hash.update(&images.pixels);
        images.labels.iter().for_each(|l| hash.update(l.to_le_bytes()));
    }
    format!("{:x}", hash.finalize())
}

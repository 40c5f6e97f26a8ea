//! The report of a run, rebuilt from the files in its folder: `report.json` for machines, `report.html`, `report.md` and a
//! terminal summary for people. Needs no libtorch.
//!
//! [`sources`] reads the folder, [`model`] is what a report says, [`build`] computes it; [`layers`] makes the layer
//! table, [`figures`] names every figure's source, [`html`], [`markdown`] and [`terminal`] show it. `docs/report-schema.md` describes every key.

mod assemble;
pub mod compare;
mod figures;
mod html;
mod layers;
mod markdown;
pub mod model;
mod show;
mod sources;
mod terminal;
mod words;

use std::path::Path;

use anyhow::Result;

pub use self::model::Report;
pub use self::show::{candidate as candidate_line, reduction};
pub use self::terminal::summary;
use crate::config::RunConfig;
use crate::files::write_atomic;
use crate::network::Network;
use crate::run::record::write_json;

/// File for machines, in the run's folder.
pub const JSON: &str = "report.json";
/// File for people, in the run's folder.
pub const MARKDOWN: &str = "report.md";

/// Page for people, in the run's folder.
pub const HTML: &str = "report.html";

/// The report of the run in `run`.
///
/// # Errors
/// [`crate::error::InputError`] that names a file of the run that is missing or broken, and the command that makes it.
/// A run without a design or a simulation is reported without them.
pub fn build(run: &Path) -> Result<Report> {
    assemble::report(&sources::Sources::read(run)?)
}

/// Writes `report.html`, `report.md` and `report.json` into `run`.
///
/// # Errors
/// A network that cannot be read, a folder that cannot be written.
pub fn write(report: &Report, run: &Path) -> Result<()> {
    write_atomic(
        &run.join(HTML),
        html::text(report, &Network::load(run)?, &RunConfig::load(&run.join("config.toml"))?)?.as_bytes(),
    )?;
    write_atomic(&run.join(MARKDOWN), markdown::text(report)?.as_bytes())?;
    write_json(&run.join(JSON), report)
}

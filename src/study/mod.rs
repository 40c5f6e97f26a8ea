//! The study: every order of the stages with several seeds, and the brute-force grid, over one [`Recorded`] bench a seed.
//! Needs no libtorch. `docs/study.md` says what is counted.
//!
//! [`search`] runs one seed's searches, [`jobs`] lists and makes its independent parts, [`record`] is `study.json`,
//! [`text`] `study.md`, [`plots`] the pictures.

pub mod jobs;
pub mod plots;
pub mod record;
pub mod search;
pub mod text;

use crate::search::grid::GridPlan;
use crate::search::margin::Plan;

/// Folder of the study, in the run's folder.
pub const FOLDER: &str = "study";

/// What is searched with one seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// The seed.
    pub seed: u64,
    /// A margin search an order.
    pub orders: Vec<Plan>,
    /// The grid, with one seed only.
    pub grid: Option<GridPlan>,
    /// Whether chosen networks are polished.
    pub polish: bool,
}

/// Name of a seed's folder, in the study's.
pub fn seed_folder(seed: u64) -> String {
    format!("seed{seed}")
}

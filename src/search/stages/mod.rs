//! The three stages, each a file: surgery on a model, and the training that goes with it.
//!
//! To add a stage: implement [`Stage`] in a file of its own, give it a section in `src/config/search.rs` and a line
//! in [`all`].

mod dc;
mod iq;
mod ns;
pub mod sensitivity;

pub use dc::Dc;
pub use iq::Iq;
pub use ns::Ns;

use std::collections::BTreeMap;

use anyhow::Result;
use tch::Tensor;

use crate::config::search::{FineTune, SearchConfig, StageName};
use crate::train::Model;

/// One way to make a network smaller, in rungs from mild to deep.
pub trait Stage {
    /// Rungs on the ladder.
    fn rungs(&self) -> usize;

    /// Whether at least rung 0 must be taken.
    fn mandatory(&self) -> bool {
        false
    }

    /// Training that comes once before the candidates, and the weight of its L1 penalty on BatchNorm scales.
    fn preparation(&self) -> Option<(FineTune, f64)> {
        None
    }

    /// Each candidate's training.
    fn fine_tune(&self) -> FineTune;

    /// The surgery of `rung`, without any training: a copy of `from` that is reduced so far that, counted from
    /// `start` (the network that entered the stage), the rung is reached. `calibration` is `[N, C, H, W]`, 0 to 1.
    ///
    /// # Errors
    /// What the surgery refuses: see [`Model`].
    fn apply(&self, rung: usize, start: &Model, from: &Model, calibration: &Tensor) -> Result<Model>;

    /// Fraction removed at `rung`, 0 where the stage removes nothing.
    fn ratio(&self, rung: usize) -> f64;

    /// Everything that [`Stage::apply`] at `rung` depends on besides its models.
    fn fingerprint(&self, rung: usize) -> String;
}

/// Every stage, by name.
pub fn all(config: &SearchConfig) -> BTreeMap<StageName, Box<dyn Stage>> {
    BTreeMap::from([
        (StageName::Iq, Box::new(Iq::new(&config.iq)) as Box<dyn Stage>),
        (StageName::Ns, Box::new(Ns::new(&config.ns))),
        (StageName::Dc, Box::new(Dc::new(&config.dc))),
    ])
}

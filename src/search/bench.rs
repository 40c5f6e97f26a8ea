//! What a search method needs to know about networks: candidates can be measured. Nothing here knows libtorch.

use std::cmp::Ordering;

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// A network that exists: its key, how good and how big it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Key in the journal, and of its checkpoint.
    pub key: String,
    /// Accuracy on the validation split, 0 to 1: the only accuracy a decision may see.
    pub accuracy: f64,
    /// Bits that must be stored (`docs/network-format.md`).
    pub stored_bits: u64,
    /// What the search minimizes ([`crate::config::search::Objective`]); [`f64::MAX`] where it cannot be had at all.
    #[serde(default)]
    pub cost: f64,
}

impl Measured {
    /// Which is the better end of a search (the lesser): one that meets the target before one that does not; else the
    /// one of less cost where both do (of fewer stored bits where costs are equal, as cycles often are), the more
    /// accurate one where neither does.
    pub fn rank(&self, other: &Self, target: f64) -> Ordering {
        match (self.accuracy >= target, other.accuracy >= target) {
            (true, true) => self.cost.total_cmp(&other.cost).then(self.stored_bits.cmp(&other.stored_bits)),
            (false, false) => other.accuracy.total_cmp(&self.accuracy),
            (own, others) => others.cmp(&own),
        }
    }
}

/// A request for one candidate.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// Stage's name.
    pub stage: &'a str,
    /// Rung of the stage's ladder, 0 the mildest.
    pub rung: usize,
    /// The network the stage started from: ratios count from it.
    pub start: &'a str,
    /// The network the candidate is made from: `start`, or an earlier candidate of the stage.
    pub from: &'a str,
    /// Validation accuracy it must reach, for the journal's verdict.
    pub target: f64,
}

/// A place where candidates are made and measured.
///
/// Measuring the same trial twice must give the same answer (the journal remembers it).
pub trait Bench {
    /// The network before any stage.
    fn baseline(&mut self) -> Result<Measured>;

    /// Number of rungs on a stage's ladder, at least 1.
    fn rungs(&self, stage: &str) -> usize;

    /// True where at least the mildest rung must be taken (IQ: hardware has integers only).
    fn mandatory(&self, stage: &str) -> bool;

    /// Makes a stage's candidates ready once (NS: the sparsity training). Returns the key candidates start from,
    /// `start` itself where there is nothing to do.
    fn prepare(&mut self, stage: &str, start: &str) -> Result<String>;

    /// Makes, fine-tunes and measures one candidate.
    fn measure(&mut self, trial: &Trial) -> Result<Measured>;
}

/// What one stage did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageResult {
    /// Stage's name.
    pub stage: String,
    /// Deepest rung that met the target, if any did.
    pub deepest: Option<usize>,
    /// Rung kept after the margin; `None` where the stage changed nothing.
    pub kept: Option<usize>,
    /// The network that leaves the stage.
    pub network: Measured,
    /// Measured candidates that met the target, mildest first, with their rungs; after a trade the milder ones of the last stage are
    /// of the path before it, and a stage between has none.
    pub passing: Vec<(usize, Measured)>,
    /// The decision in words.
    pub why: String,
}

/// What a whole search did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchResult {
    /// Validation accuracy the final network must reach.
    pub target: f64,
    /// The network before any stage.
    pub baseline: Measured,
    /// In the order in which they ran.
    pub stages: Vec<StageResult>,
}

impl SearchResult {
    /// The network that the search ends with.
    pub fn network(&self) -> &Measured {
        self.stages.last().map_or(&self.baseline, |s| &s.network)
    }
}

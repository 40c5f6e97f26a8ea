//! One network to be made, and who makes it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::bench::Trial;
use super::journal::{Bits, Role};

/// One network to be made.
#[derive(Debug, Clone, Copy)]
pub enum Work<'a> {
    /// The trained network before any stage.
    Baseline,
    /// A stage's one-off training before its candidates.
    Prepare {
        /// Stage's name.
        stage: &'a str,
        /// Key of the network that enters the stage.
        start: &'a str,
    },
    /// One rung of a stage.
    Candidate(Trial<'a>),
    /// Longer fine-tuning without any further reduction.
    Polish {
        /// Key of the network to polish.
        from: &'a str,
    },
}

impl<'a> Work<'a> {
    /// Key of the network it is made from.
    pub fn parent(&self) -> &'a str {
        match self {
            Work::Baseline => "",
            Work::Prepare { start, .. } => start,
            Work::Candidate(trial) => trial.from,
            Work::Polish { from } => from,
        }
    }

    /// Stage's name, as the journal has it.
    pub fn stage(&self) -> &'a str {
        match self {
            Work::Baseline => "float",
            Work::Prepare { stage, .. } => stage,
            Work::Candidate(trial) => trial.stage,
            Work::Polish { .. } => "polish",
        }
    }

    /// Its role in the journal.
    pub fn role(&self) -> Role {
        match self {
            Work::Baseline => Role::Baseline,
            Work::Prepare { .. } => Role::Preparation,
            Work::Candidate(_) => Role::Candidate,
            Work::Polish { .. } => Role::Polish,
        }
    }

    /// The rung, of a candidate.
    pub fn rung(&self) -> Option<usize> {
        match self {
            Work::Candidate(trial) => Some(trial.rung),
            _ => None,
        }
    }
}

/// What was measured on a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Accuracy on the validation split, 0 to 1.
    pub val_accuracy: f64,
    /// Fraction removed by the stage; see [`Entry::ratio`].
    pub ratio: f64,
    /// Bit widths where the network is quantized.
    pub bits: Option<Bits>,
    /// See [`Entry::params_bits`].
    pub params_bits: u64,
    /// See [`Entry::stored_bits`].
    pub stored_bits: u64,
    /// See [`Measured::cost`](super::bench::Measured::cost).
    pub cost: f64,
    /// See [`Entry::macs`].
    pub macs: u64,
    /// See [`Entry::bops`].
    pub bops: u64,
    /// Seconds of the training, what a killed program did of it included.
    pub trained_seconds: f64,
}

/// Makes networks: the costly part of a search.
pub trait Maker {
    /// See [`Bench::rungs`].
    fn rungs(&self, stage: &str) -> usize;

    /// See [`Bench::mandatory`].
    fn mandatory(&self, stage: &str) -> bool;

    /// True where a stage has something to do before its candidates.
    fn prepares(&self, stage: &str) -> bool;

    /// Everything that the work depends on besides its parent networks: reduction, recipe, seed, data, threads.
    fn fingerprint(&self, work: &Work) -> String;

    /// Makes the network and puts it at `checkpoint` (written aside, then renamed). `network_at` gives the
    /// checkpoint of a key.
    fn make(&mut self, work: &Work, checkpoint: &Path, network_at: &dyn Fn(&str) -> PathBuf) -> Result<Figures>;
}

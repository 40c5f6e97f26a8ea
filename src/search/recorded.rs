//! A bench that remembers: it makes each network once, keeps it as a checkpoint and writes its line in the journal.
//!
//! The costly part is a [`Maker`]; the real one trains with libtorch, the tests' one is a formula.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use super::bench::{Bench, Measured, SearchResult, Trial};
use super::journal::{Bits, Entry, Journal, Role, key_of};

/// Folder of the candidates' networks, in the run's folder.
pub const CHECKPOINTS: &str = "checkpoints";

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

    fn role(&self) -> Role {
        match self {
            Work::Baseline => Role::Baseline,
            Work::Prepare { .. } => Role::Preparation,
            Work::Candidate(_) => Role::Candidate,
            Work::Polish { .. } => Role::Polish,
        }
    }

    fn rung(&self) -> Option<usize> {
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
    /// See [`Entry::macs`].
    pub macs: u64,
    /// See [`Entry::bops`].
    pub bops: u64,
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

/// The bench over a [`Maker`], a journal and a folder of checkpoints.
pub struct Recorded<M> {
    maker: M,
    journal: Journal,
    checkpoints: PathBuf,
    tell: Option<fn(&Entry)>,
}

impl<M: Maker> Recorded<M> {
    /// Opens `search.jsonl` and `checkpoints/` in the run's folder, or creates them.
    pub fn open(maker: M, run: &Path) -> Result<Self> {
        let checkpoints = run.join(CHECKPOINTS);
        fs::create_dir_all(&checkpoints).with_context(|| format!("creating {}", checkpoints.display()))?;
        Ok(Self { maker, journal: Journal::open(run.join("search.jsonl"))?, checkpoints, tell: None })
    }

    /// Calls `tell` for every network that is made, once its line is in the journal.
    #[must_use]
    pub fn telling(mut self, tell: fn(&Entry)) -> Self {
        self.tell = Some(tell);
        self
    }

    /// The journal so far.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The maker.
    pub fn maker(&mut self) -> &mut M {
        &mut self.maker
    }

    /// File of a key's network.
    pub fn checkpoint(&self, key: &str) -> PathBuf {
        checkpoint_of(&self.checkpoints, key)
    }

    /// `from`, trained on without any further reduction; `from` itself where that lost accuracy.
    fn polish(&mut self, from: &Measured) -> Result<Measured> {
        let polished = self.done(&Work::Polish { from: &from.key }, from.accuracy)?;
        Ok(if polished.accuracy >= from.accuracy { polished } else { from.clone() })
    }

    /// The final network: the deepest passing candidate of the last stage that, polished, reaches the target; the
    /// network that entered that stage where none does.
    ///
    /// # Errors
    /// Those of the maker.
    pub fn finish(&mut self, search: &SearchResult) -> Result<Measured> {
        let entering = search.stages.iter().rev().nth(1).map_or(&search.baseline, |stage| &stage.network);
        let passing = search.stages.last().map_or(&[][..], |stage| &stage.passing).iter().rev().map(|(_, c)| c);
        let milder = passing.chain([entering]).filter(|c| c.key != search.network().key);
        let mut network = self.polish(search.network())?;
        for candidate in milder {
            if network.accuracy >= search.target {
                break;
            }
            network = self.polish(candidate)?;
        }
        Ok(network)
    }

    /// The network of `work`: from the journal where it is finished, else made now.
    fn done(&mut self, work: &Work, target: f64) -> Result<Measured> {
        let key = self.key(work);
        if let Some(entry) = self.journal.get(&key) {
            return Ok(measured(entry));
        }
        let began = Instant::now();
        let folder = &self.checkpoints;
        let figures = self.maker.make(work, &checkpoint_of(folder, &key), &|key| checkpoint_of(folder, key))?;
        let entry = entry(key, work, figures, target, began.elapsed().as_secs_f64());
        let measured = measured(&entry);
        self.journal.append(entry.clone())?;
        if let Some(tell) = self.tell {
            tell(&entry);
        }
        Ok(measured)
    }

    fn key(&self, work: &Work) -> String {
        let fingerprint = self.maker.fingerprint(work);
        let start = if let Work::Candidate(trial) = work { trial.start } else { "" };
        key_of(&[work.parent(), start, work.stage(), &format!("{:?}", work.role()), &fingerprint])
    }
}

impl<M: Maker> Bench for Recorded<M> {
    fn baseline(&mut self) -> Result<Measured> {
        self.done(&Work::Baseline, 0.0)
    }

    fn rungs(&self, stage: &str) -> usize {
        self.maker.rungs(stage)
    }

    fn mandatory(&self, stage: &str) -> bool {
        self.maker.mandatory(stage)
    }

    fn prepare(&mut self, stage: &str, start: &str) -> Result<String> {
        if !self.maker.prepares(stage) {
            return Ok(start.to_string());
        }
        Ok(self.done(&Work::Prepare { stage, start }, 0.0)?.key)
    }

    fn measure(&mut self, trial: &Trial) -> Result<Measured> {
        self.done(&Work::Candidate(*trial), trial.target)
    }
}

/// File of a key's network in the folder of checkpoints.
pub fn checkpoint_of(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("{key}.safetensors"))
}

fn measured(entry: &Entry) -> Measured {
    Measured { key: entry.key.clone(), accuracy: entry.val_accuracy, stored_bits: entry.stored_bits }
}

fn entry(key: String, work: &Work, figures: Figures, target: f64, seconds: f64) -> Entry {
    let accepted = figures.val_accuracy >= target;
    let sign = if accepted { ">=" } else { "<" };
    let why = match work.role() {
        Role::Baseline => "the trained network, where the search starts".to_string(),
        Role::Preparation => "training before the stage's candidates".to_string(),
        Role::Candidate => format!("validation accuracy {:.4} {sign} target {target:.4}", figures.val_accuracy),
        Role::Polish => format!("validation accuracy {:.4} {sign} {target:.4} before", figures.val_accuracy),
    };
    Entry {
        key,
        parent: work.parent().to_string(),
        stage: work.stage().to_string(),
        role: work.role(),
        rung: work.rung(),
        ratio: figures.ratio,
        bits: figures.bits,
        val_accuracy: figures.val_accuracy,
        params_bits: figures.params_bits,
        stored_bits: figures.stored_bits,
        macs: figures.macs,
        bops: figures.bops,
        seconds,
        accepted,
        why,
    }
}

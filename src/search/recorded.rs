//! A bench that remembers: it makes each network once, keeps it as a checkpoint and writes its line in the journal.
//!
//! The costly part is a [`Maker`]; the real one trains with libtorch, the tests' one is a formula.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use super::bench::{Bench, Measured, SearchResult, StageResult, Trial};
use super::fragments;
use super::journal::{Entry, Journal, Role, key_of};
pub use super::work::{Figures, Maker, Work};

/// Folder of the candidates' networks, in the run's folder.
pub const CHECKPOINTS: &str = "checkpoints";

/// The bench over a [`Maker`], a journal and a folder of checkpoints.
pub struct Recorded<M> {
    maker: M,
    journal: Journal,
    checkpoints: PathBuf,
    tell: Option<fn(&Entry)>,
    /// Keys asked for since [`Recorded::take_used`].
    used: BTreeSet<String>,
    /// Networks that are not in the journal are an error: see [`Recorded::remembered`].
    only_remembers: bool,
}

/// A network that would have to be made, where only the journal is asked.
#[derive(Debug, thiserror::Error)]
#[error("a network that is not made yet")]
struct NotMade;

impl<M: Maker> Recorded<M> {
    /// Opens `search.jsonl` and `checkpoints/` in the run's folder, or creates them. What jobs left in `jobs/` is
    /// merged into the journal. Nobody else may work in the folder.
    pub fn open(maker: M, run: &Path) -> Result<Self> {
        let mut journal = Journal::open(run.join("search.jsonl"))?;
        fragments::merge(&run.join(fragments::JOBS), &mut journal)?;
        Self::over(maker, journal, run)
    }

    /// Opens the run's folder beside others that do the same: what is made becomes a file of its own in `jobs/`.
    pub fn shared(maker: M, run: &Path) -> Result<Self> {
        let journal = Journal::shared(run.join("search.jsonl"), run.join(fragments::JOBS))?;
        Self::over(maker, journal, run)
    }

    fn over(maker: M, journal: Journal, run: &Path) -> Result<Self> {
        let checkpoints = run.join(CHECKPOINTS);
        fs::create_dir_all(&checkpoints).with_context(|| format!("creating {}", checkpoints.display()))?;
        Ok(Self { maker, journal, checkpoints, tell: None, used: BTreeSet::new(), only_remembers: false })
    }

    /// Keys of all networks that were asked for since the last call, whether made or found in the journal.
    pub fn take_used(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.used)
    }

    /// What `search` gives by the journal alone; `None` where it would have to make a network.
    ///
    /// # Errors
    /// Those of `search`.
    pub fn remembered<T>(&mut self, search: impl FnOnce(&mut Self) -> Result<T>) -> Result<Option<T>> {
        self.only_remembers = true;
        let result = search(self);
        self.only_remembers = false;
        match result {
            Err(error) if error.is::<NotMade>() => Ok(None),
            other => other.map(Some),
        }
    }

    /// See [`Maker::prepares`].
    pub fn prepares(&self, stage: &str) -> bool {
        self.maker.prepares(stage)
    }

    /// The network of `work`, where it is finished.
    pub fn find(&self, work: &Work) -> Option<Measured> {
        self.journal.get(&self.key(work)).map(measured)
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
    ///
    /// # Errors
    /// Those of the maker.
    pub fn polish(&mut self, from: &Measured) -> Result<Measured> {
        let polished = self.done(&Work::Polish { from: &from.key }, from.accuracy)?;
        Ok(if polished.accuracy >= from.accuracy { polished } else { from.clone() })
    }

    /// The final network: the deepest passing candidate of the last stage that, polished, reaches the target. Where none
    /// does: the network that entered that stage or, of a stage that must be taken, its deepest other rung that does.
    ///
    /// # Errors
    /// Those of the maker.
    pub fn finish(&mut self, search: &SearchResult) -> Result<Measured> {
        let mut network = self.polish(search.network())?;
        let Some(last) = search.stages.last() else { return Ok(network) };
        let entering = search.stages.iter().rev().nth(1).map_or(&search.baseline, |stage| &stage.network);
        let mandatory = self.mandatory(&last.stage);
        let passing = last.passing.iter().rev().map(|(_, candidate)| candidate);
        let milder = passing.chain((!mandatory).then_some(entering)).filter(|c| c.key != search.network().key);
        for candidate in milder {
            if network.accuracy >= search.target {
                return Ok(network);
            }
            network = self.polish(candidate)?;
        }
        if network.accuracy >= search.target || !mandatory {
            return Ok(network);
        }
        self.milder_still(last, entering, search.target, network)
    }

    /// The first rung below those that `stage` measured, deepest first, that reaches `target` polished; `otherwise`
    /// where none does.
    fn milder_still(
        &mut self,
        stage: &StageResult,
        entering: &Measured,
        target: f64,
        otherwise: Measured,
    ) -> Result<Measured> {
        let mildest = stage.passing.first().map(|(rung, _)| *rung).or(stage.kept).unwrap_or(0);
        let start = self.prepare(&stage.stage, &entering.key)?;
        for rung in (0..mildest).rev() {
            let candidate = self.measure(&Trial { stage: &stage.stage, rung, start: &start, from: &start, target })?;
            let polished = self.polish(&candidate)?;
            if polished.accuracy >= target {
                return Ok(polished);
            }
        }
        Ok(otherwise)
    }

    /// The network of `work`: from the journal where it is finished, else made now.
    fn done(&mut self, work: &Work, target: f64) -> Result<Measured> {
        let key = self.key(work);
        self.used.insert(key.clone());
        if let Some(entry) = self.journal.get(&key) {
            return Ok(measured(entry));
        }
        if self.only_remembers {
            return Err(NotMade.into());
        }
        let _claim = self.journal.claim(&key)?;
        if let Some(entry) = self.journal.get(&key) {
            return Ok(measured(entry)); // made by another job meanwhile
        }
        let began = Instant::now();
        let folder = &self.checkpoints;
        let figures = self.maker.make(work, &checkpoint_of(folder, &key), &|key| checkpoint_of(folder, key))?;
        let seconds = began.elapsed().as_secs_f64().max(figures.trained_seconds);
        let entry = entry(key, work, figures, target, seconds);
        let measured = measured(&entry);
        self.journal.append(entry.clone())?;
        if let Some(tell) = self.tell {
            tell(&entry);
        }
        Ok(measured)
    }

    /// Key of the network of `work`.
    pub fn key(&self, work: &Work) -> String {
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
    let cost = entry.cost.unwrap_or(entry.stored_bits as f64);
    Measured { key: entry.key.clone(), accuracy: entry.val_accuracy, stored_bits: entry.stored_bits, cost }
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
        cost: Some(figures.cost),
        macs: figures.macs,
        bops: figures.bops,
        seconds,
        accepted,
        why,
    }
}

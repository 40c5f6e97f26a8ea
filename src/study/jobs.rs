//! The study in independent jobs: each is ready once its parents are finished, and is known by the hash of what it
//! depends on. Who runs them, and when, is not this program's affair (`docs/study.md`: Slurm job arrays).

use anyhow::Result;
use serde::Serialize;

use super::{Task, search};
use crate::search::bench::{Bench, Measured, Trial};
use crate::search::grid::GridPlan;
use crate::search::journal::key_of;
use crate::search::recorded::{Maker, Recorded, Work};

/// One job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// Key of the network it makes; of a search the hash of its baseline and its plan (the rest is the folder's: it holds
    /// one configuration).
    pub key: String,
    /// The seed whose folder it works in.
    pub seed: u64,
    /// For people: `seed 1: iq 4, ns 3 of the grid`.
    pub what: String,
    #[serde(skip)]
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Baseline,
    Prepare { stage: String, start: String },
    Candidate { stage: String, rung: usize, start: String, target: f64 },
    Search(usize),
}

impl Job {
    /// The baseline's training and measuring. `key` identifies all that it depends on.
    pub fn baseline(key: &str, seed: u64) -> Self {
        Self { key: key_of(&["baseline", key]), seed, what: format!("seed {seed}: the baseline"), kind: Kind::Baseline }
    }

    /// Whether it is the baseline's, which has to be trained first.
    pub fn is_baseline(&self) -> bool {
        self.kind == Kind::Baseline
    }

    /// Whether it falls to share `index` of `of`: by its key alone, so that shares are the same for everybody, at any
    /// time.
    pub fn falls_to(&self, index: u64, of: u64) -> bool {
        let hash = u64::from_str_radix(&self.key[..15], 16).expect("keys are hexadecimal");
        hash % of == index
    }

    /// Makes what the job stands for.
    ///
    /// # Errors
    /// Those of the maker.
    pub fn make<M: Maker>(&self, bench: &mut Recorded<M>, task: &Task) -> Result<()> {
        match &self.kind {
            Kind::Baseline => bench.baseline().map(drop),
            Kind::Prepare { stage, start } => bench.prepare(stage, start).map(drop),
            Kind::Candidate { stage, rung, start, target } => {
                bench.measure(&Trial { stage, rung: *rung, start, from: start, target: *target }).map(drop)
            }
            Kind::Search(order) => search::order(bench, &task.orders[*order], task.polish).map(drop),
        }
    }
}

/// Most levels of jobs that wait for one another: the baseline; then for each stage of the grid its preparation and its
/// candidates. A margin search is one job.
pub fn levels(task: &Task) -> usize {
    1 + task.grid.as_ref().map_or(1, |grid| 2 * grid.axes.len())
}

/// Jobs of one seed whose parents are finished, they themselves not; `baseline` is the baseline's job.
///
/// # Errors
/// Those of a search that reads the journal.
pub fn ready<M: Maker>(bench: &mut Recorded<M>, task: &Task, baseline: &Job) -> Result<Vec<Job>> {
    let Some(float) = bench.find(&Work::Baseline) else { return Ok(vec![baseline.clone()]) };
    let mut jobs = Vec::new();
    for (i, plan) in task.orders.iter().enumerate() {
        if bench.remembered(|bench| search::order(bench, plan, task.polish))?.is_none() {
            let key = key_of(&["search", &baseline.key, &format!("{plan:?} {}", task.polish)]);
            let what = format!("seed {}: margin search {}", task.seed, plan.order.join(","));
            jobs.push(Job { key, seed: task.seed, what, kind: Kind::Search(i) });
        }
    }
    if let Some(plan) = &task.grid {
        jobs.extend(on_grid(bench, task.seed, plan, float));
    }
    Ok(jobs)
}

/// Those of the grid.
fn on_grid<M: Maker>(bench: &Recorded<M>, seed: u64, plan: &GridPlan, baseline: Measured) -> Vec<Job> {
    let target = plan.target.threshold(baseline.accuracy);
    let mut jobs = Vec::new();
    let mut finished = vec![(String::new(), baseline.key)];
    for (stage, rungs) in &plan.axes {
        let mut next = Vec::new();
        let target = plan.target_of(stage, target);
        for (path, network) in finished {
            let mut find = |work: &Work, what: String, kind: Kind| {
                let found = bench.find(work);
                if found.is_none() {
                    let what = format!("seed {seed}: {what} of the grid");
                    jobs.push(Job { key: bench.key(work), seed, what, kind });
                }
                found.map(|network| network.key)
            };
            let prepares = bench.prepares(stage);
            let start = if prepares {
                let kind = Kind::Prepare { stage: stage.clone(), start: network.clone() };
                find(&Work::Prepare { stage, start: &network }, format!("{path}{stage} preparation"), kind)
            } else {
                Some(network)
            };
            let Some(start) = start else { continue };
            for &rung in rungs {
                let what = format!("{path}{stage} {rung}");
                let trial = Trial { stage, rung, start: &start, from: &start, target };
                let kind = Kind::Candidate { stage: stage.clone(), rung, start: start.clone(), target };
                let made = find(&Work::Candidate(trial), what.clone(), kind);
                next.extend(made.map(|key| (format!("{what}, "), key)));
            }
        }
        finished = next;
    }
    jobs
}

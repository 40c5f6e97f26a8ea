//! `study.json`: what the study found, for machines. `docs/study.md` describes every key.

use serde::{Deserialize, Serialize};

use super::search::Searched;
use crate::config::search::Objective;
use crate::report::reduction;
use crate::run::record::Environment;
use crate::search::journal::Role;
use crate::search::margin::Target;

/// Version of the file's form.
pub const VERSION: u32 = 1;

/// The whole study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// [`VERSION`].
    pub version: u32,
    /// The run's name.
    pub name: String,
    /// As the run file has it.
    pub target: Target,
    /// As the run file has it: what `cost` is.
    pub objective: Objective,
    /// Orders over all seeds, least mean cost first; orders that missed a target last.
    pub orders: Vec<Summary>,
    /// Every margin search, by seed.
    pub searches: Vec<Search>,
    /// The grid, where it was walked.
    pub grid: Option<GridFound>,
    /// With what, and by which command, the study was finished.
    pub environment: Environment,
}

/// One margin search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Its seed.
    pub seed: u64,
    /// Stages in their order.
    pub order: Vec<String>,
    /// What it found, and at what cost.
    #[serde(flatten)]
    pub found: Found,
    /// Against the grid, for the grid's seed.
    pub against_grid: Option<Against>,
}

/// The grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridFound {
    /// Its seed.
    pub seed: u64,
    /// Stages in their order.
    pub order: Vec<String>,
    /// Combinations of rungs; `found.candidates` also counts those on the way to them.
    pub combinations: usize,
    /// The best network, and the cost of the whole grid.
    #[serde(flatten)]
    pub found: Found,
}

/// What a search found, and what it cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Key of the final network.
    pub key: String,
    /// What each stage kept.
    pub kept: Vec<Kept>,
    /// Validation accuracy that had to be kept, 0 to 1.
    pub target_val_accuracy: f64,
    /// Whether the final network keeps it.
    pub met: bool,
    /// Validation accuracy of the final network, 0 to 1.
    pub val_accuracy: f64,
    /// Test accuracy of the final network, 0 to 1, by the integer interpreter, after every choice of the seed.
    pub test_accuracy: f64,
    /// Surviving nonzero weights x their bits.
    pub params_bits: u64,
    /// Everything that must be stored, in bits.
    pub stored_bits: u64,
    /// What the search minimizes.
    pub cost: f64,
    /// Candidates of the stages that the search used.
    pub candidates: usize,
    /// Trainings that it used: baseline, preparations, candidates, polishes.
    pub trainings: usize,
    /// Seconds of those trainings and of measuring their networks, wherever they ran.
    pub seconds: f64,
}

/// What one stage kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The stage.
    pub stage: String,
    /// Its rung; `None` where it changed nothing.
    pub rung: Option<usize>,
    /// In words: `w 4, a 4`, `40.0 % removed`.
    pub what: String,
}

/// A margin search against the grid of its seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Against {
    /// The grid's seconds over the search's.
    pub seconds: f64,
    /// The grid's trainings over the search's.
    pub trainings: f64,
    /// The search's stored bits over those of the grid's best network.
    pub stored_bits: f64,
    /// The search's cost over that of the grid's best network.
    pub cost: f64,
}

/// One order over all seeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Stages in their order.
    pub order: Vec<String>,
    /// Seeds whose final network met the target.
    pub met: usize,
    /// See [`Found::params_bits`].
    pub params_bits: Spread,
    /// See [`Found::stored_bits`].
    pub stored_bits: Spread,
    /// See [`Found::cost`].
    pub cost: Spread,
    /// See [`Found::val_accuracy`].
    pub val_accuracy: Spread,
    /// See [`Found::test_accuracy`].
    pub test_accuracy: Spread,
    /// See [`Found::candidates`].
    pub candidates: Spread,
    /// See [`Found::seconds`].
    pub seconds: Spread,
}

/// A figure over the seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Least.
    pub min: f64,
    /// Most.
    pub max: f64,
    /// Standard deviation of a sample (n - 1); 0 for one seed.
    pub sd: f64,
}

impl Spread {
    /// Of at least one value.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let sd = if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 };
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { mean, min, max, sd }
    }
}

impl Found {
    /// Of a finished search. `baseline_seconds` is the baseline's training, which is in no line of the journal.
    pub fn of(searched: &Searched, baseline_seconds: f64, test_accuracy: f64) -> Self {
        let (outcome, used) = (&searched.outcome, &searched.used);
        let kept = outcome.search.stages.iter().map(|stage| {
            let line = used.iter().find(|entry| entry.key == stage.network.key && stage.kept.is_some());
            // A fraction of 0 is a rung as well, which `reduction` would call by its bits.
            let what = line.map_or_else(
                || "nothing".into(),
                |line| if line.stage == "iq" { reduction(line) } else { removed(line.ratio) },
            );
            Kept { stage: stage.stage.clone(), rung: stage.kept, what }
        });
        Self {
            key: outcome.network.key.clone(),
            kept: kept.collect(),
            target_val_accuracy: outcome.search.target,
            met: outcome.met,
            val_accuracy: outcome.network.accuracy,
            test_accuracy,
            params_bits: searched.network().map_or(0, |entry| entry.params_bits),
            stored_bits: outcome.network.stored_bits,
            cost: outcome.network.cost,
            candidates: used.iter().filter(|entry| entry.role == Role::Candidate).count(),
            trainings: used.len(),
            seconds: baseline_seconds + used.iter().map(|entry| entry.seconds).sum::<f64>(),
        }
    }
}

fn removed(ratio: f64) -> String {
    format!("{:.1} % removed", 100.0 * ratio)
}

impl Against {
    /// `search` against the grid's `grid`.
    pub fn of(search: &Found, grid: &Found) -> Self {
        Self {
            seconds: grid.seconds / search.seconds,
            trainings: grid.trainings as f64 / search.trainings as f64,
            stored_bits: search.stored_bits as f64 / grid.stored_bits as f64,
            cost: search.cost / grid.cost,
        }
    }
}

impl Study {
    /// Puts the searches together: each against the grid of its seed, and each order over all seeds.
    pub fn of(
        name: &str,
        (target, objective): (Target, Objective),
        mut searches: Vec<Search>,
        grid: Option<GridFound>,
        environment: Environment,
    ) -> Self {
        for search in &mut searches {
            let grid = grid.as_ref().filter(|grid| grid.seed == search.seed);
            search.against_grid = grid.map(|grid| Against::of(&search.found, &grid.found));
        }
        let orders = summaries(&searches);
        Self { version: VERSION, name: name.into(), target, objective, orders, searches, grid, environment }
    }
}

fn summaries(searches: &[Search]) -> Vec<Summary> {
    let mut orders: Vec<&[String]> = Vec::new();
    for search in searches {
        if !orders.contains(&search.order.as_slice()) {
            orders.push(&search.order);
        }
    }
    let summary = |order: &[String]| {
        let found: Vec<&Found> = searches.iter().filter(|s| s.order == order).map(|s| &s.found).collect();
        let spread = |of: fn(&Found) -> f64| Spread::of(&found.iter().map(|f| of(f)).collect::<Vec<_>>());
        Summary {
            order: order.to_vec(),
            met: found.iter().filter(|f| f.met).count(),
            params_bits: spread(|f| f.params_bits as f64),
            stored_bits: spread(|f| f.stored_bits as f64),
            cost: spread(|f| f.cost),
            val_accuracy: spread(|f| f.val_accuracy),
            test_accuracy: spread(|f| f.test_accuracy),
            candidates: spread(|f| f.candidates as f64),
            seconds: spread(|f| f.seconds),
        }
    };
    let mut all: Vec<Summary> = orders.into_iter().map(summary).collect();
    all.sort_by(|a, b| b.met.cmp(&a.met).then(a.cost.mean.total_cmp(&b.cost.mean)));
    all
}

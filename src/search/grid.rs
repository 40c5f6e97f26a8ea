//! Brute force, the reference of the method: every combination of the stages' rungs.

use anyhow::Result;

use super::bench::{Bench, Measured, SearchResult, StageResult, Trial};
use super::margin::Target;

/// What the grid is told.
#[derive(Debug, Clone, PartialEq)]
pub struct GridPlan {
    /// Stages in their order, and which rungs of each are on the grid.
    pub axes: Vec<(String, Vec<usize>)>,
    /// As for the margin search.
    pub target: Target,
    /// As for the margin search.
    pub allowance: f64,
}

impl GridPlan {
    /// The accuracy that candidates of `stage` are judged by, for a target of `target`: as in a margin search, the
    /// allowance is the last stage's.
    pub fn target_of(&self, stage: &str, target: f64) -> f64 {
        let last = self.axes.last().is_some_and(|(last, _)| last == stage);
        if last { target - self.allowance } else { target }
    }
}

/// One combination, whole or on the way: the networks that led to it.
#[derive(Debug, Clone)]
struct Combination {
    stages: Vec<StageResult>,
    network: Measured,
}

/// Every combination, measured.
#[derive(Debug, Clone)]
pub struct Grid {
    target: f64,
    allowance: f64,
    baseline: Measured,
    combinations: Vec<Combination>,
}

impl Grid {
    /// The networks of all combinations.
    pub fn networks(&self) -> impl ExactSizeIterator<Item = &Measured> {
        self.combinations.iter().map(|combination| &combination.network)
    }

    /// Those that meet the target, less the allowance, those of least cost first; then the others, most accurate first.
    pub fn best_first(&self) -> Vec<SearchResult> {
        let lowered = self.target - self.allowance;
        let mut sorted: Vec<&Combination> = self.combinations.iter().collect();
        sorted.sort_by(|a, b| a.network.rank(&b.network, lowered));
        sorted.into_iter().map(|combination| self.result(combination.stages.clone())).collect()
    }

    fn result(&self, stages: Vec<StageResult>) -> SearchResult {
        SearchResult { target: self.target, baseline: self.baseline.clone(), stages }
    }
}

/// Measures every combination.
///
/// Combinations share their common prefixes: (a, b, c) and (a, b, d) train (a, b) once.
///
/// # Errors
/// Those of the bench.
pub fn all(bench: &mut dyn Bench, plan: &GridPlan) -> Result<Grid> {
    let baseline = bench.baseline()?;
    let target = plan.target.threshold(baseline.accuracy);
    let mut combinations = vec![Combination { stages: Vec::new(), network: baseline.clone() }];
    for (stage, rungs) in &plan.axes {
        let mut next = Vec::with_capacity(combinations.len() * rungs.len());
        for combination in &combinations {
            extend(bench, combination, stage, rungs, plan.target_of(stage, target), &mut next)?;
        }
        combinations = next;
    }
    Ok(Grid { target, allowance: plan.allowance, baseline, combinations })
}

/// One more stage: a combination for each rung.
fn extend(
    bench: &mut dyn Bench,
    before: &Combination,
    stage: &str,
    rungs: &[usize],
    target: f64,
    out: &mut Vec<Combination>,
) -> Result<()> {
    let start = bench.prepare(stage, &before.network.key)?;
    for &rung in rungs {
        let network = bench.measure(&Trial { stage, rung, start: &start, from: &start, target })?;
        let why = format!("rung {rung} of the best combination on the grid");
        let step = StageResult {
            stage: stage.into(),
            deepest: None,
            kept: Some(rung),
            network: network.clone(),
            passing: Vec::new(),
            why,
        };
        let mut stages = before.stages.clone();
        stages.push(step);
        out.push(Combination { stages, network });
    }
    Ok(())
}

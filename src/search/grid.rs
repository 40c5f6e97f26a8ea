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

/// One combination on the way: a network and the rungs that led to it.
#[derive(Debug, Clone)]
struct Path {
    stages: Vec<StageResult>,
    network: Measured,
}

/// Measures every combination; the result is the one with the fewest stored bits among those that meet the target.
///
/// Combinations share their common prefixes: (a, b, c) and (a, b, d) train (a, b) once. Where none meets the target,
/// the result is the most accurate.
pub fn search(bench: &mut dyn Bench, plan: &GridPlan) -> Result<SearchResult> {
    let baseline = bench.baseline()?;
    let target = plan.target.threshold(baseline.accuracy);
    let mut paths = vec![Path { stages: Vec::new(), network: baseline.clone() }];
    let lowered = target - plan.allowance;
    for (stage, rungs) in &plan.axes {
        let mut next = Vec::with_capacity(paths.len() * rungs.len());
        for path in &paths {
            extend(bench, path, stage, rungs, lowered, &mut next)?;
        }
        paths = next;
    }
    let best = paths.into_iter().reduce(|a, b| if better(&b.network, &a.network, lowered) { b } else { a });
    Ok(SearchResult { target, baseline, stages: best.map_or_else(Vec::new, |p| p.stages) })
}

/// One more stage on a path: a path for each rung.
fn extend(
    bench: &mut dyn Bench,
    path: &Path,
    stage: &str,
    rungs: &[usize],
    target: f64,
    out: &mut Vec<Path>,
) -> Result<()> {
    let start = bench.prepare(stage, &path.network.key)?;
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
        let mut stages = path.stages.clone();
        stages.push(step);
        out.push(Path { stages, network });
    }
    Ok(())
}

fn better(a: &Measured, b: &Measured, target: f64) -> bool {
    match (a.accuracy >= target, b.accuracy >= target) {
        (true, true) => a.stored_bits < b.stored_bits,
        (false, false) => a.accuracy > b.accuracy,
        (a_meets, _) => a_meets,
    }
}

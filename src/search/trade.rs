//! Trades between the stages, after the last: a rung back in an earlier stage for deeper rungs of the last one, as long as the
//! network gets smaller. A margin is guessed once, before the stages behind it are known; a trade is measured.

use anyhow::Result;

use super::bench::{Bench, Measured, StageResult, Trial};
use super::margin::{Plan, WarmStart};

/// The path `path`, of all stages of `plan` from `baseline` on, after every trade that makes it smaller: of the later stages
/// first, until none does.
///
/// # Errors
/// Those of the bench.
pub(super) fn improve(
    bench: &mut dyn Bench,
    plan: &Plan,
    baseline: &Measured,
    target: f64,
    mut path: Vec<StageResult>,
) -> Result<Vec<StageResult>> {
    let last = path.len().saturating_sub(1);
    let mut at = last;
    while let Some(earlier) = at.checked_sub(1) {
        at = earlier;
        let Some(traded) = trade(bench, plan, baseline, target, &path, at)? else { continue };
        if traded[last].network.rank(&path[last].network, target - plan.allowance).is_lt() {
            path = traded;
            at = last;
        }
    }
    Ok(path)
}

/// The path with stage `at` a rung back (or left out) and the last stage as deep as it then goes; `None` where the one cannot go
/// back or the other no deeper.
fn trade(
    bench: &mut dyn Bench,
    plan: &Plan,
    baseline: &Measured,
    target: f64,
    path: &[StageResult],
    at: usize,
) -> Result<Option<Vec<StageResult>>> {
    let Some((last, middle)) = path.split_last() else { return Ok(None) };
    let back = match path[at].kept {
        None => return Ok(None),
        Some(0) if bench.mandatory(&path[at].stage) => return Ok(None),
        Some(rung) => rung.checked_sub(1),
    };
    let mut traded = path[..at].to_vec();
    for (i, stage) in middle.iter().enumerate().skip(at) {
        let entering = traded.last().map_or(baseline, |stage| &stage.network).clone();
        let (kept, why) = match i == at {
            true => (back, format!("{}; a rung back for {}", stage.why, last.stage)),
            false => (stage.kept, stage.why.clone()),
        };
        let network = match kept {
            Some(rung) => {
                let start = bench.prepare(&stage.stage, &entering.key)?;
                bench.measure(&Trial { stage: &stage.stage, rung, start: &start, from: &start, target })?
            }
            None => entering,
        };
        traded.push(StageResult { kept, network, why, passing: Vec::new(), ..stage.clone() });
    }
    let entering = traded.last().map_or(baseline, |stage| &stage.network);
    let deeper = deeper(bench, plan, target - plan.allowance, last, entering)?;
    Ok(deeper.map(|deeper| {
        traded.push(deeper);
        traded
    }))
}

/// The last stage behind `entering`, rung by rung from one past the kept one of `before`; `None` where that fails.
fn deeper(
    bench: &mut dyn Bench,
    plan: &Plan,
    target: f64,
    before: &StageResult,
    entering: &Measured,
) -> Result<Option<StageResult>> {
    let stage = before.stage.as_str();
    let start = bench.prepare(stage, &entering.key)?;
    let mut passing: Vec<(usize, Measured)> = Vec::new();
    for rung in before.kept.map_or(0, |kept| kept + 1)..bench.rungs(stage) {
        let from = match (plan.warm_start, passing.last()) {
            (WarmStart::Previous, Some((_, milder))) => &milder.key,
            _ => &start,
        };
        let measured = bench.measure(&Trial { stage, rung, start: &start, from, target })?;
        if measured.accuracy < target {
            break;
        }
        passing.push((rung, measured));
    }
    let Some((deepest, network)) = passing.last().cloned() else { return Ok(None) };
    let why = format!("rung {deepest} is the deepest that met the target, after a rung back before it");
    let stage = stage.to_string();
    Ok(Some(StageResult { stage, deepest: Some(deepest), kept: Some(deepest), network, passing, why }))
}

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
        // Those of the stage that goes back stay what they are; behind it they would be others.
        let passing = if i == at { stage.passing.clone() } else { Vec::new() };
        let network = match kept {
            Some(rung) => candidate(bench, plan, target, (&stage.stage, rung), &entering, &passing)?,
            None => entering,
        };
        traded.push(StageResult { kept, network, why, passing, ..stage.clone() });
    }
    let entering = traded.last().map_or(baseline, |stage| &stage.network);
    let deeper = deeper(bench, plan, target - plan.allowance, last, entering)?;
    Ok(deeper.map(|deeper| {
        traded.push(deeper);
        traded
    }))
}

/// The candidate of one rung behind `entering`, of which `passing` are known.
fn candidate(
    bench: &mut dyn Bench,
    plan: &Plan,
    target: f64,
    (stage, rung): (&str, usize),
    entering: &Measured,
    passing: &[(usize, Measured)],
) -> Result<Measured> {
    let mut milder = passing.iter().filter(|(known, _)| *known <= rung);
    let start = bench.prepare(stage, &entering.key)?;
    let from = match (plan.warm_start, milder.next_back()) {
        (_, Some((known, network))) if *known == rung => return Ok(network.clone()),
        (WarmStart::Previous, Some((_, network))) => &network.key,
        _ => &start,
    };
    bench.measure(&Trial { stage, rung, start: &start, from, target })
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
    let mut deeper: Vec<(usize, Measured)> = Vec::new();
    for rung in before.deepest.map_or(0, |deepest| deepest + 1)..bench.rungs(stage) {
        let measured = candidate(bench, plan, target, (stage, rung), entering, &deeper)?;
        if measured.accuracy < target {
            break;
        }
        deeper.push((rung, measured));
    }
    let Some((deepest, network)) = deeper.last().cloned() else { return Ok(None) };
    let why = format!("rung {deepest} is the deepest that met the target, after a rung back before it");
    let stage = stage.to_string();
    // Where the polish wins back too little of an allowance, the milder ones before the trade are next.
    let passing = [before.passing.clone(), deeper].concat();
    Ok(Some(StageResult { stage, deepest: Some(deepest), kept: Some(deepest), network, passing, why }))
}

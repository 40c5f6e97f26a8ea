//! Trades between the stages, after the last: a rung back in an earlier stage for deeper rungs of the last one, as long as the
//! network gets smaller. A margin is guessed once, before the stages behind it are known; a trade is measured.

use anyhow::Result;

use super::bench::{Bench, Measured, StageResult};
use super::margin::{Ladder, Plan};

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
            Some(rung) => Ladder::new(bench, &stage.stage, entering, target, plan)?.knowing(&passing).at(rung)?,
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

/// The last stage behind `entering`, rung by rung from one past the deepest of `before`; `None` where that fails.
fn deeper(
    bench: &mut dyn Bench,
    plan: &Plan,
    target: f64,
    before: &StageResult,
    entering: &Measured,
) -> Result<Option<StageResult>> {
    let stage = before.stage.as_str();
    let rungs = before.deepest.map_or(0, |deepest| deepest + 1)..bench.rungs(stage);
    let mut ladder = Ladder::new(bench, stage, entering.clone(), target, plan)?;
    for rung in rungs {
        if ladder.at(rung)?.accuracy < target {
            break;
        }
    }
    let deeper = ladder.passing();
    let Some((deepest, network)) = deeper.last().cloned() else { return Ok(None) };
    let why = format!("rung {deepest} is the deepest that met the target, after a rung back before it");
    let stage = stage.to_string();
    // Where the polish wins back too little of an allowance, the milder ones before the trade are next.
    let passing = [before.passing.clone(), deeper].concat();
    Ok(Some(StageResult { stage, deepest: Some(deepest), kept: Some(deepest), network, passing, why }))
}

//! The margin search (design section 1): each stage goes as deep as the target allows, then, except for the last,
//! steps back by a margin so that the next stage has room.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::bench::{Bench, Measured, SearchResult, StageResult, Trial};
use super::climb::{Schedule, deepest};
use super::trade;

/// How far a stage that is not the last steps back from its deepest passing rung.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Margin {
    /// So many rungs.
    Steps(usize),
    /// To the deepest rung whose accuracy is at least this much above the target.
    Accuracy(f64),
    /// So many rungs as end in the smallest network: 0, 1, … up to [`MOST_STEPS`] are followed through the stages
    /// behind, as long as each beats the one before.
    Auto,
}

/// Most rungs that [`Margin::Auto`] steps back.
pub const MOST_STEPS: usize = 3;

/// Where the candidates of a stage start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmStart {
    /// Each from the network that entered the stage.
    Stage,
    /// From the deepest passing candidate of the stage that is milder: training adds up along the ladder.
    #[default]
    Previous,
}

/// What the margin search is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Stages in their order.
    pub order: Vec<String>,
    /// Target: this much below the baseline's validation accuracy, or a fixed accuracy.
    pub target: Target,
    /// The last stage's candidates may fall so far below the target: what the polish is trusted to win back.
    pub allowance: f64,
    /// Margin by stage; a stage that is missing has none.
    pub margins: BTreeMap<String, Margin>,
    /// How ladders are visited.
    pub schedule: Schedule,
    /// Where candidates start.
    pub warm_start: WarmStart,
    /// Rungs of earlier stages are traded for deeper ones of the last, after it.
    pub trade: bool,
}

/// The accuracy a network must keep.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// So much below the baseline, in fractions of 1.
    Drop(f64),
    /// This accuracy.
    Accuracy(f64),
}

impl Target {
    /// The threshold, given the baseline's accuracy.
    pub fn threshold(self, baseline: f64) -> f64 {
        match self {
            Target::Drop(drop) => baseline - drop,
            Target::Accuracy(accuracy) => accuracy,
        }
    }
}

/// Runs the margin search on a bench.
pub fn search(bench: &mut dyn Bench, plan: &Plan) -> Result<SearchResult> {
    let baseline = bench.baseline()?;
    let target = plan.target.threshold(baseline.accuracy);
    let mut stages = stages(bench, plan, &plan.order, &baseline, target)?;
    if plan.trade {
        stages = trade::improve(bench, plan, &baseline, target, stages)?;
    }
    Ok(SearchResult { target, baseline, stages })
}

/// The stages of `order`, the last ones of the plan's, from `entering` on.
fn stages(
    bench: &mut dyn Bench,
    plan: &Plan,
    order: &[String],
    entering: &Measured,
    target: f64,
) -> Result<Vec<StageResult>> {
    let Some((stage, behind)) = order.split_first() else { return Ok(Vec::new()) };
    let margin = if behind.is_empty() { None } else { plan.margins.get(stage).copied() };
    let lowered = if behind.is_empty() { target - plan.allowance } else { target };
    let mut ladder = Ladder::new(bench, stage, entering.clone(), lowered, plan)?;
    let deepest = ladder.climb()?;
    if margin == Some(Margin::Auto) {
        return best_margin(ladder, deepest, plan, behind, target);
    }
    let done = ladder.leave(deepest, margin)?;
    let rest = stages(ladder.bench, plan, behind, &done.network, target)?;
    Ok([vec![done], rest].concat())
}

/// The path through this stage and those behind it that the best number of steps back leads to.
fn best_margin(
    mut ladder: Ladder,
    deepest: Option<usize>,
    plan: &Plan,
    behind: &[String],
    target: f64,
) -> Result<Vec<StageResult>> {
    let end = |path: &[StageResult]| path.last().map(|stage| stage.network.clone());
    let (mut best, mut tried) = (Vec::new(), Vec::new());
    // One more than there are rungs leaves the stage out, where it may be.
    let back = deepest.map_or(0, |deepest| deepest + usize::from(!ladder.bench.mandatory(ladder.stage)));
    for steps in 0..=MOST_STEPS.min(back) {
        let done = ladder.leave(deepest, Some(Margin::Steps(steps)))?;
        let rest = stages(ladder.bench, plan, behind, &done.network, target)?;
        let path = [vec![done], rest].concat();
        let (Some(found), so_far) = (end(&path), end(&best)) else { break };
        let cost = if found.cost == f64::MAX { "no design that fits".into() } else { found.cost.to_string() };
        tried.push(format!("{steps}: {cost}"));
        if so_far.is_some_and(|so_far| found.rank(&so_far, target - plan.allowance).is_ge()) {
            break;
        }
        best = path;
    }
    if let Some(first) = best.first_mut() {
        first.why += &format!(" (automatic margin; steps back and what they end in: {})", tried.join(", "));
    }
    Ok(best)
}

/// One stage's climb: what it has measured so far.
pub(super) struct Ladder<'a> {
    bench: &'a mut dyn Bench,
    stage: &'a str,
    entering: Measured,
    /// Key of the network candidates start from: `entering`, prepared.
    prepared: String,
    target: f64,
    plan: &'a Plan,
    seen: BTreeMap<usize, Measured>,
}

impl<'a> Ladder<'a> {
    pub(super) fn new(
        bench: &'a mut dyn Bench,
        stage: &'a str,
        entering: Measured,
        target: f64,
        plan: &'a Plan,
    ) -> Result<Self> {
        ensure!(bench.rungs(stage) > 0, "stage {stage}: the ladder has no rung");
        let prepared = bench.prepare(stage, &entering.key)?;
        Ok(Self { bench, stage, entering, prepared, target, plan, seen: BTreeMap::new() })
    }

    /// The same where candidates are known from an earlier climb behind the same network.
    pub(super) fn knowing(mut self, candidates: &[(usize, Measured)]) -> Self {
        self.seen.extend(candidates.iter().cloned());
        self
    }

    /// The candidates seen that meet the target, mildest first.
    pub(super) fn passing(&self) -> Vec<(usize, Measured)> {
        self.seen.iter().filter(|(_, m)| m.accuracy >= self.target).map(|(&rung, m)| (rung, m.clone())).collect()
    }

    /// The deepest rung that meets the target, if any does.
    fn climb(&mut self) -> Result<Option<usize>> {
        let (rungs, target) = (self.bench.rungs(self.stage), self.target);
        deepest(self.plan.schedule, rungs, |rung| Ok(self.at(rung)?.accuracy >= target))
    }

    /// Steps back from `deepest` and names the network that leaves the stage.
    fn leave(&mut self, deepest: Option<usize>, margin: Option<Margin>) -> Result<StageResult> {
        let (mut kept, mut why) = self.step_back(deepest, margin)?;
        if kept.is_none() && self.bench.mandatory(self.stage) {
            kept = Some(0);
            why += "; the stage must be taken, so its mildest rung is";
        }
        let network = match kept {
            Some(rung) => self.at(rung)?,
            None => self.entering.clone(),
        };
        let passing = self.passing();
        Ok(StageResult { stage: self.stage.to_string(), deepest, kept, network, passing, why })
    }

    fn step_back(&mut self, deepest_rung: Option<usize>, margin: Option<Margin>) -> Result<(Option<usize>, String)> {
        let Some(top) = deepest_rung else {
            return Ok((None, "no rung met the target".into()));
        };
        match margin {
            None | Some(Margin::Auto) => {
                Ok((Some(top), format!("rung {top} is the deepest that met the target; no margin")))
            }
            Some(Margin::Steps(steps)) => {
                let kept = top.checked_sub(steps);
                let end = if kept.is_none() { ", before the first" } else { "" };
                Ok((kept, format!("rung {top} is the deepest that met the target; {steps} back{end}")))
            }
            Some(Margin::Accuracy(room)) => {
                let wanted = self.target + room;
                let kept = deepest(self.plan.schedule, top + 1, |rung| Ok(self.at(rung)?.accuracy >= wanted))?;
                Ok((kept, format!("rung {top} is the deepest that met the target; back to {room} above the target")))
            }
        }
    }

    /// The candidate of one rung, measured once.
    pub(super) fn at(&mut self, rung: usize) -> Result<Measured> {
        if let Some(known) = self.seen.get(&rung) {
            return Ok(known.clone());
        }
        let milder = self.seen.range(..rung).rev().find(|(_, m)| m.accuracy >= self.target);
        let from = match (self.plan.warm_start, milder) {
            (WarmStart::Previous, Some((_, m))) => m.key.clone(),
            _ => self.prepared.clone(),
        };
        let trial = Trial { stage: self.stage, rung, start: &self.prepared, from: &from, target: self.target };
        let measured = self.bench.measure(&trial)?;
        self.seen.insert(rung, measured.clone());
        Ok(measured)
    }
}

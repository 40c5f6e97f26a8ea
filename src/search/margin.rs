//! The margin search (design section 1): each stage goes as deep as the target allows, then, except for the last,
//! steps back by a margin so that the next stage has room.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use super::bench::{Bench, Measured, SearchResult, StageResult, Trial};
use super::climb::{Schedule, deepest};

/// How far a stage that is not the last steps back from its deepest passing rung.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Margin {
    /// So many rungs.
    Steps(usize),
    /// To the deepest rung whose accuracy is at least this much above the target.
    Accuracy(f64),
}

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
    let mut result = SearchResult { target, baseline, stages: Vec::new() };
    for (i, stage) in plan.order.iter().enumerate() {
        let last = i + 1 == plan.order.len();
        let margin = if last { None } else { plan.margins.get(stage).copied() };
        let target = if last { target - plan.allowance } else { target };
        let entering = result.network().clone();
        let mut ladder = Ladder::new(bench, stage, entering, target, plan)?;
        let done = ladder.run(margin)?;
        result.stages.push(done);
    }
    Ok(result)
}

/// One stage's climb: what it has measured so far.
struct Ladder<'a> {
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
    fn new(bench: &'a mut dyn Bench, stage: &'a str, entering: Measured, target: f64, plan: &'a Plan) -> Result<Self> {
        ensure!(bench.rungs(stage) > 0, "stage {stage}: the ladder has no rung");
        let prepared = bench.prepare(stage, &entering.key)?;
        Ok(Self { bench, stage, entering, prepared, target, plan, seen: BTreeMap::new() })
    }

    /// Climb, step back, name the network that leaves the stage.
    fn run(&mut self, margin: Option<Margin>) -> Result<StageResult> {
        let rungs = self.bench.rungs(self.stage);
        let (schedule, target) = (self.plan.schedule, self.target);
        let deepest = deepest(schedule, rungs, |rung| Ok(self.at(rung)?.accuracy >= target))?;
        let (mut kept, mut why) = self.step_back(deepest, margin)?;
        if kept.is_none() && self.bench.mandatory(self.stage) {
            kept = Some(0);
            why += "; the stage must be taken, so its mildest rung is";
        }
        let network = match kept {
            Some(rung) => self.at(rung)?,
            None => self.entering.clone(),
        };
        let passing = self.seen.iter().filter(|(_, m)| m.accuracy >= target).map(|(&rung, m)| (rung, m.clone()));
        Ok(StageResult { stage: self.stage.to_string(), deepest, kept, network, passing: passing.collect(), why })
    }

    fn step_back(&mut self, deepest_rung: Option<usize>, margin: Option<Margin>) -> Result<(Option<usize>, String)> {
        let Some(top) = deepest_rung else {
            return Ok((None, "no rung met the target".into()));
        };
        match margin {
            None => Ok((Some(top), format!("rung {top} is the deepest that met the target; no margin"))),
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
    fn at(&mut self, rung: usize) -> Result<Measured> {
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

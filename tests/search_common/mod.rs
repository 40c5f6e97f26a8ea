//! A maker of networks by formula: the search methods are tested on it without libtorch.

#![allow(dead_code)] // each test file uses a part

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use slimgate::search::bench::{Bench, Measured, Trial};
use slimgate::search::climb::Schedule;
use slimgate::search::margin::WarmStart;
use slimgate::search::margin::{Margin, Plan, Target};
use slimgate::search::recorded::{Figures, Maker, Work};

/// A stage of the synthetic network: what each rung costs in accuracy and leaves of the size.
#[derive(Debug, Clone)]
pub struct Curve {
    pub loss: Vec<f64>,
    pub left: Vec<f64>,
}

/// A network by formula: the rung each stage has taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    pub rungs: BTreeMap<String, usize>,
    /// How often it was polished.
    pub polished: usize,
}

#[derive(Debug, Clone)]
pub struct Formula {
    pub curves: BTreeMap<String, Curve>,
    /// Stages that must be taken.
    pub mandatory: Vec<String>,
    /// Stages with a preparation.
    pub prepared: Vec<String>,
    /// Every work made, by its fingerprint and parent, shared with the test.
    pub made: Rc<RefCell<Vec<String>>>,
    /// Works still allowed before the maker dies: `Some(0)` dies at once.
    pub lives: Option<usize>,
}

impl Formula {
    /// iq, ns and dc with different slopes.
    pub fn three() -> Self {
        let curve = |n: usize, loss: f64, power: i32, left: f64| Curve {
            loss: (0..n).map(|r| loss * ((r + 1) as f64 / n as f64).powi(power)).collect(),
            left: (0..n).map(|r| 1.0 - (1.0 - left) * (r + 1) as f64 / n as f64).collect(),
        };
        let curves =
            [("iq", curve(7, 0.03, 3, 0.08)), ("ns", curve(8, 0.02, 2, 0.3)), ("dc", curve(12, 0.04, 4, 0.05))];
        Self {
            curves: curves.into_iter().map(|(name, c)| (name.to_string(), c)).collect(),
            mandatory: vec!["iq".into()],
            prepared: vec!["ns".into()],
            made: Rc::default(),
            lives: None,
        }
    }

    pub fn accuracy(&self, state: &State) -> f64 {
        let lost: f64 = state.rungs.iter().map(|(stage, &rung)| self.curves[stage].loss[rung]).sum();
        0.93 - lost + 0.001 * state.polished as f64
    }

    pub fn size(&self, state: &State) -> u64 {
        let left: f64 = state.rungs.iter().map(|(stage, &rung)| self.curves[stage].left[rung]).product();
        (6_600_000.0 * left) as u64
    }

    /// The state that a work gives.
    pub fn state(&self, work: &Work, from: State) -> State {
        let mut state = from;
        match work {
            Work::Candidate(trial) => {
                state.rungs.insert(trial.stage.into(), trial.rung);
            }
            Work::Polish { .. } => state.polished += 1,
            Work::Baseline | Work::Prepare { .. } => {}
        }
        state
    }
}

impl Maker for Formula {
    fn rungs(&self, stage: &str) -> usize {
        self.curves[stage].loss.len()
    }

    fn mandatory(&self, stage: &str) -> bool {
        self.mandatory.iter().any(|s| s == stage)
    }

    fn prepares(&self, stage: &str) -> bool {
        self.prepared.iter().any(|s| s == stage)
    }

    fn fingerprint(&self, work: &Work) -> String {
        match work {
            Work::Candidate(trial) => format!("rung {}", trial.rung),
            other => other.stage().to_string(),
        }
    }

    fn make(&mut self, work: &Work, checkpoint: &Path, network_at: &dyn Fn(&str) -> PathBuf) -> Result<Figures> {
        if let Some(lives) = &mut self.lives {
            let Some(left) = lives.checked_sub(1) else { bail!("killed") };
            *lives = left;
        }
        let from = match work {
            Work::Baseline => State::default(),
            _ => {
                let path = network_at(work.parent());
                let text = fs::read(&path).with_context(|| format!("the parent's checkpoint {}", path.display()))?;
                serde_json::from_slice(&text)?
            }
        };
        let state = self.state(work, from);
        fs::write(checkpoint, serde_json::to_vec(&state)?)?;
        self.made.borrow_mut().push(format!("{} {} {}", work.stage(), self.fingerprint(work), work.parent()));
        let (size, accuracy) = (self.size(&state), self.accuracy(&state));
        Ok(Figures {
            val_accuracy: accuracy,
            ratio: 0.0,
            bits: None,
            params_bits: size,
            stored_bits: size,
            cost: size as f64,
            macs: size,
            bops: size,
            trained_seconds: 0.0,
        })
    }
}

/// A bench in memory, for tests of the methods alone: keys are the states themselves.
pub struct InMemory {
    pub formula: Formula,
    /// Trials asked for, in order.
    pub trials: Vec<(String, usize)>,
}

impl InMemory {
    pub fn new(formula: Formula) -> Self {
        Self { formula, trials: Vec::new() }
    }

    fn measured(&self, state: &State) -> Measured {
        Measured {
            key: serde_json::to_string(state).unwrap(),
            accuracy: self.formula.accuracy(state),
            stored_bits: self.formula.size(state),
            cost: self.formula.size(state) as f64,
        }
    }
}

impl Bench for InMemory {
    fn baseline(&mut self) -> Result<Measured> {
        Ok(self.measured(&State::default()))
    }

    fn rungs(&self, stage: &str) -> usize {
        self.formula.rungs(stage)
    }

    fn mandatory(&self, stage: &str) -> bool {
        self.formula.mandatory(stage)
    }

    fn prepare(&mut self, _stage: &str, start: &str) -> Result<String> {
        Ok(start.to_string())
    }

    fn measure(&mut self, trial: &Trial) -> Result<Measured> {
        self.trials.push((trial.stage.to_string(), trial.rung));
        let from = serde_json::from_str(trial.from)?;
        Ok(self.measured(&self.formula.state(&Work::Candidate(*trial), from)))
    }
}

/// A plan over the stages of [`Formula::three`].
pub fn plan(order: &[&str], drop: f64, margin: Margin, schedule: Schedule) -> Plan {
    Plan {
        order: order.iter().map(|s| s.to_string()).collect(),
        target: Target::Drop(drop),
        allowance: 0.0,
        margins: order.iter().map(|s| (s.to_string(), margin)).collect(),
        schedule,
        warm_start: WarmStart::Previous,
        trade: false,
    }
}

//! Section `[search]`: the target, the order of the stages, their ladders and recipes. `docs/method.md` explains them.

mod check;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::search::climb::Schedule;
use crate::search::margin::{Margin, Target, WarmStart};

/// How the search is done, and what it may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// Margin search, or brute force over the grid.
    pub method: Method,
    /// Stages in their order; IQ must be one of them, since hardware has integers only.
    pub order: Vec<StageName>,
    /// Validation accuracy to keep: `{ drop = 0.003 }` below the baseline's, or `{ accuracy = 0.92 }`.
    pub target: Target,
    /// How far below the target the last stage's candidates may fall: what the polish is trusted to win back. The
    /// final network must meet the target itself.
    pub allowance: f64,
    /// What is small in the smallest network: decides between margins (`margin = "auto"`) and on the grid.
    pub objective: Objective,
    /// How ladders are visited.
    pub schedule: Schedule,
    /// Where a stage's candidates start.
    pub warm_start: WarmStart,
    /// After the last stage, rungs of earlier ones are traded for deeper ones of the last, as long as the network gets smaller.
    pub trade: bool,
    /// Distillation from a float network while fine-tuning.
    pub distill: Distill,
    /// Images in a batch of every training of the search, where that is not `train.batch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// Integer quantization.
    pub iq: IqConfig,
    /// Network slimming.
    pub ns: NsConfig,
    /// Deep compression.
    pub dc: DcConfig,
    /// Fine-tuning of the chosen network, at the end.
    pub polish: FineTune,
}

/// The search method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Stage after stage, each as deep as the target allows, then back by its margin.
    #[default]
    Margin,
    /// Every combination on the grid.
    BruteForce,
}

/// What a search minimizes. `docs/method.md` has the definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// Surviving nonzero weights times their bits.
    ParamsBits,
    /// Everything that must be stored.
    #[default]
    StoredBits,
    /// Cycles an image of the design that `[hardware]` asks for.
    Cycles,
    /// Energy an image of that design, by counting ([`crate::plan::energy`]).
    Energy,
}

/// A stage of the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum StageName {
    /// Integer quantization.
    Iq,
    /// Network slimming.
    Ns,
    /// Deep compression.
    Dc,
}

impl StageName {
    /// Every stage, in the published order.
    pub const ALL: [StageName; 3] = [StageName::Iq, StageName::Ns, StageName::Dc];

    /// The name in files and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            StageName::Iq => "iq",
            StageName::Ns => "ns",
            StageName::Dc => "dc",
        }
    }
}

/// One training of the search: epochs and peak learning rate; the rest is as in `[train]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTune {
    /// Passes over the training images; 0 trains nothing.
    pub epochs: usize,
    /// Peak learning rate.
    pub learning_rate: f64,
}

/// Distillation: the loss is (1 - weight) x cross-entropy + weight x KL to the teacher's softened scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distill {
    /// Share of the teacher in the loss, 0 to 1; 0 turns distillation off.
    pub weight: f64,
    /// Softening temperature.
    pub temperature: f64,
    /// Folder of another run whose trained float network teaches instead of this run's own. Relative to the current
    /// folder; `~` is the home. See [`crate::run::teacher`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teacher: Option<String>,
}

/// Bits of a weight and of an activation; a run file may write `[weight, activation]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Widths {
    /// Bits of a weight, 2 to 8.
    pub weight: u32,
    /// Bits of an activation, 2 to 8.
    pub activation: u32,
}

impl From<(u32, u32)> for Widths {
    fn from((weight, activation): (u32, u32)) -> Self {
        Self { weight, activation }
    }
}

impl From<Widths> for (u32, u32) {
    fn from(w: Widths) -> Self {
        (w.weight, w.activation)
    }
}

/// Integer quantization: quantization-aware fine-tuning at fewer and fewer bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IqConfig {
    /// Rungs, mildest first: `[weight bits, activation bits]` of every layer.
    pub ladder: Vec<Widths>,
    /// How a rung's weight bits are shared out.
    pub allocation: Allocation,
    /// Layers that no rung takes below these bits.
    pub least: BTreeMap<String, Widths>,
    /// Layers that take this many bits fewer than the rung (never below 2): `[weight, activation]`.
    pub fewer: BTreeMap<String, Widths>,
    /// Margin where another stage follows: `{ steps = 1 }` or `{ accuracy = 0.001 }`.
    pub margin: Margin,
    /// Rungs on the brute-force grid; all of them where empty.
    pub grid: Vec<usize>,
    /// Each candidate's training.
    pub fine_tune: FineTune,
}

/// How the weight bits of a rung are shared out among the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allocation {
    /// Every layer has them.
    #[default]
    Uniform,
    /// They are the mean over all weights; layers whose rounding changes the network's answers more have more.
    Sensitivity,
}

/// Network slimming: an L1 penalty on BatchNorm scales, then removal of the channels with the smallest ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NsConfig {
    /// Rungs, mildest first: fraction of the channels removed over the whole network.
    pub ladder: Vec<f64>,
    /// Weight of the L1 penalty on the scales in the sparsity training.
    pub l1: f64,
    /// The sparsity training, once before the candidates.
    pub sparsity: FineTune,
    /// Channels kept in a layer are rounded up to a multiple of this, so that foldings leave no remainder.
    pub multiple_of: usize,
    /// As in [`IqConfig`].
    pub margin: Margin,
    /// As in [`IqConfig`].
    pub grid: Vec<usize>,
    /// Each candidate's training.
    pub fine_tune: FineTune,
}

/// Which weights deep compression prunes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The fully connected layers.
    #[default]
    Fc,
    /// Every layer.
    All,
}

/// By what deep compression ranks weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Score {
    /// The weight's magnitude (Han et al., ICLR 2016): the published method.
    #[default]
    Magnitude,
    /// Magnitude times the root mean square of the input it weighs (Wanda, Sun et al., ICLR 2024): an input that is
    /// nearly always zero needs no weight, however large.
    Activation,
}

/// Deep compression: the smallest weights are zeroed and held at zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DcConfig {
    /// Rungs, mildest first: fraction of the weights in scope removed.
    pub ladder: Vec<f64>,
    /// Which weights.
    pub scope: Scope,
    /// What makes a weight small.
    pub score: Score,
    /// As in [`IqConfig`].
    pub margin: Margin,
    /// As in [`IqConfig`].
    pub grid: Vec<usize>,
    /// Each candidate's training.
    pub fine_tune: FineTune,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self {
            method: Method::Margin,
            order: StageName::ALL.to_vec(),
            target: Target::Drop(0.003),
            allowance: 0.0,
            objective: Objective::StoredBits,
            schedule: Schedule::Gallop,
            warm_start: WarmStart::Previous,
            trade: false,
            distill: Distill { weight: 0.7, temperature: 3.0, teacher: None },
            batch: None,
            iq: IqConfig::default(),
            ns: NsConfig::default(),
            dc: DcConfig::default(),
            polish: FineTune { epochs: 8, learning_rate: 1e-3 },
        }
    }
}

impl Default for IqConfig {
    fn default() -> Self {
        let ladder = [(8, 8), (6, 6), (5, 5), (4, 4), (3, 4), (3, 3), (2, 3), (2, 2)];
        Self {
            ladder: ladder.into_iter().map(Widths::from).collect(),
            allocation: Allocation::Uniform,
            least: BTreeMap::new(),
            fewer: BTreeMap::new(),
            margin: Margin::Steps(1),
            grid: Vec::new(),
            fine_tune: FineTune { epochs: 1, learning_rate: 1e-3 },
        }
    }
}

impl Default for NsConfig {
    fn default() -> Self {
        Self {
            ladder: vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
            l1: 1e-4,
            sparsity: FineTune { epochs: 3, learning_rate: 1e-3 },
            multiple_of: 1,
            margin: Margin::Steps(1),
            grid: Vec::new(),
            fine_tune: FineTune { epochs: 2, learning_rate: 1e-3 },
        }
    }
}

impl Default for DcConfig {
    fn default() -> Self {
        Self {
            ladder: vec![0.5, 0.7, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98],
            scope: Scope::Fc,
            score: Score::Magnitude,
            margin: Margin::Steps(1),
            grid: Vec::new(),
            fine_tune: FineTune { epochs: 2, learning_rate: 1e-3 },
        }
    }
}

impl SearchConfig {
    /// Margin by stage name, as the margin search wants them.
    pub fn margins(&self) -> BTreeMap<String, Margin> {
        let all = [(StageName::Iq, self.iq.margin), (StageName::Ns, self.ns.margin), (StageName::Dc, self.dc.margin)];
        all.into_iter().map(|(stage, margin)| (stage.as_str().to_string(), margin)).collect()
    }

    /// Rungs of a stage on the brute-force grid.
    pub fn grid(&self, stage: StageName) -> Vec<usize> {
        let (grid, rungs) = match stage {
            StageName::Iq => (&self.iq.grid, self.iq.ladder.len()),
            StageName::Ns => (&self.ns.grid, self.ns.ladder.len()),
            StageName::Dc => (&self.dc.grid, self.dc.ladder.len()),
        };
        if grid.is_empty() { (0..rungs).collect() } else { grid.clone() }
    }
}

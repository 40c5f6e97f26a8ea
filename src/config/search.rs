//! Section `[search]`: the target, the order of the stages, their ladders and recipes. `docs/method.md` explains them.

use std::collections::{BTreeMap, BTreeSet};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::error::InputError;
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
    /// How ladders are visited.
    pub schedule: Schedule,
    /// Where a stage's candidates start.
    pub warm_start: WarmStart,
    /// Distillation from the float baseline while fine-tuning.
    pub distill: Distill,
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distill {
    /// Share of the teacher in the loss, 0 to 1; 0 turns distillation off.
    pub weight: f64,
    /// Softening temperature.
    pub temperature: f64,
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

/// Deep compression: the smallest weights are zeroed and held at zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DcConfig {
    /// Rungs, mildest first: fraction of the weights in scope removed.
    pub ladder: Vec<f64>,
    /// Which weights.
    pub scope: Scope,
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
            schedule: Schedule::Gallop,
            warm_start: WarmStart::Previous,
            distill: Distill { weight: 0.7, temperature: 3.0 },
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
            margin: Margin::Steps(1),
            grid: Vec::new(),
            fine_tune: FineTune { epochs: 2, learning_rate: 1e-3 },
        }
    }
}

impl SearchConfig {
    /// Everything wrong with the section's values; places are key paths.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        self.check_order(&mut faults);
        self.check_target(&mut faults);
        self.check_ladders(&mut faults);
        self.check_training(&mut faults);
        faults
    }

    /// Margin by stage name, as the margin search wants them.
    pub fn margins(&self) -> BTreeMap<String, Margin> {
        let all = [(StageName::Iq, self.iq.margin), (StageName::Ns, self.ns.margin), (StageName::Dc, self.dc.margin)];
        all.into_iter().map(|(stage, margin)| (stage.as_str().to_string(), margin)).collect()
    }

    fn check_order(&self, faults: &mut Vec<InputError>) {
        let distinct: BTreeSet<_> = self.order.iter().collect();
        if distinct.len() != self.order.len() || !distinct.contains(&StageName::Iq) {
            let found: Vec<&str> = self.order.iter().map(|s| s.as_str()).collect();
            let expected =
                "iq, and ns and dc where wanted, each once (for no quantization to speak of: iq.ladder = [[8, 8]])";
            faults.push(InputError::new("search.order", format!("{found:?}"), expected));
        }
    }

    fn check_target(&self, faults: &mut Vec<InputError>) {
        let (key, value) = match self.target {
            Target::Drop(drop) => ("search.target.drop", drop),
            Target::Accuracy(accuracy) => ("search.target.accuracy", accuracy),
        };
        check_share(key, value, faults);
        for (key, margin) in [("iq", self.iq.margin), ("ns", self.ns.margin), ("dc", self.dc.margin)] {
            if let Margin::Accuracy(room) = margin {
                check_share(&format!("search.{key}.margin.accuracy"), room, faults);
            }
        }
        check_share("search.distill.weight", self.distill.weight, faults);
        if !(self.distill.temperature > 0.0 && self.distill.temperature <= 100.0) {
            let found = self.distill.temperature.to_string();
            faults.push(InputError::new("search.distill.temperature", found, "above 0, at most 100"));
        }
    }

    fn check_ladders(&self, faults: &mut Vec<InputError>) {
        for (i, w) in self.iq.ladder.iter().enumerate() {
            check_widths(&format!("search.iq.ladder[{i}]"), *w, 2, faults);
        }
        for (layer, w) in &self.iq.least {
            check_widths(&format!("search.iq.least.{layer}"), *w, 2, faults);
        }
        for (layer, w) in &self.iq.fewer {
            check_widths(&format!("search.iq.fewer.{layer}"), *w, 0, faults);
        }
        for (key, ladder) in [("ns", &self.ns.ladder), ("dc", &self.dc.ladder)] {
            let rising = ladder.windows(2).all(|w| w[0] < w[1]);
            if !rising || ladder.iter().any(|&r| !(0.0..1.0).contains(&r)) {
                let place = format!("search.{key}.ladder");
                faults.push(InputError::new(place, format!("{ladder:?}"), "rising fractions from 0 to below 1"));
            }
        }
        let lengths = [
            ("iq", self.iq.ladder.len(), &self.iq.grid),
            ("ns", self.ns.ladder.len(), &self.ns.grid),
            ("dc", self.dc.ladder.len(), &self.dc.grid),
        ];
        for (key, rungs, grid) in lengths {
            if rungs == 0 {
                faults.push(InputError::new(format!("search.{key}.ladder"), "no rung", "at least one"));
            } else if let Some(rung) = grid.iter().find(|&&r| r >= rungs) {
                let expected = format!("rungs of the ladder, 0 to {}", rungs - 1);
                faults.push(InputError::new(format!("search.{key}.grid"), rung.to_string(), expected));
            }
        }
    }

    fn check_training(&self, faults: &mut Vec<InputError>) {
        let trainings = [
            ("iq.fine_tune", self.iq.fine_tune),
            ("ns.fine_tune", self.ns.fine_tune),
            ("ns.sparsity", self.ns.sparsity),
            ("dc.fine_tune", self.dc.fine_tune),
            ("polish", self.polish),
        ];
        for (key, t) in trainings {
            if !(t.learning_rate > 0.0 && t.learning_rate <= 10.0) {
                let place = format!("search.{key}.learning_rate");
                faults.push(InputError::new(place, t.learning_rate.to_string(), "above 0, at most 10"));
            }
            if t.epochs > 10_000 {
                faults.push(InputError::new(format!("search.{key}.epochs"), t.epochs.to_string(), "at most 10000"));
            }
        }
        if !(self.ns.l1 >= 0.0 && self.ns.l1 <= 1.0) {
            faults.push(InputError::new("search.ns.l1", self.ns.l1.to_string(), "0 to 1"));
        }
        if !(1..=64).contains(&self.ns.multiple_of) {
            faults.push(InputError::new("search.ns.multiple_of", self.ns.multiple_of.to_string(), "1 to 64"));
        }
    }
}

fn check_share(key: &str, value: f64, faults: &mut Vec<InputError>) {
    if !(0.0..=1.0).contains(&value) {
        faults.push(InputError::new(key, value.to_string(), "a fraction from 0 to 1"));
    }
}

fn check_widths(key: &str, w: Widths, least: u32, faults: &mut Vec<InputError>) {
    if [w.weight, w.activation].iter().any(|b| !(least..=8).contains(b)) {
        let found = format!("[{}, {}]", w.weight, w.activation);
        faults.push(InputError::new(key, found, format!("[weight bits, activation bits], {least} to 8 each")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SearchConfig, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn the_defaults_are_right_and_survive_a_round_trip() {
        let config = SearchConfig::default();
        assert_eq!(config.check(), []);
        let text = toml::to_string(&config).unwrap();
        assert_eq!(parse(&text).unwrap(), config, "{text}");
        assert_eq!(parse("").unwrap(), config);
    }

    #[test]
    fn a_run_file_may_say_everything() {
        let text = r#"
            method = "brute-force"
            order = ["ns", "iq"]
            target = { accuracy = 0.9 }
            iq = { ladder = [[8, 8], [3, 4]], least = { conv1 = [4, 8] }, margin = { accuracy = 0.002 }, grid = [1] }
            dc = { scope = "all", fine_tune = { epochs = 0, learning_rate = 0.1 } }
        "#;
        let config = parse(text).unwrap();
        assert_eq!(config.check(), []);
        assert_eq!(config.iq.ladder[1], Widths { weight: 3, activation: 4 });
        assert_eq!(config.margins()["iq"], Margin::Accuracy(0.002));
        assert_eq!((config.method, config.dc.scope), (Method::BruteForce, Scope::All));
    }

    #[test]
    fn unknown_keys_and_stages_are_refused() {
        assert!(parse("margin = 3").is_err());
        assert!(parse("order = [\"iq\", \"xx\"]").is_err());
        assert!(parse("iq = { margin = { steps = 1, accuracy = 0.1 } }").is_err());
    }

    #[test]
    fn each_wrong_value_names_its_place() {
        let cases = [
            ("order = [\"ns\", \"dc\"]", "search.order"),
            ("order = [\"iq\", \"iq\"]", "search.order"),
            ("target = { drop = 1.5 }", "search.target.drop"),
            ("distill = { weight = -0.1, temperature = 1.0 }", "search.distill.weight"),
            ("distill = { weight = 0.1, temperature = 0.0 }", "search.distill.temperature"),
            ("iq = { ladder = [[8, 8], [1, 4]] }", "search.iq.ladder[1]"),
            ("iq = { ladder = [] }", "search.iq.ladder"),
            ("iq = { least = { fc1 = [4, 9] } }", "search.iq.least.fc1"),
            ("iq = { grid = [99] }", "search.iq.grid"),
            ("iq = { margin = { accuracy = 2.0 } }", "search.iq.margin.accuracy"),
            ("ns = { ladder = [0.5, 0.5] }", "search.ns.ladder"),
            ("ns = { l1 = -1.0 }", "search.ns.l1"),
            ("ns = { multiple_of = 0 }", "search.ns.multiple_of"),
            ("dc = { ladder = [0.5, 1.0] }", "search.dc.ladder"),
            ("polish = { epochs = 2, learning_rate = 0.0 }", "search.polish.learning_rate"),
            ("polish = { epochs = 20000, learning_rate = 0.1 }", "search.polish.epochs"),
        ];
        for (text, place) in cases {
            let faults = parse(text).unwrap().check();
            assert_eq!(faults.iter().map(|f| f.place.as_str()).collect::<Vec<_>>(), [place], "{text}");
        }
    }
}

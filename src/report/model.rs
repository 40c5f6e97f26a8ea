//! What a report says: the keys of `report.json`, which `docs/report-schema.md` describes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ablate::Ablation;
use crate::config::search::{Method, StageName};
use crate::power::estimate::Estimate;
use crate::run::record::{DesignRecord, Environment, SimRecord};
use crate::search::journal::Entry;

/// Name of the format.
pub const SCHEMA: &str = "slimgate-report";
/// Version of the format: it grows when a key changes its meaning or goes.
pub const VERSION: u32 = 1;

/// The whole report.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// The run's name.
    pub name: String,
    /// Images of the test set, on which every `test_accuracy` was measured.
    pub test_images: usize,
    /// The float network.
    pub baseline: Figures,
    /// The integer network of the run's folder.
    #[serde(rename = "final")]
    pub last: Figures,
    /// How many times less the final network is than the baseline.
    pub ratios: Ratios,
    /// The network that left each stage, in order.
    pub stages: Vec<Stage>,
    /// How the search went.
    pub search: Search,
    /// The final network's nodes, in graph order.
    pub layers: Vec<Layer>,
    /// The generated design, as planned; absent before it is generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<DesignRecord>,
    /// Its simulation; absent before it is simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtl: Option<SimRecord>,
    /// What the design's activity costs; absent before `slimgate power`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<Estimate>,
    /// The designs of the stages beside each other; absent before `slimgate ablate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ablation: Option<Ablation>,
    /// What it takes to make the run again.
    pub reproduce: Reproduce,
    /// The source of every number above, by its place (`stages[].macs`).
    pub sources: BTreeMap<String, &'static str>,
}

/// How good and how big one network is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Accuracy on the test set, 0 to 1.
    pub test_accuracy: f64,
    /// Accuracy on the validation split, 0 to 1.
    pub val_accuracy: f64,
    /// Nonzero weights x their bits.
    pub params_bits: u64,
    /// Everything that must be stored, in bits.
    pub stored_bits: u64,
    /// Multiply-accumulates an image, zero weights not counted.
    pub macs: u64,
    /// MACs x weight bits x activation bits.
    pub bops: u64,
}

/// Baseline / final.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ratios {
    /// Times smaller in `params_bits`.
    pub params_bits: f64,
    /// Times smaller in `stored_bits`.
    pub stored_bits: f64,
    /// Times fewer multiply-accumulates.
    pub macs: f64,
    /// Times fewer bit operations.
    pub bops: f64,
    /// Test accuracy of the baseline minus that of the final network, in fractions of 1.
    pub test_accuracy_loss: f64,
}

/// The network that left one stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stage {
    /// `float`, `iq`, `ns`, `dc`, `polish`.
    pub name: String,
    /// The same as `test_accuracy`.
    pub accuracy: f64,
    #[serde(flatten)]
    pub figures: Figures,
    /// Times smaller than the baseline in `stored_bits`.
    pub times_smaller: f64,
    /// The decision in words.
    pub why: String,
}

/// How the search went.
#[derive(Debug, Clone, Serialize)]
pub struct Search {
    /// Margin search or brute force.
    pub method: Method,
    /// Stages in their order.
    pub order: Vec<StageName>,
    /// Validation accuracy that the final network must reach.
    pub target_val_accuracy: f64,
    /// Whether it does.
    pub met: bool,
    /// Wall-clock seconds over all candidates.
    pub seconds: f64,
    /// The path: every network made, in the order of their making.
    pub candidates: Vec<Candidate>,
}

/// One network of the search.
#[derive(Debug, Clone, Serialize)]
pub struct Candidate {
    /// Its line in the journal.
    #[serde(flatten)]
    pub entry: Entry,
    /// Times smaller than the baseline in `stored_bits`.
    pub times_smaller: f64,
    /// Name of the stage that it left, where it is the one that was kept.
    pub kept: Option<String>,
}

/// One node of the final network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layer {
    /// Node's name.
    pub name: String,
    /// Operation.
    pub op: &'static str,
    /// Channels (or features) of the output in the float network.
    pub channels_before: Option<usize>,
    /// Channels (or features) of the output.
    pub channels: usize,
    /// Bits of a weight; null without weights.
    pub weight_bits: Option<u32>,
    /// Bits of an output value; null for the raw scores of the last layer.
    pub activation_bits: Option<u32>,
    /// Weights, zeros included.
    pub weights: u64,
    /// Weights that are not zero.
    pub nonzeros: u64,
    /// Multiply-accumulates an image, zero weights not counted.
    pub macs: u64,
    /// Everything that must be stored for the node, in bits.
    pub stored_bits: u64,
    /// The engine of the node, where it has one and the design is generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<LayerEngine>,
}

/// A layer's engine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerEngine {
    /// `conv`, `sparse` or `pool`.
    pub kind: String,
    /// `in_par` and `out_par`, or `banks` and `in_lanes`; empty for pools.
    pub folding: BTreeMap<String, usize>,
    /// Multiply-accumulate lanes.
    pub lanes: usize,
    /// Planned cycles an image.
    pub planned_cycles: u64,
    /// True where `planned_cycles` is a bound.
    pub bound: bool,
    /// Useful MACs / (lanes x measured cycles an image); null before simulation and without lanes.
    pub lane_utilisation: Option<f64>,
    /// For the first images at the planned pace, the cycles in which the engine has an image's first word and its last result.
    pub timeline: Vec<[u64; 2]>,
}

/// What it takes to make the run again.
#[derive(Debug, Clone, Serialize)]
pub struct Reproduce {
    /// Seed of everything random in the run.
    pub seed: u64,
    /// CPU threads of the training.
    pub threads: usize,
    /// `cpu` or `cuda`.
    pub device: String,
    /// Command line and versions; null for a run that did not note them.
    pub environment: Option<Environment>,
    /// SHA-256 by what they identify: `config`, `baseline`, `network`, and `design` where there is one.
    pub sha256: BTreeMap<String, String>,
    /// Wall-clock seconds of every finished step.
    pub seconds: BTreeMap<String, f64>,
}

//! Section `[train]`: how the float baseline is trained; the search's fine-tuning takes over what it does not set.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::error::InputError;

/// Images that a batch may have, as a range and in words.
pub(super) const BATCH: RangeInclusive<usize> = 1..=65_536;
pub(super) const BATCH_WORDS: &str = "1 to 65536";

/// The training recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in a batch.
    pub batch: usize,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Decoupled weight decay (adamw), or L2 penalty (sgd); not on biases and BatchNorm.
    pub weight_decay: f64,
    /// Nesterov momentum (sgd), or beta 1 (adamw).
    pub momentum: f64,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// Fraction of the steps in which the learning rate rises to its peak.
    pub warmup: f64,
    /// Random changes to training images.
    pub augment: Augment,
    /// Number format of the forward and backward pass; parameters and BatchNorm stay f32.
    pub precision: Precision,
    /// Where to compute.
    pub device: Device,
    /// CPU threads; 0 takes every core. Results are the same bit for bit only for the same number.
    pub threads: usize,
}

/// The optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).
    #[serde(rename = "adamw")]
    AdamW,
    /// Stochastic gradient descent with Nesterov momentum.
    Sgd,
}

/// The learning rate over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Up from a 25th of the peak, then down to nothing, both along a half cosine (Smith and Topin, 2017).
    OneCycle,
    /// Linear warm-up, then down along a half cosine.
    Cosine,
}

/// Random changes to training images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augment {
    /// Most pixels by which an image is shifted, each way; what comes in is 0.
    pub shift: usize,
    /// Mirror half of the images left to right.
    pub flip: bool,
}

/// Number format of the passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// 32-bit floating point.
    F32,
    /// bfloat16 (needs a processor with AVX-512 BF16 or AMX to be fast).
    Bf16,
}

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The first GPU (needs a CUDA libtorch in `LIBTORCH`).
    Cuda,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            epochs: 10,
            batch: 128,
            optimizer: Optimizer::AdamW,
            learning_rate: 3e-3,
            weight_decay: 0.01,
            momentum: 0.9,
            schedule: Schedule::OneCycle,
            warmup: 0.25,
            augment: Augment::default(),
            precision: Precision::F32,
            device: Device::default(),
            threads: 0,
        }
    }
}

impl TrainConfig {
    /// The recipe with the default device: what keys of networks depend on, so that a run may move between a GPU and the
    /// processor.
    #[must_use]
    pub fn on_any_device(&self) -> Self {
        Self { device: Device::default(), ..self.clone() }
    }

    /// Everything wrong with the section's values; places are key paths.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        let mut require = |holds: bool, key: &str, found: String, expected: &str| {
            if !holds {
                faults.push(InputError::new(format!("train.{key}"), found, expected));
            }
        };
        let rate = self.learning_rate;
        require((1..=10_000).contains(&self.epochs), "epochs", self.epochs.to_string(), "1 to 10000");
        require(BATCH.contains(&self.batch), "batch", self.batch.to_string(), BATCH_WORDS);
        require(rate > 0.0 && rate <= 10.0, "learning_rate", rate.to_string(), "above 0, at most 10");
        let decay = self.weight_decay;
        require((0.0..=1.0).contains(&decay), "weight_decay", decay.to_string(), "0 to 1");
        require((0.0..1.0).contains(&self.momentum), "momentum", self.momentum.to_string(), "0 to below 1");
        require((0.0..1.0).contains(&self.warmup), "warmup", self.warmup.to_string(), "a fraction from 0 to below 1");
        require(self.augment.shift <= 64, "augment.shift", self.augment.shift.to_string(), "0 to 64");
        require(self.threads <= 1024, "threads", self.threads.to_string(), "0 to 1024");
        faults
    }
}

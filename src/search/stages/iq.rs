//! IQ, integer quantization: weights and activations of fewer and fewer bits, with quantization-aware fine-tuning.

use anyhow::Result;
use tch::Tensor;

use super::Stage;
use super::sensitivity::{allot, measure};
use crate::config::search::{Allocation, FineTune, IqConfig, Widths};
use crate::train::{Bits, Model};

/// Fewest bits of a weight or an activation.
pub(super) const LEAST: u32 = 2;

/// See the module.
#[derive(Debug)]
pub struct Iq {
    config: IqConfig,
}

impl Iq {
    /// The stage as configured.
    pub fn new(config: &IqConfig) -> Self {
        Self { config: config.clone() }
    }

    /// Bits of one layer at a rung.
    fn widths(&self, rung: usize, layer: &str) -> Widths {
        let Widths { weight, activation } = self.config.ladder[rung];
        let fewer = self.config.fewer.get(layer).copied().unwrap_or(Widths { weight: 0, activation: 0 });
        let least = self.config.least.get(layer).copied().unwrap_or(Widths { weight: LEAST, activation: LEAST });
        Widths {
            weight: weight.saturating_sub(fewer.weight).max(least.weight).max(LEAST),
            activation: activation.saturating_sub(fewer.activation).max(least.activation).max(LEAST),
        }
    }
}

impl Stage for Iq {
    fn rungs(&self) -> usize {
        self.config.ladder.len()
    }

    fn mandatory(&self) -> bool {
        true
    }

    fn fine_tune(&self) -> FineTune {
        self.config.fine_tune
    }

    /// Sets the bits and finds scales on the calibration images; masks and shapes stay.
    fn apply(&self, rung: usize, start: &Model, from: &Model, calibration: &Tensor) -> Result<Model> {
        let mut model = from.clone();
        let weights = match self.config.allocation {
            Allocation::Uniform => {
                model.layers().map(|n| (n.name.clone(), self.widths(rung, &n.name).weight)).collect()
            }
            Allocation::Sensitivity => {
                let least = |layer: &str| self.config.least.get(layer).map_or(LEAST, |widths| widths.weight);
                allot(&measure(start, calibration, least), self.config.ladder[rung].weight)
            }
        };
        let bits = |node: &str| self.widths(rung, model.scale_owner(node)).activation;
        let acts = model.activations().map(|n| (n.name.clone(), bits(&n.name))).collect();
        model.quantize(&Bits { weights, acts }, calibration)?;
        Ok(model)
    }

    fn ratio(&self, _rung: usize) -> f64 {
        0.0
    }

    fn fingerprint(&self, rung: usize) -> String {
        let uniform = format!("{:?} {:?} {:?}", self.config.ladder[rung], self.config.least, self.config.fewer);
        match self.config.allocation {
            Allocation::Uniform => uniform,
            Allocation::Sensitivity => format!("{uniform} by sensitivity"),
        }
    }
}

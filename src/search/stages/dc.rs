//! DC, deep compression (Han et al., ICLR 2016): the weights of smallest magnitude are zeroed and held at zero, and
//! nodes without a remaining connection go too.

use anyhow::Result;
use tch::{Kind, Tensor};

use super::Stage;
use crate::config::layers::LayerOp;
use crate::config::search::{DcConfig, FineTune, Scope, Score};
use crate::train::Model;

/// See the module.
#[derive(Debug)]
pub struct Dc {
    config: DcConfig,
}

impl Dc {
    /// The stage as configured.
    pub fn new(config: &DcConfig) -> Self {
        Self { config: config.clone() }
    }

    /// Names of the layers in scope.
    fn layers(&self, model: &Model) -> Vec<String> {
        let in_scope = |op: &LayerOp| self.config.scope == Scope::All || matches!(op, LayerOp::Dense { .. });
        model.layers().filter(|n| in_scope(&n.op)).map(|n| n.name.clone()).collect()
    }

    /// How much each weight counts, by layer, in the shape of its weights.
    fn scores(&self, model: &Model, layers: &[String], images: &Tensor) -> Vec<Tensor> {
        let magnitudes = layers.iter().map(|l| model.weight(l).abs());
        if self.config.score == Score::Magnitude {
            return magnitudes.collect();
        }
        let rms = model.input_rms(images);
        let along_inputs = |w: Tensor, rms: &Tensor| {
            let mut size = vec![1; w.dim()];
            size[1] = -1;
            w * rms.view(size.as_slice())
        };
        magnitudes.zip(layers).map(|(w, layer)| along_inputs(w, &rms[layer])).collect()
    }
}

impl Stage for Dc {
    fn rungs(&self) -> usize {
        self.config.ladder.len()
    }

    fn fine_tune(&self) -> FineTune {
        self.config.fine_tune
    }

    fn apply(&self, rung: usize, start: &Model, from: &Model, calibration: &Tensor) -> Result<Model> {
        let total: usize = self.layers(start).iter().map(|l| start.weight(l).numel()).sum();
        let kept = total - (self.config.ladder[rung] * total as f64).round() as usize;
        let mut model = from.clone();
        let layers = self.layers(from);
        let scores = self.scores(from, &layers, calibration);
        let threshold = kth_largest(&scores, kept);
        for (layer, score) in layers.iter().zip(&scores) {
            model.set_mask(layer, &score.ge(threshold))?;
        }
        model.remove_dead()?;
        Ok(model)
    }

    fn ratio(&self, rung: usize) -> f64 {
        self.config.ladder[rung]
    }

    fn fingerprint(&self, rung: usize) -> String {
        format!("{} of the weights, {:?}, by {:?}", self.config.ladder[rung], self.config.scope, self.config.score)
    }
}

/// The `k`-th largest value of all tensors together, but above 0: a weight that is zero already stays pruned.
fn kth_largest(tensors: &[Tensor], k: usize) -> f64 {
    let flat: Vec<Tensor> = tensors.iter().map(|t| t.flatten(0, -1).to_kind(Kind::Double)).collect();
    let all = Tensor::cat(&flat, 0);
    let count = all.numel();
    if k == 0 || count == 0 {
        return f64::INFINITY;
    }
    let ascending = (count - k.min(count) + 1) as i64;
    all.kthvalue(ascending, 0, false).0.double_value(&[]).max(f32::MIN_POSITIVE.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_keeps_as_many_as_asked() {
        let tensors = [Tensor::from_slice(&[0.5f32, 0.0, 3.0]), Tensor::from_slice(&[2.0f32, 0.25, 0.0])];
        for (k, expected) in [(1, 3.0), (2, 2.0), (3, 0.5), (4, 0.25)] {
            assert_eq!(kth_largest(&tensors, k), expected);
        }
        assert!(kth_largest(&tensors, 6) > 0.0, "zeros stay pruned");
        assert_eq!(kth_largest(&tensors, 0), f64::INFINITY);
    }
}

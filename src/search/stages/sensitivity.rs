//! Bits of weights by layer, where they matter most: a sensitivity pass before any fine-tuning.
//!
//! Each layer's weights alone are rounded to each width, and the network's answers on calibration images are compared
//! with the float ones' (Kullback-Leibler divergence, as in ZeroQ, Cai et al., CVPR 2020). Then bits go
//! to the layer where a bit of memory removes most of the divergence.

use std::collections::BTreeMap;

use tch::{Kind, Reduction, Tensor};

use super::iq::LEAST;
use crate::train::{Mode, Model, quant};

/// Most bits of a weight.
const MOST: u32 = 8;
/// Images that answers are compared on: more change the order of layers little.
const IMAGES: i64 = 128;

/// How much rounding one layer changes, and what its bits cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Weights that are not pruned.
    pub weights: usize,
    /// Fewest bits allowed.
    pub least: u32,
    /// Divergence at 2, 3, … 8 bits.
    pub divergence: Vec<f64>,
}

impl Layer {
    fn at(&self, bits: u32) -> f64 {
        self.divergence[(bits - LEAST) as usize]
    }
}

/// The sensitivity of each layer of `model` on `images` `[N, C, H, W]`, values 0 to 1; `least` says how few bits a layer
/// may have.
pub fn measure(model: &Model, images: &Tensor, least: impl Fn(&str) -> u32) -> BTreeMap<String, Layer> {
    let images = images.narrow(0, 0, images.size()[0].min(IMAGES));
    let mut float = model.clone();
    float.dequantize();
    let answers = |model: &Model| model.forward(&images, Mode::Eval).log_softmax(-1, Kind::Float);
    let goal = answers(&float);
    let divergence = |layer: &str, bits: u32| {
        let mut rounded = float.clone();
        let weight = float.effective_weight(layer).detach();
        let shared = layer == float.last().name;
        let scale = quant::search_weight_scale(&weight, bits, shared);
        rounded.set(layer, "weight", &quant::weight_eval(&weight, &scale, bits));
        answers(&rounded).kl_div(&goal, Reduction::Sum, true).double_value(&[]) / images.size()[0] as f64
    };
    let layer = |name: &str| Layer {
        weights: float.unmasked(name),
        least: least(name).clamp(LEAST, MOST),
        divergence: (LEAST..=MOST).map(|bits| divergence(name, bits)).collect(),
    };
    float.layers().map(|node| (node.name.clone(), layer(&node.name))).collect()
}

/// Bits by layer, `mean` of them a weight over the whole network and no more (unless the layers' least bits are more);
/// fewer where more bits would change nothing.
pub fn allot(layers: &BTreeMap<String, Layer>, mean: u32) -> BTreeMap<String, u32> {
    let mut bits: BTreeMap<String, u32> = layers.iter().map(|(name, layer)| (name.clone(), layer.least)).collect();
    let budget: usize = layers.values().map(|layer| layer.weights * mean as usize).sum();
    let mut spent: usize = layers.values().map(|layer| layer.weights * layer.least as usize).sum();
    loop {
        let room = budget.saturating_sub(spent);
        let steps = layers.iter().flat_map(|(name, layer)| {
            let now = bits[name];
            let most = (room / layer.weights.max(1)).min((MOST - now) as usize) as u32;
            (1..=most).map(move |more| {
                let gain = (layer.at(now) - layer.at(now + more)) / (layer.weights.max(1) * more as usize) as f64;
                (gain, name, more)
            })
        });
        let best = steps.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(gain, _, _)| *gain > 0.0);
        let Some((_, name, more)) = best else { return bits };
        spent += layers[name].weights * more as usize;
        *bits.get_mut(name).expect("every layer has bits") += more;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(weights: usize, least: u32, first: f64) -> Layer {
        // Each bit takes three quarters of the divergence away, as rounding to half the step does.
        Layer { weights, least, divergence: (0..7).map(|i| first / f64::from(1 << (2 * i))).collect() }
    }

    #[test]
    fn bits_go_where_they_pay_and_keep_the_mean() {
        let layers: BTreeMap<String, Layer> = [
            ("small".to_string(), layer(10, 2, 1.0)),
            ("large".to_string(), layer(1000, 2, 1.0)),
            ("deaf".to_string(), layer(1000, 2, 0.001)),
            ("held".to_string(), layer(100, 5, 0.0)),
        ]
        .into();
        let bits = allot(&layers, 4);
        assert_eq!(bits["small"], 8, "bits of few weights cost nothing");
        assert!(bits["large"] > bits["deaf"], "{bits:?}");
        assert_eq!(bits["held"], 5, "more bits would change nothing");
        let spent: usize = layers.iter().map(|(name, l)| l.weights * bits[name] as usize).sum();
        let budget = 4 * layers.values().map(|l| l.weights).sum::<usize>();
        assert!(spent <= budget && spent + 1000 > budget, "{spent} of {budget}: {bits:?}");
    }

    #[test]
    fn a_bit_that_helps_only_with_the_next_one_is_seen() {
        let mut odd = layer(100, 2, 1.0);
        odd.divergence[1] = 1.1;
        let layers: BTreeMap<String, Layer> =
            [("odd".to_string(), odd), ("flat".to_string(), layer(100, 2, 1e-6))].into();
        assert!(allot(&layers, 4)["odd"] >= 5);
    }

    #[test]
    fn least_bits_stand_even_above_the_mean() {
        let layers: BTreeMap<String, Layer> = [("a".to_string(), layer(10, 6, 1.0))].into();
        assert_eq!(allot(&layers, 3)["a"], 6);
    }
}

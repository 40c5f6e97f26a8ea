//! Equal ranges for the channels that share a scale (cross-layer equalization, Nagel et al., ICCV 2019).
//!
//! A dense block keeps one scale for all channels it carries along, but its layers' outputs differ in range: at few bits
//! the weak channels round to nothing, and their BatchNorms amplify what is left. Where BatchNorms alone read a
//! channel, its size is free: the layer's weights take a factor, and the BatchNorms' statistics take it back.

use std::collections::BTreeMap;

use tch::{Kind, Tensor};

use super::graph::consumers;
use super::model::{BN_EPSILON, Model};
use super::quant::along_outputs;
use crate::config::layers::{LayerOp, LayerSpec};

/// Standard deviations of a channel that count as its range.
const DEVIATIONS: f64 = 3.0;
/// Largest factor: a channel that hardly varies stays small.
const MOST: f64 = 64.0;

/// Where a layer's channels stand in a BatchNorm that reads them: its name and their first position.
type Reader = (String, usize);

impl Model {
    /// Scales the outputs of layers that BatchNorms alone read, so that all channels under one scale have the mean of
    /// their ranges. What the network computes stays.
    pub(crate) fn equalize(&mut self) {
        let _guard = tch::no_grad_guard();
        let mut groups: BTreeMap<String, Vec<(String, Vec<Reader>)>> = BTreeMap::new();
        for layer in self.layers().filter(|n| !n.batch_norm && !n.relu) {
            let mut readers = Vec::new();
            if self.normed_readers(layer, 0, &mut readers) && !readers.is_empty() {
                groups.entry(self.shared_tensor(layer)).or_default().push((layer.name.clone(), readers));
            }
        }
        for members in groups.into_values() {
            let ranges: Vec<Tensor> = members.iter().map(|(layer, readers)| self.range(layer, &readers[0])).collect();
            let mean = Tensor::cat(&ranges, 0).mean(Kind::Float);
            for ((layer, readers), range) in members.iter().zip(&ranges) {
                let factor = (&mean / range).clamp(1.0 / MOST, MOST);
                self.scale_outputs(layer, readers, &factor);
            }
        }
    }

    /// Collects the BatchNorms that read `node`, whose first channel is `offset` of it; false where something else
    /// reads it too.
    fn normed_readers(&self, node: &LayerSpec, offset: usize, readers: &mut Vec<Reader>) -> bool {
        consumers(&self.nodes, &node.name).all(|reader| match reader.op {
            LayerOp::BatchNorm => {
                readers.push((reader.name.clone(), offset));
                true
            }
            LayerOp::MaxPool(_) | LayerOp::AvgPool(_) => self.normed_readers(reader, offset, readers),
            LayerOp::Concat => {
                let before = reader.inputs.iter().take_while(|i| **i != node.name);
                let before: usize = before.map(|i| self.channels(i)).sum();
                let once = reader.inputs.iter().filter(|i| **i == node.name).count() == 1;
                once && self.normed_readers(reader, offset + before, readers)
            }
            _ => false,
        })
    }

    fn channels(&self, tensor: &str) -> usize {
        self.nodes.iter().find(|n| n.name == tensor).map_or(self.input.c, |n| n.shape.c)
    }

    /// Name of what the channels of `layer` share a scale with: that of the concat chain it goes into, else its own.
    fn shared_tensor(&self, layer: &LayerSpec) -> String {
        let mut readers = consumers(&self.nodes, &layer.name);
        let concat = readers.find(|n| n.op == LayerOp::Concat);
        self.scale_owner(concat.map_or(&layer.name, |n| &n.name)).to_string()
    }

    /// How far each channel reaches, as a BatchNorm saw it: `[O]`.
    fn range(&self, layer: &str, (reader, offset): &Reader) -> Tensor {
        let length = self.get(layer, "weight").size()[0];
        let part = |kind: &str| self.get(reader, kind).detach().narrow(0, *offset as i64, length);
        part("mean").abs() + part("var").clamp_min(1e-12).sqrt() * DEVIATIONS
    }

    fn scale_outputs(&mut self, layer: &str, readers: &[Reader], factor: &Tensor) {
        for kind in ["weight", "bias"] {
            let Some(t) = self.find(layer, kind).map(Tensor::detach) else { continue };
            let scaled = &t * along_outputs(factor, t.dim());
            self.set(layer, kind, &scaled);
        }
        for (reader, offset) in readers {
            let part = |t: &Tensor| t.narrow(0, *offset as i64, factor.size()[0]);
            let [gamma, mean, var] = ["gamma", "mean", "var"].map(|kind| self.get(reader, kind).detach().copy());
            let deviation = |var: &Tensor| (var + BN_EPSILON).sqrt();
            let before = deviation(&part(&var));
            let _ = part(&mean).g_mul_(factor);
            let _ = part(&var).g_mul_(&factor.square());
            // The epsilon does not scale along.
            let _ = part(&gamma).g_mul_(&(deviation(&part(&var)) / (before * factor)));
            for (kind, t) in [("gamma", &gamma), ("mean", &mean), ("var", &var)] {
                self.set(reader, kind, t);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::network::NetworkConfig;
    use crate::network::graph::Shape;
    use crate::train::Mode;

    fn densenet() -> Model {
        let config: NetworkConfig = toml::from_str("family = \"densenet40\"\ngrowth = 2").unwrap();
        let shape = Shape { c: 3, h: 8, w: 8 };
        let mut model = Model::new(&config.resolve(shape, 4).unwrap(), shape, 1).unwrap();
        let norms: Vec<String> = model.nodes().iter().filter(|n| n.has_batch_norm()).map(|n| n.name.clone()).collect();
        for (seed, node) in norms.iter().enumerate() {
            tch::manual_seed(seed as i64);
            let drawn = |t: &Tensor| t.rand_like();
            let (mean, var) = (drawn(model.get(node, "mean")), drawn(model.get(node, "var")).square() + 1e-3);
            model.set(node, "mean", &mean);
            model.set(node, "var", &var);
        }
        model
    }

    #[test]
    fn ranges_become_equal_and_the_network_stays_the_same() {
        let mut model = densenet();
        let images = Tensor::arange(2 * 3 * 64, (Kind::Float, tch::Device::Cpu)).view([2, 3, 8, 8]) / 400.0;
        let before = model.forward(&images, Mode::Eval);
        let reader = ("b1l2_bn".to_string(), 16);
        let spread = |model: &Model| {
            let range = model.range("b1l1_conv", &reader);
            (range.max() / range.min()).double_value(&[])
        };
        assert!(spread(&model) > 1.1);
        model.equalize();
        assert!(spread(&model) < 1.001, "{}", spread(&model));
        let error = (model.forward(&images, Mode::Eval) - &before).abs().max().double_value(&[]);
        let size = before.abs().max().double_value(&[]);
        assert!(error < 1e-4 * size, "{error} of {size}");
    }

    #[test]
    fn layers_that_a_layer_reads_keep_their_ranges() {
        let config: NetworkConfig = toml::from_str("family = \"small\"").unwrap();
        let shape = Shape { c: 1, h: 8, w: 8 };
        let mut model = Model::new(&config.resolve(shape, 4).unwrap(), shape, 1).unwrap();
        let before = model.weight("fc1");
        model.equalize();
        assert_eq!(model.weight("fc1"), before);
    }
}

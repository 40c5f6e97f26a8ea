//! A float network: graph, named parameters, and (where set) bit widths and pruning masks.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::graph::scale_owner;
use super::quant::Quant;
use crate::config::layers::{LayerOp, LayerSpec, infer_shapes};
use crate::network::graph::{INPUT, Shape};

/// A network that can be trained, slimmed, pruned and quantized.
///
/// Parameters are named `<node>.weight`, `.bias`, `.gamma`, `.beta` (BatchNorm), `.mean`, `.var` (its running
/// statistics), `.weight_scale` and `.act_scale` (see [`Quant`]; a chain of concats has one). The channel counts in the graph are the current
/// ones, so a slimmed model is just another model.
#[derive(Debug)]
pub struct Model {
    pub(crate) nodes: Vec<LayerSpec>,
    pub(crate) input: Shape,
    pub(crate) tensors: BTreeMap<String, Tensor>,
    pub(crate) masks: BTreeMap<String, Tensor>,
    pub(crate) quant: Option<Quant>,
}

/// A trainable parameter. The tensor is the model's own, not a copy.
#[derive(Debug)]
pub struct Param {
    /// `<node>.<kind>`.
    pub name: String,
    /// Shared with the model.
    pub tensor: Tensor,
    /// Whether weight decay applies: to weights, not to biases, BatchNorm or scales.
    pub decay: bool,
}

/// Added to BatchNorm's variance.
pub(crate) const BN_EPSILON: f64 = 1e-5;

const STATISTICS: [&str; 2] = [".mean", ".var"];

impl Model {
    /// A network of freshly drawn weights (He initialisation, uniform), reproducible by `seed`.
    ///
    /// # Errors
    /// Shapes that do not fit: see [`infer_shapes`]; or a last node that is not a plain layer, whose accumulators
    /// could be the scores.
    pub fn new(layers: &[LayerSpec], input: Shape, seed: u64) -> Result<Self> {
        let mut nodes = layers.to_vec();
        infer_shapes(input, &mut nodes)?;
        let last = nodes.last().context("a network without layers")?;
        ensure!(
            last.is_layer() && !last.batch_norm && !last.relu,
            "layer {}: the last layer gives the scores, so it has weights, no BatchNorm and no ReLU",
            last.name
        );
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut tensors = BTreeMap::new();
        for node in nodes.iter().filter(|n| n.op.has_weights()) {
            let source = nodes.iter().find(|n| n.name == node.inputs[0]);
            init_layer(node, source.map_or(input.c, |n| n.shape.c), &mut rng, &mut tensors);
        }
        let mut model = Self { nodes, input, tensors, masks: BTreeMap::new(), quant: None };
        model.track_gradients();
        Ok(model)
    }

    /// The image `[C, H, W]` it reads.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The nodes, each after its inputs.
    pub fn nodes(&self) -> &[LayerSpec] {
        &self.nodes
    }

    /// The convolutions and fully connected layers, in order.
    pub fn layers(&self) -> impl Iterator<Item = &LayerSpec> {
        self.nodes.iter().filter(|n| n.is_layer())
    }

    /// The layer whose accumulators are the scores.
    pub fn last(&self) -> &LayerSpec {
        self.nodes.last().expect("new refuses an empty network")
    }

    /// Classes: scores an image.
    pub fn classes(&self) -> usize {
        self.last().out_channels().expect("new wants a layer at the end")
    }

    /// Every tensor's shape, by node name ([`INPUT`] included).
    pub fn shapes(&self) -> BTreeMap<String, Shape> {
        let nodes = self.nodes.iter().map(|n| (n.name.clone(), n.shape));
        std::iter::once((INPUT.to_string(), self.input)).chain(nodes).collect()
    }

    /// The bit widths, where the model is quantized.
    pub fn quant(&self) -> Option<&Quant> {
        self.quant.as_ref()
    }

    /// Where the parameters are.
    pub fn device(&self) -> Device {
        self.get(&self.last().name, "weight").device()
    }

    /// A parameter that must exist, as `get("conv1", "weight")`.
    pub(crate) fn get(&self, node: &str, kind: &str) -> &Tensor {
        let name = format!("{node}.{kind}");
        self.tensors.get(&name).unwrap_or_else(|| panic!("the model has no tensor {name}"))
    }

    /// A parameter that may be missing.
    pub(crate) fn find(&self, node: &str, kind: &str) -> Option<&Tensor> {
        self.tensors.get(&format!("{node}.{kind}"))
    }

    /// The node whose scale, and whose bits, the output of `node` has: itself but in a chain of concats.
    pub fn scale_owner<'a>(&'a self, node: &'a str) -> &'a str {
        scale_owner(&self.nodes, node)
    }

    /// Logarithm of the scale of a node's requantized output, `[1]`, where it has one: see [`scale_owner`].
    pub(crate) fn act_scale(&self, node: &str) -> Option<&Tensor> {
        self.find(scale_owner(&self.nodes, node), "act_scale")
    }

    /// Stores a parameter (a leaf tensor of its own) and lets it learn where its kind does.
    pub(crate) fn set(&mut self, node: &str, kind: &str, value: &Tensor) {
        let name = format!("{node}.{kind}");
        let learns = learns(&name);
        let _guard = tch::no_grad_guard();
        let leaf = value.detach().contiguous().copy().set_requires_grad(learns);
        self.tensors.insert(name, leaf);
    }

    /// What an optimizer updates, in a fixed order.
    pub fn params(&self) -> Vec<Param> {
        let learned = self.tensors.iter().filter(|(name, _)| learns(name));
        let param = |(name, t): (&String, &Tensor)| Param {
            name: name.clone(),
            tensor: t.shallow_clone(),
            decay: name.ends_with(".weight"),
        };
        learned.map(param).collect()
    }

    /// BatchNorm scales by node name: views of the parameters, `[O]` each.
    pub fn gammas(&self) -> BTreeMap<String, Tensor> {
        let with_bn = self.nodes.iter().filter(|n| n.has_batch_norm());
        with_bn.map(|n| (n.name.clone(), self.get(&n.name, "gamma").shallow_clone())).collect()
    }

    /// A layer's weights, masked, on the CPU and without a gradient: `[O, I, Kh, Kw]` or `[O, I]`.
    pub fn weight(&self, layer: &str) -> Tensor {
        let _guard = tch::no_grad_guard();
        let w = self.get(layer, "weight").detach();
        let w = self.masks.get(layer).map_or(w.copy(), |m| &w * m);
        w.to_device(Device::Cpu)
    }

    /// A layer's pruning mask (1 keeps, 0 prunes), where it has one.
    pub fn mask(&self, layer: &str) -> Option<&Tensor> {
        self.masks.get(layer)
    }

    /// Prunes a layer's weights where `mask` is 0, from now on through training too; replaces an earlier mask.
    ///
    /// # Errors
    /// An unknown layer, or a mask of another shape.
    pub fn set_mask(&mut self, layer: &str, mask: &Tensor) -> Result<()> {
        let weight = self.find(layer, "weight").with_context(|| format!("no layer {layer}"))?;
        ensure!(mask.size() == weight.size(), "layer {layer}: a mask of another shape than the weights");
        let _guard = tch::no_grad_guard();
        let mask = mask.detach().to_kind(Kind::Float).to_device(weight.device()).contiguous().copy();
        let _ = weight.shallow_clone().g_mul_(&mask);
        self.masks.insert(layer.to_string(), mask);
        Ok(())
    }

    /// Weights that are not pruned, by layer.
    pub fn unmasked(&self, layer: &str) -> usize {
        let all = self.get(layer, "weight").numel();
        self.masks.get(layer).map_or(all, |m| m.sum(Kind::Double).double_value(&[]) as usize)
    }

    /// Moves every tensor.
    pub fn to_device(&mut self, device: Device) {
        let _guard = tch::no_grad_guard();
        for tensor in self.tensors.values_mut().chain(self.masks.values_mut()) {
            *tensor = tensor.detach().to_device(device);
        }
        self.track_gradients();
    }

    /// Marks the trainable tensors as such.
    pub(crate) fn track_gradients(&mut self) {
        for (name, tensor) in &mut self.tensors {
            *tensor = tensor.set_requires_grad(learns(name));
        }
    }
}

/// Whether a tensor of this name is learned, rather than a running statistic.
fn learns(name: &str) -> bool {
    !STATISTICS.iter().any(|s| name.ends_with(s))
}

impl Clone for Model {
    /// A deep copy: no tensor is shared.
    fn clone(&self) -> Self {
        let _guard = tch::no_grad_guard();
        let copy = |map: &BTreeMap<String, Tensor>| map.iter().map(|(k, t)| (k.clone(), t.detach().copy())).collect();
        let mut model = Self {
            nodes: self.nodes.clone(),
            input: self.input,
            tensors: copy(&self.tensors),
            masks: copy(&self.masks),
            quant: self.quant.clone(),
        };
        model.track_gradients();
        model
    }
}

/// He-uniform weights (a smaller range where no ReLU follows), zero bias, unit BatchNorm.
fn init_layer(node: &LayerSpec, inputs: usize, rng: &mut ChaCha8Rng, tensors: &mut BTreeMap<String, Tensor>) {
    let (size, out) = match node.op {
        LayerOp::Conv { out, window } => (vec![out, inputs, window.kernel[0], window.kernel[1]], out),
        LayerOp::Dense { out } => (vec![out, inputs], out),
        _ => (Vec::new(), inputs),
    };
    let constant = |value: f32| Tensor::from_slice(&vec![value; out]);
    let mut put = |kind: &str, t: Tensor| tensors.insert(format!("{}.{kind}", node.name), t);
    if node.is_layer() {
        let fan_in = size[1..].iter().product::<usize>() as f32;
        let bound = (if node.relu { 6.0 } else { 1.0 } / fan_in).sqrt();
        let drawn: Vec<f32> = (0..size.iter().product()).map(|_| rng.random_range(-bound..bound)).collect();
        let size: Vec<i64> = size.iter().map(|&n| n as i64).collect();
        put("weight", Tensor::from_slice(&drawn).view(size.as_slice()));
    }
    if node.has_batch_norm() {
        put("gamma", constant(1.0));
        put("beta", constant(0.0));
        put("mean", constant(0.0));
        put("var", constant(1.0));
    } else {
        put("bias", constant(0.0));
    }
}

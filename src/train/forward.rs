//! The forward pass, and what runs on it: calibration of scales and a trace of every tensor.
//!
//! A node's ReLU and requantization are monotone, so where a max pool is its only reader they are applied after the
//! pool instead: the same values, for a quarter of the work.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use tch::{Kind, Tensor};

use super::graph::{consumers, signedness};
use super::model::{BN_EPSILON, Model};
use super::quant::{self, Quant};
use crate::config::layers::{LayerOp, LayerSpec, Window};
use crate::network::graph::{ActType, INPUT};

/// How to run the forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics, gradients, f32.
    Train,
    /// As `Train`, with convolutions and matrix products in bf16.
    TrainBf16,
    /// Running statistics, no gradients; rounds as the integer network does.
    Eval,
}

/// Decay of BatchNorm's running statistics.
const BN_MOMENTUM: f64 = 0.1;

/// Turns a node's raw output into its activation.
type Activate<'a> = &'a mut dyn FnMut(&LayerSpec, Tensor) -> Tensor;

impl Model {
    /// Scores `[N, classes]` of images `[N, C, H, W]` with values from 0 to 1.
    pub fn forward(&self, images: &Tensor, mode: Mode) -> Tensor {
        let _guard = (mode == Mode::Eval).then(tch::no_grad_guard);
        let mut values = self.run(images, mode, &mut |node, x| self.activate(node, x, mode));
        values.remove(&self.last().name).expect("the last node has run").flatten(1, -1)
    }

    /// Every node's output on `images`, in evaluation mode, except that a node read by a max pool alone shows its
    /// value before ReLU and requantization.
    pub(crate) fn trace(&self, images: &Tensor) -> BTreeMap<String, Tensor> {
        let _guard = tch::no_grad_guard();
        self.run(images, Mode::Eval, &mut |node, x| self.activate(node, x, Mode::Eval))
    }

    /// Sets the bit widths (weights by layer, activations by node) and finds the scales: weights by least squared
    /// error, activations by least squared error on the calibration `images` `[N, C, H, W]`, node after node, each
    /// seeing what the quantized nodes before it give.
    ///
    /// # Errors
    /// A layer without bits, a name that is none of the model's, or bits outside 2 to 8 (weights) or 1 to 8.
    pub fn quantize(&mut self, bits: &Bits, images: &Tensor) -> Result<()> {
        let quant = self.check_bits(bits)?;
        let _guard = tch::no_grad_guard();
        for (layer, &bits) in &quant.weights {
            let shared = *layer == self.last().name;
            let masked = self.effective_weight(layer);
            let scale = quant::search_weight_scale(&masked, bits, shared);
            self.set(layer, "weight_scale", &scale);
        }
        self.tensors.retain(|name, _| !name.ends_with(".act_scale"));
        self.quant = Some(quant.clone());
        let mut scales: Vec<(String, Tensor)> = Vec::new();
        self.run(images, Mode::Eval, &mut |node, x| {
            let ty = quant.acts[&node.name];
            let scale = quant::search_act_scale(&x, ty);
            let y = quant::act_eval(&x, &scale, ty);
            scales.push((node.name.clone(), scale));
            y
        });
        for (node, scale) in scales {
            self.set(&node, "act_scale", &scale);
        }
        Ok(())
    }

    /// Makes the model a float one again.
    pub fn dequantize(&mut self) {
        self.quant = None;
        self.tensors.retain(|name, _| !name.ends_with("_scale"));
    }

    fn check_bits(&self, bits: &Bits) -> Result<Quant> {
        let signed = signedness(&self.nodes);
        let mut quant = Quant::default();
        for layer in self.layers() {
            let &b = bits.weights.get(&layer.name).with_context(|| format!("layer {}: no weight bits", layer.name))?;
            ensure!((2..=8).contains(&b), "layer {}: {b} weight bits; 2 to 8 are possible", layer.name);
            quant.weights.insert(layer.name.clone(), b);
        }
        for node in self.activations() {
            let &b = bits.acts.get(&node.name).with_context(|| format!("layer {}: no activation bits", node.name))?;
            let ty = ActType { bits: b, signed: signed[&node.name] };
            let least = 1 + u32::from(ty.signed);
            ensure!((least..=8).contains(&b), "layer {}: {b} activation bits; {least} to 8 are possible", node.name);
            quant.acts.insert(node.name.clone(), ty);
        }
        for name in bits.weights.keys() {
            ensure!(quant.weights.contains_key(name), "weight bits for {name}, which is no layer");
        }
        for name in bits.acts.keys() {
            ensure!(quant.acts.contains_key(name), "activation bits for {name}, which is not requantized");
        }
        Ok(quant)
    }

    /// The nodes whose output is requantized: those with a scale of their own, except the last.
    pub fn activations(&self) -> impl Iterator<Item = &LayerSpec> {
        self.nodes[..self.nodes.len() - 1].iter().filter(|n| n.has_activation())
    }

    fn run(&self, images: &Tensor, mode: Mode, activate: Activate) -> BTreeMap<String, Tensor> {
        let mut values = BTreeMap::from([(INPUT.to_string(), images.shallow_clone())]);
        for node in &self.nodes {
            let inputs: Vec<&Tensor> = node.inputs.iter().map(|name| &values[name]).collect();
            let y = self.compute(node, &inputs, mode);
            let y = match self.activation_site(node) {
                Some(owner) => activate(owner, y),
                None => y,
            };
            values.insert(node.name.clone(), y);
        }
        values
    }

    /// The node whose activation is applied to `node`'s output: itself, or the one a max pool reads alone.
    fn activation_site<'a>(&'a self, node: &'a LayerSpec) -> Option<&'a LayerSpec> {
        if matches!(node.op, LayerOp::MaxPool(_)) {
            let source = self.nodes.iter().find(|n| n.name == node.inputs[0])?;
            return self.is_deferred(source).then_some(source);
        }
        let own = node.has_activation() && node.name != self.last().name && !self.is_deferred(node);
        own.then_some(node)
    }

    fn is_deferred(&self, node: &LayerSpec) -> bool {
        let mut readers = consumers(&self.nodes, &node.name);
        let pool = readers.next().is_some_and(|n| matches!(n.op, LayerOp::MaxPool(_)));
        pool && readers.next().is_none() && node.has_activation()
    }

    fn compute(&self, node: &LayerSpec, inputs: &[&Tensor], mode: Mode) -> Tensor {
        let x = inputs[0];
        match node.op {
            LayerOp::Conv { window, .. } => {
                let (_, s, p) = window_args(&window);
                self.layer(node, x, mode, |x, w| x.conv2d(w, None::<&Tensor>, s, p, [1i64, 1], 1))
            }
            LayerOp::Dense { out } => {
                let x = x.flatten(1, -1);
                self.layer(node, &x, mode, |x, w| x.linear(w, None::<&Tensor>).view([-1, out as i64, 1, 1]))
            }
            LayerOp::MaxPool(window) => {
                let (k, s, p) = window_args(&window);
                x.max_pool2d(k, s, p, [1i64, 1], false)
            }
            LayerOp::AvgPool(window) => {
                let (k, s, p) = window_args(&window);
                x.avg_pool2d(k, s, p, false, true, None::<i64>)
            }
            LayerOp::BatchNorm => self.batch_norm(node, x, mode),
            LayerOp::Flatten => x.flatten(1, -1).unsqueeze(-1).unsqueeze(-1),
            LayerOp::Add => self.add_input(node, x, mode) + self.add_input(node, inputs[1], mode),
            LayerOp::Concat => Tensor::cat(inputs, 1),
        }
    }

    /// `product` of input and weights, then BatchNorm or bias.
    fn layer(&self, node: &LayerSpec, x: &Tensor, mode: Mode, product: impl Fn(&Tensor, &Tensor) -> Tensor) -> Tensor {
        let w = self.quantized_weight(&node.name, mode);
        let z = match mode {
            Mode::TrainBf16 => product(&x.to_kind(Kind::BFloat16), &w.to_kind(Kind::BFloat16)),
            _ => product(x, &w),
        };
        match self.find(&node.name, "bias") {
            Some(bias) if mode != Mode::Eval => z.to_kind(Kind::Float) + bias.view([1, -1, 1, 1]),
            _ => self.batch_norm(node, &z, mode),
        }
    }

    /// BatchNorm; in evaluation the folded one (or the bias), its offset rounded to whole accumulator units.
    fn batch_norm(&self, node: &LayerSpec, z: &Tensor, mode: Mode) -> Tensor {
        if mode != Mode::Eval {
            let [gamma, beta, mean, var] = ["gamma", "beta", "mean", "var"].map(|k| Some(self.get(&node.name, k)));
            return z.batch_norm(gamma, beta, mean, var, true, BN_MOMENTUM, BN_EPSILON, false);
        }
        let (slope, mut offset) = self.folded(&node.name);
        if let Some(unit) = self.accumulator_unit(node) {
            let unit = unit * slope.abs();
            // A channel of slope zero is a constant, which has no accumulator.
            let rounded = ((&offset / &unit) + 0.5).floor() * &unit;
            offset = rounded.where_self(&unit.gt(1e-12), &offset);
        }
        let along_channels = |t: Tensor| t.to_kind(Kind::Float).view([1, -1, 1, 1]);
        z * along_channels(slope) + along_channels(offset)
    }

    /// What BatchNorm does in evaluation, as `slope * z + offset`, in f64: `[O]` each. A layer without it has the slope
    /// 1 and its bias.
    pub(crate) fn folded(&self, node: &str) -> (Tensor, Tensor) {
        let double = |kind: &str| self.get(node, kind).detach().to_kind(Kind::Double);
        if self.find(node, "bias").is_some() {
            let bias = double("bias");
            return (bias.ones_like(), bias);
        }
        let slope = double("gamma") / (double("var") + BN_EPSILON).sqrt();
        let offset = double("beta") - double("mean") * &slope;
        (slope, offset)
    }

    /// The real value of one accumulator step before BatchNorm, `[O]` or `[1]`; `None` in a float model, and while
    /// scales are searched.
    fn accumulator_unit(&self, node: &LayerSpec) -> Option<Tensor> {
        self.quant.as_ref()?;
        let input = self.log_scale_of(&node.inputs[0])?;
        let weight = self.find(&node.name, "weight_scale").map(|s| s.detach().to_kind(Kind::Double));
        Some(weight.map_or_else(|| input.exp() / f64::from(quant::AFFINE_WEIGHT), |w| (w + &input).exp()))
    }

    /// Logarithm of the scale of a tensor's values, f64 `[1]`.
    fn log_scale_of(&self, tensor: &str) -> Option<Tensor> {
        let Some(node) = self.nodes.iter().find(|n| n.name == tensor) else {
            return Some(Tensor::from_slice(&[-255f64.ln()]).to_device(self.device()));
        };
        if !node.has_activation() {
            return self.log_scale_of(&node.inputs[0]);
        }
        self.find(tensor, "act_scale").map(|s| s.detach().to_kind(Kind::Double))
    }

    /// An add rounds each side to its output's scale first, in one bit more (and not yet while scales are searched).
    fn add_input(&self, node: &LayerSpec, x: &Tensor, mode: Mode) -> Tensor {
        let format = self.quant.as_ref().map(|q| ActType::signed(q.acts[&node.name].bits + 1));
        match (format, self.find(&node.name, "act_scale")) {
            (Some(ty), Some(scale)) if mode == Mode::Eval => quant::act_eval(x, scale, ty),
            (Some(ty), Some(scale)) => quant::act_train(&x.to_kind(Kind::Float), scale, ty),
            _ => x.shallow_clone(),
        }
    }

    fn activate(&self, node: &LayerSpec, x: Tensor, mode: Mode) -> Tensor {
        match self.quant.as_ref().map(|q| q.acts[&node.name]) {
            Some(ty) if mode == Mode::Eval => quant::act_eval(&x, self.get(&node.name, "act_scale"), ty),
            Some(ty) => quant::act_train(&x.to_kind(Kind::Float), self.get(&node.name, "act_scale"), ty),
            None if node.relu => x.relu(),
            None => x,
        }
    }

    /// The weights with the mask applied, differentiable.
    fn effective_weight(&self, layer: &str) -> Tensor {
        let w = self.get(layer, "weight");
        self.masks.get(layer).map_or_else(|| w.shallow_clone(), |m| w * m)
    }

    /// The weights as the layer multiplies by them: masked, and on their grid where the model is quantized.
    pub(crate) fn quantized_weight(&self, layer: &str, mode: Mode) -> Tensor {
        let w = self.effective_weight(layer);
        match self.quant.as_ref().map(|q| q.weights[layer]) {
            Some(bits) if mode == Mode::Eval => quant::weight_eval(&w, self.get(layer, "weight_scale"), bits),
            Some(bits) => quant::weight_train(&w, self.get(layer, "weight_scale"), bits),
            None => w,
        }
    }
}

/// Kernel, stride and padding as libtorch takes them.
fn window_args(window: &Window) -> ([i64; 2], [i64; 2], [i64; 2]) {
    let args = |pair: [usize; 2]| pair.map(|n| n as i64);
    (args(window.kernel), args(window.stride), args(window.padding))
}

/// Bit widths asked for: weights by layer, activations by node (see [`Model::activations`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bits {
    /// Bits of a weight, 2 to 8.
    pub weights: BTreeMap<String, u32>,
    /// Bits of an activation, 1 (2 where signed) to 8.
    pub acts: BTreeMap<String, u32>,
}

impl Bits {
    /// The same widths everywhere in `model`.
    pub fn uniform(model: &Model, weights: u32, acts: u32) -> Self {
        Self {
            weights: model.layers().map(|n| (n.name.clone(), weights)).collect(),
            acts: model.activations().map(|n| (n.name.clone(), acts)).collect(),
        }
    }
}

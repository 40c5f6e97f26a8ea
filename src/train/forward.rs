//! The forward pass.
//!
//! A node's ReLU and requantization are monotone, so where a max pool is its only reader they are applied after the
//! pool instead: the same values, for a quarter of the work.
//!
//! In quantized training the tensors hold integers. Their scales never touch a tensor of activations: a layer's weights
//! carry its input's, and weights or BatchNorm divide by its output's. So quantization costs a clamp and a rounding in
//! place, little more than the ReLU it replaces.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};

use super::graph::consumers;
use super::model::{BN_EPSILON, Model};
use super::quant;
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
pub(super) type Activate<'a> = &'a mut dyn FnMut(&LayerSpec, Tensor) -> Tensor;

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

    /// Root mean square of every input channel of each layer over `images` `[N, C, H, W]`, by layer: `[I]`.
    pub fn input_rms(&self, images: &Tensor) -> BTreeMap<String, Tensor> {
        let mut values = self.trace(images);
        values.insert(INPUT.to_string(), images.shallow_clone());
        let _guard = tch::no_grad_guard();
        let rms = |node: &LayerSpec| {
            let x = &values[&node.inputs[0]];
            x.square().mean_dim([0i64, 2, 3].as_slice(), false, Kind::Float).sqrt().to_device(Device::Cpu)
        };
        self.layers().map(|node| (node.name.clone(), rms(node))).collect()
    }

    /// The nodes whose output is requantized: those with a scale of their own, except the last.
    pub fn activations(&self) -> impl Iterator<Item = &LayerSpec> {
        self.nodes[..self.nodes.len() - 1].iter().filter(|n| n.has_activation())
    }

    pub(super) fn run(&self, images: &Tensor, mode: Mode, activate: Activate) -> BTreeMap<String, Tensor> {
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
                self.layer(node, x, mode, |x, w, b| x.conv2d(w, b, s, p, [1i64, 1], 1))
            }
            LayerOp::Dense { out } => {
                let x = x.flatten(1, -1);
                self.layer(node, &x, mode, |x, w, b| x.linear(w, b).view([-1, out as i64, 1, 1]))
            }
            LayerOp::MaxPool(window) => {
                let (k, s, p) = window_args(&window);
                x.max_pool2d(k, s, p, [1i64, 1], false)
            }
            LayerOp::AvgPool(window) => {
                let (k, s, p) = window_args(&window);
                self.in_output_steps(node, &node.inputs[0], &x.avg_pool2d(k, s, p, false, true, None::<i64>), mode)
            }
            LayerOp::BatchNorm => {
                let real = self.step(&node.inputs[0], mode).map_or_else(|| x.shallow_clone(), |step| x * step);
                self.batch_norm(node, &real, mode)
            }
            LayerOp::Flatten => x.flatten(1, -1).unsqueeze(-1).unsqueeze(-1),
            LayerOp::Add => {
                let side = |i: usize| self.add_input(node, &node.inputs[i], inputs[i], mode);
                side(0) + side(1)
            }
            LayerOp::Concat => {
                let names = node.inputs.iter().zip(inputs);
                let parts: Vec<Tensor> = names.map(|(name, x)| self.in_output_steps(node, name, x, mode)).collect();
                Tensor::cat(&parts, 1)
            }
        }
    }

    /// `product` of input and weights, then BatchNorm or bias.
    fn layer(
        &self,
        node: &LayerSpec,
        x: &Tensor,
        mode: Mode,
        product: impl Fn(&Tensor, &Tensor, Option<&Tensor>) -> Tensor,
    ) -> Tensor {
        if mode == Mode::Eval && self.quant.is_none() {
            let (slope, offset) = self.folded(&node.name);
            let w = self.effective_weight(&node.name);
            let w = &w * quant::along_outputs(&slope.to_kind(Kind::Float), w.dim());
            return product(x, &w, Some(&offset.to_kind(Kind::Float)));
        }
        let (input, output) = (self.step(&node.inputs[0], mode), self.step(&node.name, mode));
        let bias = self.find(&node.name, "bias");
        let gain = if bias.is_some() { rescale(input, output.as_ref()) } else { input };
        let w = self.quantized_weight(&node.name, mode, gain.as_ref());
        let z = match mode {
            Mode::TrainBf16 => product(&x.to_kind(Kind::BFloat16), &w.to_kind(Kind::BFloat16), None),
            _ => product(x, &w, None),
        };
        match bias {
            Some(bias) if mode != Mode::Eval => {
                let bias = output.map_or_else(|| bias.shallow_clone(), |step| bias / step);
                z.to_kind(Kind::Float) + bias.view([1, -1, 1, 1])
            }
            _ => self.batch_norm(node, &z, mode),
        }
    }

    /// BatchNorm; in evaluation the folded one (or the bias), its offset rounded to whole accumulator units.
    fn batch_norm(&self, node: &LayerSpec, z: &Tensor, mode: Mode) -> Tensor {
        if mode == Mode::Eval {
            return self.folded_batch_norm(node, z);
        }
        let [gamma, beta, mean, var] = ["gamma", "beta", "mean", "var"].map(|kind| self.get(&node.name, kind));
        let (gamma, beta) = match self.step(&node.name, mode) {
            Some(step) => (gamma / &step, beta / &step),
            None => (gamma.shallow_clone(), beta.shallow_clone()),
        };
        z.batch_norm(Some(&gamma), Some(&beta), Some(mean), Some(var), true, BN_MOMENTUM, BN_EPSILON, false)
    }

    fn folded_batch_norm(&self, node: &LayerSpec, z: &Tensor) -> Tensor {
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
        self.act_scale(tensor).map(|s| s.detach().to_kind(Kind::Double))
    }

    /// What one integer of a tensor is worth in quantized training, learned, `[1]`. `None` where tensors hold real
    /// values: the image, the scores, a float model, evaluation.
    fn step(&self, tensor: &str, mode: Mode) -> Option<Tensor> {
        let quant = self.quant.as_ref().filter(|_| mode != Mode::Eval)?;
        let node = self.nodes.iter().find(|n| n.name == tensor)?;
        if !node.has_activation() {
            return self.step(&node.inputs[0], mode);
        }
        let (_, hi) = quant.acts.get(tensor)?.range();
        Some(quant::learned_scale(self.act_scale(tensor)?, node.shape.len() as f64 * f64::from(hi)))
    }

    /// An input in units of the node's output.
    fn in_output_steps(&self, node: &LayerSpec, input: &str, x: &Tensor, mode: Mode) -> Tensor {
        let gain = rescale(self.step(input, mode), self.step(&node.name, mode).as_ref());
        gain.map_or_else(|| x.shallow_clone(), |g| x * g)
    }

    /// An add rounds each side to its output's scale first, in one bit more (and not yet while scales are searched).
    fn add_input(&self, node: &LayerSpec, input: &str, x: &Tensor, mode: Mode) -> Tensor {
        let x = self.in_output_steps(node, input, x, mode);
        let format = self.quant.as_ref().map(|q| ActType::signed(q.acts[&node.name].bits + 1));
        match (format, self.act_scale(&node.name)) {
            (Some(ty), Some(scale)) if mode == Mode::Eval => quant::act_eval(&x, scale, ty),
            (Some(ty), Some(_)) => quant::act_train(&x, ty),
            _ => x,
        }
    }

    fn activate(&self, node: &LayerSpec, x: Tensor, mode: Mode) -> Tensor {
        match self.quant.as_ref().map(|q| q.acts[&node.name]) {
            Some(ty) if mode == Mode::Eval => {
                quant::act_eval(&x, self.act_scale(&node.name).expect("a quantized model has its scales"), ty)
            }
            Some(ty) => quant::act_train(&x, ty),
            None if node.relu => x.relu(),
            None => x,
        }
    }

    /// The weights with the mask applied, differentiable.
    pub(crate) fn effective_weight(&self, layer: &str) -> Tensor {
        let w = self.get(layer, "weight");
        self.masks.get(layer).map_or_else(|| w.shallow_clone(), |m| w * m)
    }

    /// The weights as the layer multiplies by them: masked, on their grid where the model is quantized, and in training
    /// times `gain`.
    pub(crate) fn quantized_weight(&self, layer: &str, mode: Mode, gain: Option<&Tensor>) -> Tensor {
        let w = self.effective_weight(layer);
        match self.quant.as_ref().map(|q| q.weights[layer]) {
            Some(bits) if mode == Mode::Eval => quant::weight_eval(&w, self.get(layer, "weight_scale"), bits),
            Some(bits) => quant::weight_train(&w, self.get(layer, "weight_scale"), bits, gain),
            None => w,
        }
    }
}

/// The factor from one unit to another; without a unit values are real.
fn rescale(from: Option<Tensor>, to: Option<&Tensor>) -> Option<Tensor> {
    match (from, to) {
        (Some(from), Some(to)) => Some(from / to),
        (from, None) => from,
        (None, Some(to)) => Some(to.reciprocal()),
    }
}

/// Kernel, stride and padding as libtorch takes them.
fn window_args(window: &Window) -> ([i64; 2], [i64; 2], [i64; 2]) {
    let args = |pair: [usize; 2]| pair.map(|n| n as i64);
    (args(window.kernel), args(window.stride), args(window.padding))
}

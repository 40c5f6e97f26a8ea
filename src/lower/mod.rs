//! From a float model to the integer network: the only place that sees both.
//!
//! BatchNorm is folded into multipliers and biases and never touches the integer weights, except that a negative
//! gamma turns their signs. What training rounded is what comes out: [`crate::train::quant`] is the arithmetic.

mod layer;
mod requant;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use tch::{Device, Kind, Tensor};

use self::layer::Real;
use self::requant::requant;
use crate::config::layers::{LayerOp, LayerSpec};
use crate::network::graph::{
    ActType, Affine, AvgPool, Conv, Dense, Flatten, INPUT, InputSpec, Join, MaxPool, Node, Op,
};
use crate::network::sparse::smaller_storage;
use crate::network::{Network, Params};
use crate::train::quant::AFFINE_WEIGHT;
use crate::train::{Bits, Model, quant};

/// Bits of weights and activations where the model was never quantized.
const DEFAULT_BITS: u32 = 8;
/// Bits of an affine node's weights: see [`AFFINE_WEIGHT`].
const AFFINE_BITS: u32 = 8;

/// The integer network of `model`. A model that was never quantized is quantized to 8 bits first, its scales found on
/// the `calibration` images `[N, C, H, W]`, values 0 to 1.
///
/// # Errors
/// What [`Network::validate`] refuses, such as names, or a last layer that needs more than 32 accumulator bits.
pub fn lower(model: &Model, name: &str, classes: &[String], calibration: &Tensor) -> Result<Network> {
    let mut model = model.clone();
    model.to_device(Device::Cpu);
    if model.quant().is_none() {
        let bits = Bits::uniform(&model, DEFAULT_BITS, DEFAULT_BITS);
        model.quantize(&bits, &calibration.to_device(Device::Cpu))?;
    }
    let lowering = Lowering::new(&model);
    let mut network = Network {
        name: name.to_string(),
        input: InputSpec { channels: model.input().c, height: model.input().h, width: model.input().w },
        classes: classes.to_vec(),
        nodes: Vec::new(),
        params: BTreeMap::new(),
    };
    for spec in model.nodes() {
        let (op, params) = lowering.node(spec);
        network.nodes.push(Node { name: spec.name.clone(), inputs: spec.inputs.clone(), op });
        network.params.insert(spec.name.clone(), params);
    }
    network.validate().context("the lowered network")?;
    Ok(network)
}

/// The model with each tensor's scale and format.
struct Lowering<'a> {
    model: &'a Model,
    formats: BTreeMap<String, (f64, ActType)>,
}

impl<'a> Lowering<'a> {
    fn new(model: &'a Model) -> Self {
        let mut formats = BTreeMap::from([(INPUT.to_string(), (1.0 / 255.0, ActType::unsigned(8)))]);
        let acts = model.quant().map(|q| q.acts.clone()).unwrap_or_default();
        for node in model.nodes() {
            let own = acts.get(&node.name).map(|&ty| {
                let scale = model.act_scale(&node.name).expect("a quantized model has its scales");
                (numbers(scale)[0].exp(), ty)
            });
            formats.insert(node.name.clone(), own.unwrap_or(formats[&node.inputs[0]]));
        }
        Self { model, formats }
    }

    fn node(&self, spec: &LayerSpec) -> (Op, Params) {
        let (in_scale, _) = self.formats[&spec.inputs[0]];
        let (out_scale, out) = self.formats[&spec.name];
        let join = || {
            let ratios: Vec<f64> = spec.inputs.iter().map(|i| self.formats[i].0 / out_scale).collect();
            (Join { out }, multipliers(&ratios, out))
        };
        match spec.op {
            LayerOp::Conv { out: out_channels, window } => {
                let (weight_bits, params, out) = self.layer(spec);
                let rows = out_channels;
                let storage = smaller_storage(&params.weight, rows, weight_bits);
                let (kernel, stride, padding) = (window.kernel, window.stride, window.padding);
                (Op::Conv(Conv { out_channels, kernel, stride, padding, weight_bits, storage, out }), params)
            }
            LayerOp::Dense { out: out_features } => {
                let (weight_bits, params, out) = self.layer(spec);
                let storage = smaller_storage(&params.weight, out_features, weight_bits);
                (Op::Dense(Dense { out_features, weight_bits, storage, out }), params)
            }
            LayerOp::BatchNorm => {
                let scale = 1.0 / f64::from(AFFINE_WEIGHT);
                let real = self.real(spec, vec![AFFINE_WEIGHT; spec.shape.c], &vec![scale; spec.shape.c]);
                (Op::Affine(Affine { weight_bits: AFFINE_BITS, out }), real.requantized(out_scale, out))
            }
            LayerOp::MaxPool(w) => {
                (Op::MaxPool(MaxPool { kernel: w.kernel, stride: w.stride, padding: w.padding }), Params::default())
            }
            LayerOp::AvgPool(w) => {
                let ratio = in_scale / out_scale / (w.kernel[0] * w.kernel[1]) as f64;
                (Op::AvgPool(AvgPool { kernel: w.kernel, stride: w.stride, out }), multipliers(&[ratio], out))
            }
            LayerOp::Flatten => (Op::Flatten(Flatten {}), Params::default()),
            LayerOp::Add => {
                let (join, params) = join();
                (Op::Add(join), params)
            }
            LayerOp::Concat => {
                let (join, params) = join();
                (Op::Concat(join), params)
            }
        }
    }

    /// Weight bits, integers and output format of a convolution or fully connected layer.
    fn layer(&self, spec: &LayerSpec) -> (u32, Params, Option<ActType>) {
        let bits = self.model.quant().map_or(DEFAULT_BITS, |q| q.weights[&spec.name]);
        let log_scale = self.model.get(&spec.name, "weight_scale");
        let ints = quant::weight_ints(&self.model.weight(&spec.name), log_scale, bits);
        let weight = Vec::try_from(ints.to_kind(Kind::Int8).contiguous().view(-1)).expect("a flat tensor of bytes");
        let scales: Vec<f64> = numbers(log_scale).into_iter().map(f64::exp).collect();
        let scales = if scales.len() == 1 { vec![scales[0]; spec.shape.c] } else { scales };
        let real = self.real(spec, weight, &scales);
        if spec.name == self.model.last().name {
            return (bits, real.scores(), None);
        }
        let (out_scale, out) = self.formats[&spec.name];
        (bits, real.requantized(out_scale, out), Some(out))
    }

    /// The layer with BatchNorm or bias folded.
    fn real(&self, spec: &LayerSpec, weight: Vec<i8>, scales: &[f64]) -> Real {
        let (in_scale, in_type) = self.formats[&spec.inputs[0]];
        let (slope, offset) = self.model.folded(&spec.name);
        let gain = numbers(&slope).iter().zip(scales).map(|(s, w)| s * w).collect();
        let offset = numbers(&offset);
        Real { weight, gain, offset, in_scale, in_type }
    }
}

fn multipliers(ratios: &[f64], out: ActType) -> Params {
    let found = requant(ratios, out);
    Params { multiplier: found.multiplier, shift: found.shift, ..Params::default() }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.detach().to_kind(Kind::Double).contiguous().view(-1);
    Vec::try_from(flat).expect("a flat tensor of doubles")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::interp::Interpreter;
    use crate::train::Mode;

    /// A network with both pools, signed and unsigned activations, a stride, and a layer without BatchNorm.
    fn model() -> Model {
        let spec = |name: &str, input: &str, op: LayerOp, batch_norm: bool, relu: bool| LayerSpec {
            name: name.into(),
            inputs: vec![input.into()],
            op,
            batch_norm,
            relu,
            shape: crate::network::graph::Shape { c: 0, h: 0, w: 0 },
        };
        let window = |k: usize, s: usize, p: usize| crate::config::layers::Window {
            kernel: [k; 2],
            stride: [s; 2],
            padding: [p; 2],
        };
        let conv = |out: usize, k, s, p| LayerOp::Conv { out, window: window(k, s, p) };
        let nodes = [
            spec("conv1", "input", conv(6, 3, 2, 1), true, true),
            spec("conv2", "conv1", conv(8, 3, 1, 1), true, false),
            spec("bn1", "conv2", LayerOp::BatchNorm, false, true),
            spec("pool1", "bn1", LayerOp::AvgPool(window(2, 1, 0)), false, false),
            spec("conv3", "pool1", conv(7, 1, 1, 0), false, true),
            spec("flat", "conv3", LayerOp::Flatten, false, false),
            spec("fc1", "flat", LayerOp::Dense { out: 3 }, false, false),
        ];
        Model::new(&nodes, crate::network::graph::Shape { c: 1, h: 8, w: 8 }, 3).unwrap()
    }

    /// Every activation of every node, not only the scores. (A rounded multiplier moves one now and then, and nine of the
    /// next layer's see it.)
    #[test]
    fn activations_differ_rarely() {
        let pixels: Vec<u8> = (0..64 * 64u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let x = Tensor::from_data_size(&pixels, &[64, 1, 8, 8], Kind::Uint8).to_kind(Kind::Float) / 255.0;
        for bits in [2, 3, 4, 6, 8] {
            let mut model = model();
            (0..30).for_each(|_| drop(model.forward(&x, Mode::Train)));
            model.quantize(&Bits::uniform(&model, bits, bits), &x).unwrap();
            let network = lower(&model, "t", &["a", "b", "c"].map(String::from), &x).unwrap();
            let interpreter = Interpreter::new(&network).unwrap();
            let lowering = Lowering::new(&model);
            let trace = model.trace(&x);
            let (mut differ, mut total) = (0, 0);
            for (i, image) in pixels.chunks(64).enumerate() {
                for (name, integers) in interpreter.trace(image).into_iter().filter(|(n, _)| n != "fc1" && n != INPUT) {
                    let real = numbers(&trace[&name].get(i as i64).permute([1, 2, 0]));
                    for (r, n) in real.iter().zip(&integers) {
                        let step = (r / lowering.formats[&name].0).round() as i32 - n;
                        assert!(step.abs() <= 1 || name != "conv1", "{name}, {bits} bits: {step} steps apart");
                        (differ, total) = (differ + u32::from(step != 0), total + 1);
                    }
                }
            }
            println!("{bits} bits: {differ} of {total} differ");
            assert!(differ * 100 < total, "{bits} bits: {differ} of {total} differ");
        }
    }
}

//! Quantizing a model: bit widths, and the scales to start from.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::forward::Mode;
use super::graph::{scale_owner, signedness};
use super::model::Model;
use super::quant::{self, Quant};
use crate::network::graph::ActType;

/// Bit widths asked for: weights by layer, activations by node (see [`Model::activations`]).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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

impl Model {
    /// Sets the bit widths (weights by layer, activations by node), gives the channels under one scale equal ranges where
    /// that changes nothing else, and finds the scales: weights by least squared error, activations by least squared
    /// error on the calibration `images` `[N, C, H, W]`, node after node, each seeing what the quantized nodes before it
    /// give.
    ///
    /// # Errors
    /// A layer without bits, a name that is none of the model's, or bits outside 2 to 8 (weights) or 1 to 8.
    pub fn quantize(&mut self, bits: &Bits, images: &Tensor) -> Result<()> {
        let quant = self.check_bits(bits)?;
        let _guard = tch::no_grad_guard();
        self.equalize();
        for (layer, &bits) in &quant.weights {
            let shared = *layer == self.last().name;
            let masked = self.effective_weight(layer);
            let scale = quant::search_weight_scale(&masked, bits, shared);
            self.set(layer, "weight_scale", &scale);
        }
        self.tensors.retain(|name, _| !name.ends_with(".act_scale"));
        self.quant = Some(quant.clone());
        let mut scales = self.find_act_scales(images, &quant, &BTreeMap::new());
        let shared = self.shared_scales(&scales);
        if !shared.is_empty() {
            scales = self.find_act_scales(images, &quant, &shared);
        }
        scales.retain(|(node, _)| scale_owner(&self.nodes, node) == *node);
        for (node, scale) in scales {
            self.set(&node, "act_scale", &scale);
        }
        Ok(())
    }

    /// By owner, what a chain of concats shares: the largest of the scales that its members would have.
    fn shared_scales(&self, scales: &[(String, Tensor)]) -> BTreeMap<String, Tensor> {
        let mut chains: BTreeMap<&str, Vec<&Tensor>> = BTreeMap::new();
        for (node, scale) in scales {
            chains.entry(scale_owner(&self.nodes, node)).or_default().push(scale);
        }
        chains.retain(|_, members| members.len() > 1);
        let largest = |members: Vec<&Tensor>| Tensor::stack(&members, 0).amax([0i64].as_slice(), false);
        chains.into_iter().map(|(owner, members)| (owner.to_string(), largest(members))).collect()
    }

    /// The scale of least squared error of each activation, or its owner's from `shared`, by node, in the nodes' order.
    fn find_act_scales(
        &self,
        images: &Tensor,
        quant: &Quant,
        shared: &BTreeMap<String, Tensor>,
    ) -> Vec<(String, Tensor)> {
        let mut scales = Vec::new();
        self.run(images, Mode::Eval, &mut |node, x| {
            let ty = quant.acts[&node.name];
            let given = shared.get(scale_owner(&self.nodes, &node.name));
            let scale = given.map_or_else(|| quant::search_act_scale(&x, ty), Tensor::shallow_clone);
            let y = quant::act_eval(&x, &scale, ty);
            scales.push((node.name.clone(), scale));
            y
        });
        scales
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
        for (node, ty) in &quant.acts {
            let owner = scale_owner(&self.nodes, node);
            let owners = quant.acts.get(owner).map_or(ty.bits, |ty| ty.bits);
            ensure!(
                ty.bits == owners,
                "layer {node}: {} activation bits, but {owner}, whose scale it has, {owners}",
                ty.bits
            );
        }
        for name in bits.weights.keys() {
            ensure!(quant.weights.contains_key(name), "weight bits for {name}, which is no layer");
        }
        for name in bits.acts.keys() {
            ensure!(quant.acts.contains_key(name), "activation bits for {name}, which is not requantized");
        }
        Ok(quant)
    }
}

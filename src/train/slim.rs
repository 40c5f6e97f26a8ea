//! Network slimming's surgery: channels are really removed, the tensors shrink, also in the layers that read them.
//!
//! Every channel of every tensor has origins: the layer outputs it is computed from, one to one. Pools keep them,
//! flatten repeats each for every cell, concat appends them and add ties those of both sides together. So the
//! channels to keep of each layer decide the channels, and the input columns, of everything behind it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use tch::{Kind, Tensor};

use super::model::Model;
use crate::config::layers::{LayerOp, LayerSpec, infer_shapes};
use crate::network::graph::INPUT;

/// An output channel of a layer, or of the image.
type Channel = (String, usize);
/// For each channel of a tensor the layer outputs (or the image channel) it stands for.
type Origins = Vec<BTreeSet<Channel>>;

fn channels_of(name: &str, count: usize) -> Origins {
    (0..count).map(|c| BTreeSet::from([(name.to_string(), c)])).collect()
}

impl Model {
    /// The origins of each tensor's channels, by node name.
    pub(crate) fn origins(&self) -> BTreeMap<String, Origins> {
        let shapes = self.shapes();
        let mut origins = BTreeMap::from([(INPUT.to_string(), channels_of(INPUT, self.input.c))]);
        for node in &self.nodes {
            let first: &Origins = &origins[&node.inputs[0]];
            let own = match node.op {
                LayerOp::Conv { out, .. } | LayerOp::Dense { out } => channels_of(&node.name, out),
                LayerOp::MaxPool(_) | LayerOp::AvgPool(_) | LayerOp::BatchNorm => first.clone(),
                LayerOp::Flatten => {
                    let cells = shapes[&node.inputs[0]].h * shapes[&node.inputs[0]].w;
                    first.iter().flat_map(|o| std::iter::repeat_n(o.clone(), cells)).collect()
                }
                LayerOp::Add => first.iter().zip(&origins[&node.inputs[1]]).map(|(a, b)| a | b).collect(),
                LayerOp::Concat => node.inputs.iter().flat_map(|i| origins[i].iter().cloned()).collect(),
            };
            origins.insert(node.name.clone(), own);
        }
        origins
    }

    /// Layers whose channels can only be removed together, because an add ties them: disjoint sets of layer names.
    /// The last layer, whose outputs are the
    /// classes, and what is tied to the image are in none.
    pub fn dependency_groups(&self) -> Vec<BTreeSet<String>> {
        let mut groups: Vec<BTreeSet<String>> = Vec::new();
        for tied in self.origins().values().flatten() {
            let names: BTreeSet<String> = tied.iter().map(|(layer, _)| layer.clone()).collect();
            let (touching, rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(|g| !g.is_disjoint(&names));
            groups = rest;
            groups.push(touching.into_iter().fold(names, |a, b| &a | &b));
        }
        groups.retain(|g| !g.contains(&self.last().name) && !g.contains(INPUT));
        groups.sort();
        groups
    }

    /// Keeps only the channels `keep` lists for the layers it names (others keep all). Channels tied by an add stay
    /// when any of them is kept, or is tied to the image.
    ///
    /// # Errors
    /// An unknown layer, the last layer, an index out of range, or a layer left without a channel.
    pub fn slim(&mut self, keep: &BTreeMap<String, Vec<usize>>) -> Result<()> {
        let origins = self.origins();
        let kept = self.kept_channels(keep, &origins)?;
        let positions = |tensor: &str| -> Vec<i64> {
            let survives = |o: &BTreeSet<Channel>| o.iter().all(|c| kept.contains(c));
            (0i64..).zip(&origins[tensor]).filter(|(_, o)| survives(o)).map(|(i, _)| i).collect()
        };
        let nodes: Vec<LayerSpec> = self.nodes.iter().filter(|n| n.op.has_weights()).cloned().collect();
        for node in &nodes {
            if node.is_layer() {
                self.select(&node.name, 1, &positions(&node.inputs[0]));
            }
            if node.name != self.last().name {
                self.select(&node.name, 0, &positions(&node.name));
            }
        }
        for node in &mut self.nodes {
            if let LayerOp::Conv { out, .. } | LayerOp::Dense { out } = &mut node.op {
                *out = positions(&node.name).len();
            }
        }
        Ok(infer_shapes(self.input, &mut self.nodes)?)
    }

    fn kept_channels(
        &self,
        keep: &BTreeMap<String, Vec<usize>>,
        origins: &BTreeMap<String, Origins>,
    ) -> Result<BTreeSet<Channel>> {
        let mut kept: BTreeSet<Channel> = (0..self.input.c).map(|c| (INPUT.to_string(), c)).collect();
        for (layer, channels) in keep {
            let node = self.layers().find(|n| n.name == *layer).with_context(|| format!("no layer {layer} to slim"))?;
            ensure!(*layer != self.last().name, "layer {layer} gives the scores and keeps its channels");
            let out = node.out_channels().unwrap_or(0);
            ensure!(channels.iter().all(|&c| c < out), "layer {layer}: a channel beyond its {out}");
            ensure!(!channels.is_empty(), "layer {layer}: no channel left");
            kept.extend(channels.iter().map(|&c| (layer.clone(), c)));
        }
        for node in self.layers().filter(|n| !keep.contains_key(&n.name)) {
            kept.extend((0..node.out_channels().unwrap_or(0)).map(|c| (node.name.clone(), c)));
        }
        // Ties reach further with every round: a channel may be tied to one that is tied to a kept one.
        loop {
            let before = kept.len();
            for tied in origins.values().flatten().filter(|o| o.len() > 1) {
                if tied.iter().any(|c| kept.contains(c)) {
                    kept.extend(tied.iter().cloned());
                }
            }
            if kept.len() == before {
                return Ok(kept);
            }
        }
    }

    /// Keeps the `index` entries of dimension `dim` (0 outputs, 1 inputs) of a layer's tensors.
    fn select(&mut self, layer: &str, dim: i64, index: &[i64]) {
        let index = Tensor::from_slice(index).to_kind(Kind::Int64).to_device(self.device());
        let per_output = ["weight", "bias", "gamma", "beta", "mean", "var", "weight_scale"];
        let kinds = if dim == 0 { &per_output[..] } else { &per_output[..1] };
        for kind in kinds {
            if let Some(t) = self.find(layer, kind) {
                let smaller = t.detach().index_select(dim, &index);
                self.set(layer, kind, &smaller);
            }
        }
        if let Some(mask) = self.masks.get_mut(layer) {
            *mask = mask.index_select(dim, &index);
        }
    }
}

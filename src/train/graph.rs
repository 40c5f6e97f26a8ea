//! The float network's graph: [`LayerSpec`]s, asked the questions that training and surgery ask.

use std::collections::BTreeMap;

use crate::config::layers::{LayerOp, LayerSpec};
use crate::network::graph::INPUT;

impl LayerSpec {
    /// True for a convolution or a fully connected layer: what has a weight matrix.
    pub fn is_layer(&self) -> bool {
        self.out_channels().is_some()
    }

    /// Output channels of a convolution or a fully connected layer; `None` for other nodes.
    pub fn out_channels(&self) -> Option<usize> {
        match self.op {
            LayerOp::Conv { out, .. } | LayerOp::Dense { out } => Some(out),
            _ => None,
        }
    }

    /// Whether BatchNorm statistics belong to this node.
    pub fn has_batch_norm(&self) -> bool {
        self.batch_norm || matches!(self.op, LayerOp::BatchNorm)
    }

    /// Whether this node's output is requantized to a scale of its own (unless it is the last node, whose output
    /// is the raw scores).
    pub fn has_activation(&self) -> bool {
        !matches!(self.op, LayerOp::MaxPool(_) | LayerOp::Flatten)
    }
}

/// The nodes that read `name`.
pub(crate) fn consumers<'a>(nodes: &'a [LayerSpec], name: &'a str) -> impl Iterator<Item = &'a LayerSpec> {
    nodes.iter().filter(move |n| n.inputs.iter().any(|i| i == name))
}

/// The node whose scale the output of `name` has: its own, except that a concat which appends to another concat shares
/// the first one's. What a dense block carries from layer to layer is so rounded once, not by every layer.
pub(crate) fn scale_owner<'a>(nodes: &'a [LayerSpec], name: &'a str) -> &'a str {
    let concat = |name: &str| nodes.iter().find(|n| n.name == name && n.op == LayerOp::Concat);
    let mut owner = name;
    while let Some(appended_to) = concat(owner).and_then(|node| concat(&node.inputs[0])) {
        owner = &appended_to.name;
    }
    owner
}

/// Whether a node's output can be negative, by node name ([`INPUT`] cannot).
pub(crate) fn signedness(nodes: &[LayerSpec]) -> BTreeMap<String, bool> {
    let mut signed = BTreeMap::from([(INPUT.to_string(), false)]);
    for node in nodes {
        let value = match node.op {
            _ if node.relu => false,
            LayerOp::Conv { .. } | LayerOp::Dense { .. } | LayerOp::BatchNorm => true,
            _ => node.inputs.iter().any(|i| signed[i]),
        };
        signed.insert(node.name.clone(), value);
    }
    signed
}

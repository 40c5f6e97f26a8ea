//! The integer network: the exact thing that is deployed, on disk, in the interpreter and in hardware.
//!
//! [`graph`] holds the structure, [`Params`] the integers; `docs/network-format.md` is the normative description.

pub mod acc;
pub mod format;
pub mod graph;
mod identity;
pub mod interp;
pub mod limits;
pub mod random;
pub mod shape;
pub mod sizes;
pub mod sparse;
mod tensor_file;
pub mod tensors;
pub mod validate;

use std::collections::BTreeMap;

/// Integers of one node. Which fields are filled depends on the operation; see `docs/network-format.md`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// Row-major weights: conv `[O, I, Kh, Kw]`, dense `[O, I]`, affine `[C]`; otherwise empty.
    pub weight: Vec<i8>,
    /// Bias per output channel at accumulator scale (conv, dense, affine).
    pub bias: Vec<i64>,
    /// Requantizer multipliers: per output channel (conv, dense, affine), per input (add, concat), one (avg_pool).
    pub multiplier: Vec<u16>,
    /// Requantizer shifts, 1 to 40, beside each multiplier.
    pub shift: Vec<u8>,
}

/// A graph and its integers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// `[a-z][a-z0-9_]*`; names the top module `<name>_top`.
    pub name: String,
    /// The image that enters.
    pub input: graph::InputSpec,
    /// Class names, class 0 first: as many as the last node has channels.
    pub classes: Vec<String>,
    /// Nodes in an order in which each follows its inputs; the last one gives the scores.
    pub nodes: Vec<graph::Node>,
    /// Integers by node name (nodes without any may be missing).
    pub params: BTreeMap<String, Params>,
}

impl Network {
    /// Where an error of node `index` is: `nodes[2] "conv2"`.
    pub(crate) fn place(&self, index: usize) -> String {
        format!("nodes[{index}] \"{}\"", self.nodes[index].name)
    }

    /// The node called `name`.
    pub fn node(&self, name: &str) -> Option<&graph::Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The integers of a node; all empty where the map has none.
    pub fn params(&self, node: &str) -> &Params {
        static NONE: Params =
            Params { weight: Vec::new(), bias: Vec::new(), multiplier: Vec::new(), shift: Vec::new() };
        self.params.get(node).unwrap_or(&NONE)
    }
}

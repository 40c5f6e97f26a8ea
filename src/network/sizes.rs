//! What a network costs to store and to run, by the formulas of `docs/network-format.md`.

use std::ops::Add;

use serde::Serialize;

use super::acc::signed_bits;
use super::graph::{Op, Storage};
use super::sparse::{self, bits_for};
use super::{Network, Params};
use crate::error::InputErrors;

/// Bits of one stored shift (1 to 40).
const SHIFT_BITS: u64 = 6;

/// Stored bits by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct StoredBits {
    /// Weights: all of them in dense storage; nonzeros and fillers in sparse storage.
    pub weights: u64,
    /// Gap fields of sparse storage.
    pub gaps: u64,
    /// Entry counts of sparse columns.
    pub counts: u64,
    /// Biases.
    pub biases: u64,
    /// Requantizer multipliers.
    pub multipliers: u64,
    /// Requantizer shifts.
    pub shifts: u64,
}

impl StoredBits {
    /// All kinds together: `stored_bits`.
    pub const fn total(&self) -> u64 {
        self.weights + self.gaps + self.counts + self.biases + self.multipliers + self.shifts
    }
}

/// Size and work of one node, or of a whole network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Weights and biases.
    pub params: u64,
    /// Weights, zeros included.
    pub weights: u64,
    /// Weights that are not zero.
    pub nonzeros: u64,
    /// Multiply-accumulates an image, zero weights and padding taps included.
    pub macs: u64,
    /// Multiply-accumulates an image by nonzero weights, padding taps included.
    pub nonzero_macs: u64,
    /// Bit operations: nonzero MACs x weight bits x bits of the input activation.
    pub bops: u64,
    /// Nonzero weights x their bits.
    pub params_bits: u64,
    /// `stored.total()`.
    pub stored_bits: u64,
    /// 32 x (weights + biases): the same network in 32-bit numbers.
    pub float_bits: u64,
    /// `stored_bits` by kind.
    pub stored: StoredBits,
}

/// Sizes of each node and of the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkSizes {
    /// Name and sizes of every node, in graph order.
    pub nodes: Vec<(String, Sizes)>,
    /// Their sum.
    pub total: Sizes,
}

impl Network {
    /// Sizes and work; the network must be valid.
    pub fn sizes(&self) -> Result<NetworkSizes, InputErrors> {
        let shapes = self.shapes()?;
        let types = self.act_types();
        let mut nodes = Vec::new();
        for node in &self.nodes {
            let pixels = (shapes[&node.name].h * shapes[&node.name].w) as u64;
            let act_bits = u64::from(types[&node.inputs[0]].bits);
            nodes.push((node.name.clone(), node_sizes(&node.op, self.params(&node.name), pixels, act_bits)));
        }
        let total = nodes.iter().map(|(_, sizes)| *sizes).fold(Sizes::default(), Sizes::add);
        Ok(NetworkSizes { nodes, total })
    }
}

fn node_sizes(op: &Op, params: &Params, pixels: u64, act_bits: u64) -> Sizes {
    let weights = params.weight.len() as u64;
    let nonzeros = params.weight.iter().filter(|&&w| w != 0).count() as u64;
    let biases = params.bias.len() as u64;
    let weight_bits = u64::from(op.weight_bits().unwrap_or(0));
    let stored = stored_bits(op, params);
    Sizes {
        params: weights + biases,
        weights,
        nonzeros,
        macs: weights * pixels,
        nonzero_macs: nonzeros * pixels,
        bops: nonzeros * pixels * weight_bits * act_bits,
        params_bits: nonzeros * weight_bits,
        stored_bits: stored.total(),
        float_bits: 32 * (weights + biases),
        stored,
    }
}

/// Bits that must be stored for one node.
fn stored_bits(op: &Op, params: &Params) -> StoredBits {
    let mut stored = StoredBits {
        biases: params.bias.len() as u64 * bias_bits(&params.bias),
        multipliers: once_if_equal(&params.multiplier) * multiplier_bits(&params.multiplier),
        shifts: once_if_equal(&params.shift) * SHIFT_BITS,
        ..StoredBits::default()
    };
    let weight_bits = op.weight_bits().unwrap_or(0);
    match op.storage() {
        Some(Storage::Sparse) => {
            let columns = sparse::encode(&params.weight, params.bias.len(), weight_bits);
            let entries = columns.entries.len() as u64;
            stored.weights = entries * u64::from(weight_bits);
            stored.gaps = entries * u64::from(columns.gap_bits);
            stored.counts = columns.columns() as u64 * u64::from(columns.count_bits());
        }
        _ => stored.weights = params.weight.len() as u64 * u64::from(weight_bits),
    }
    stored
}

/// Smallest signed width that holds every bias, at least 1.
fn bias_bits(biases: &[i64]) -> u64 {
    let lo = biases.iter().copied().min().unwrap_or(0);
    let hi = biases.iter().copied().max().unwrap_or(0);
    u64::from(signed_bits(lo, hi))
}

/// Unsigned bits of the largest multiplier.
fn multiplier_bits(multipliers: &[u16]) -> u64 {
    u64::from(bits_for(multipliers.iter().copied().max().unwrap_or(0).into()))
}

/// How many of `values` must be stored: one where all are equal.
fn once_if_equal<T: PartialEq>(values: &[T]) -> u64 {
    match values.first() {
        Some(first) if values.iter().all(|value| value == first) => 1,
        _ => values.len() as u64,
    }
}

impl Add for StoredBits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        StoredBits {
            weights: self.weights + other.weights,
            gaps: self.gaps + other.gaps,
            counts: self.counts + other.counts,
            biases: self.biases + other.biases,
            multipliers: self.multipliers + other.multipliers,
            shifts: self.shifts + other.shifts,
        }
    }
}

impl Add for Sizes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Sizes {
            params: self.params + other.params,
            weights: self.weights + other.weights,
            nonzeros: self.nonzeros + other.nonzeros,
            macs: self.macs + other.macs,
            nonzero_macs: self.nonzero_macs + other.nonzero_macs,
            bops: self.bops + other.bops,
            params_bits: self.params_bits + other.params_bits,
            stored_bits: self.stored_bits + other.stored_bits,
            float_bits: self.float_bits + other.float_bits,
            stored: self.stored + other.stored,
        }
    }
}

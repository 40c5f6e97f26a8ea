//! The engines, and what all of them tell: lanes, cycles, memories.

use serde::Serialize;

use super::Memory;
use super::affine::AffinePlan;
use super::constant::ConstPlan;
use super::conv::ConvPlan;
use super::join::{How, JoinPlan};
use super::pool::PoolPlan;
use super::reorder::ReorderPlan;
use super::sparse::SparsePlan;
use super::sparse_conv::SparseConvPlan;
use super::stream::Stream;
use crate::network::Params;

/// The engine of a layer.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Dense multiply-accumulate lanes over windows.
    Conv(Box<ConvPlan>),
    /// The sparse fully connected engine.
    Sparse(Box<SparsePlan>),
    /// The sparse convolution engine.
    SparseConv(Box<SparseConvPlan>),
    /// A small layer unrolled, every weight made of adders.
    Constant(Box<ConstPlan>),
    /// Max or average pool.
    Pool(Box<PoolPlan>),
    /// A multiply and a bias per channel.
    Affine(Box<AffinePlan>),
    /// Add or concat.
    Join(Box<JoinPlan>),
    /// An image brought into the order of its features.
    Flatten(Box<ReorderPlan>),
}

impl Engine {
    /// The name in manifests and reports.
    pub fn name(&self) -> &'static str {
        match self {
            Engine::Conv(_) => "conv",
            Engine::Sparse(_) => "sparse",
            Engine::SparseConv(_) => "sparse_conv",
            Engine::Constant(_) => "constant",
            Engine::Pool(_) => "pool",
            Engine::Affine(_) => "affine",
            Engine::Join(p) if p.how == How::Add => "add",
            Engine::Join(_) => "concat",
            Engine::Flatten(_) => "flatten",
        }
    }

    /// The output queue with credits, a power of two of beats; `None` where results leave otherwise.
    pub fn queue_addr_bits(&self) -> Option<u32> {
        match self {
            Engine::Conv(p) => Some(p.queue_addr_bits),
            Engine::SparseConv(p) => Some(p.queue_addr_bits),
            Engine::Constant(p) => Some(p.queue_addr_bits),
            Engine::Pool(p) => Some(p.queue_addr_bits),
            // Under 16 beats are under way at one a cycle.
            Engine::Affine(_) | Engine::Join(_) => Some(4),
            Engine::Flatten(_) => Some(3),
            Engine::Sparse(_) => None,
        }
    }

    /// Memories; `input` is the stream that arrives, `weights` counts the layer's own.
    pub fn memories(&self, input: &Stream, weights: usize) -> Vec<Memory> {
        match self {
            Engine::Conv(p) => p.memories(input.bits, weights),
            Engine::Sparse(p) => p.memories.clone(),
            Engine::SparseConv(p) => p.memories(input.bits),
            Engine::Constant(p) => p.memories(input.bits),
            Engine::Pool(p) => p.memories(),
            Engine::Affine(p) => p.memories(),
            Engine::Join(p) => p.memories(),
            Engine::Flatten(p) => vec![p.memory()],
        }
    }

    /// Multiply-accumulate lanes; none where weights are constants.
    pub fn lanes(&self) -> usize {
        match self {
            Engine::Conv(p) => p.folding.lanes(),
            Engine::Sparse(p) => p.folding.banks,
            Engine::SparseConv(p) => p.lanes(),
            Engine::Affine(p) => p.lanes,
            Engine::Constant(_) | Engine::Pool(_) | Engine::Join(_) | Engine::Flatten(_) => 0,
        }
    }

    /// Cycles an image that the engine works; those of the streams come on top.
    pub fn cycles(&self) -> u64 {
        match self {
            Engine::Conv(p) => p.window.cycles().max(p.window.image_words()),
            Engine::Sparse(p) => p.cycles(),
            Engine::SparseConv(p) => p.cycles().max(p.window.image_words()),
            Engine::Constant(p) => p.cycles().max(p.window.image_words()),
            Engine::Pool(p) => p.cycles(),
            Engine::Flatten(p) => p.values() as u64,
            Engine::Affine(_) | Engine::Join(_) => 0,
        }
    }

    /// Multiply-accumulates an image that the network asks for, for an output of `pixels`.
    pub fn useful_macs(&self, params: &Params, pixels: usize) -> u64 {
        match self {
            Engine::Conv(_) | Engine::Affine(_) => (params.weight.len() * pixels) as u64,
            Engine::Sparse(_) => params.weight.iter().filter(|w| **w != 0).count() as u64,
            Engine::SparseConv(p) => (p.nonzeros * pixels) as u64,
            Engine::Constant(p) => (p.nonzeros * pixels) as u64,
            Engine::Pool(_) | Engine::Join(_) | Engine::Flatten(_) => 0,
        }
    }
}

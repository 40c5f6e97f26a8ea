//! Planning: foldings, cycles and memories, computed before any Verilog is written.
//!
//! [`stages`] turns the network into engines-to-be and the streams between them, [`choose`] picks a folding for each from
//! the last to the first (so that the lanes of every stream fit all its ends), [`layer`] computes every number of one
//! engine, [`buffers`] what waits in front of a join, [`balance`] plans for a number of cycles, [`reach`] for a [`goal`],
//! and [`pareto`] for all of them; [`energy`] counts what an image takes.

pub mod advice;
pub mod affine;
pub mod balance;
pub mod buffers;
pub mod choose;
pub mod constant;
pub mod contents;
pub mod conv;
pub mod device;
pub mod dsp;
pub mod energy;
pub mod engine;
pub mod estimate;
pub mod goal;
pub mod join;
pub mod layer;
pub mod memory;
pub mod pack;
pub mod pareto;
pub mod passage;
pub mod pool;
pub mod random;
pub mod reach;
pub mod reorder;
pub mod requant;
pub mod roms;
pub mod schedule;
pub mod sparse;
pub mod sparse_conv;
pub mod stages;
pub mod stream;
pub mod untimed;
pub mod want;
pub mod window;

use serde::Serialize;

use self::stream::Stream;
use crate::network::graph::{ActType, InputSpec};

pub use engine::Engine;
pub use estimate::Resources;
pub use layer::LayerPlan;
pub use memory::Memory;

/// A whole design, every number computed.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Name of the network.
    pub name: String,
    /// The image that enters, one pixel a beat.
    pub input: InputSpec,
    /// Scores an image.
    pub classes: usize,
    /// Planned cycles an image: the slowest of the engines, the input and the output. A bound where zero activations
    /// are skipped.
    pub cycles_per_image: u64,
    /// Multiply-accumulate lanes of all engines.
    pub lanes: usize,
    /// Estimated resources of the whole design.
    pub resources: Resources,
    /// Engines, each behind those that feed it.
    pub layers: Vec<LayerPlan>,
}

impl Plan {
    /// Memories of all engines.
    pub fn memories(&self) -> impl Iterator<Item = &Memory> {
        self.layers.iter().flat_map(|layer| &layer.memories)
    }

    /// Bits allocated in memories.
    pub fn memory_bits(&self) -> u64 {
        self.memories().map(|memory| memory.bits_allocated).sum()
    }

    /// The stream that leaves layer `from`, or the pixels.
    pub fn stream(&self, from: Option<usize>) -> Stream {
        match from {
            Some(layer) => self.layers[layer].out,
            None => pixels(self.input),
        }
    }
}

/// The stream of pixels that enters: all channels a beat.
pub fn pixels(input: InputSpec) -> Stream {
    Stream::new(input.shape(), input.channels, ActType::unsigned(8))
}

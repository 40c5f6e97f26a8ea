//! Planning: foldings, cycles and memories, computed before any Verilog is written.
//!
//! [`stages`] turns the network into a chain of engines-to-be, [`choose`] picks a folding for each from the last to the
//! first (so that the lanes of every stream fit both its ends), [`layer`] computes every number of one engine, and
//! [`balance`] finds the target that a lane budget, a frame rate or a device allows.

pub mod balance;
pub mod choose;
pub mod conv;
pub mod device;
pub mod dsp;
pub mod estimate;
pub mod layer;
pub mod memory;
pub mod pool;
pub mod random;
pub mod requant;
pub mod sparse;
pub mod sparse_conv;
pub mod stages;
pub mod stream;
pub mod window;

use serde::Serialize;

use crate::network::graph::InputSpec;

pub use estimate::Resources;
pub use layer::{Engine, LayerPlan};
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
    /// Engines, in the order of the stream.
    pub layers: Vec<LayerPlan>,
}

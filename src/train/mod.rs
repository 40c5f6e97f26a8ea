//! The float side: models, quantization-aware training, slimming and pruning surgery. Needs libtorch.

mod dead;
mod forward;
mod graph;
pub mod model;
pub mod quant;
mod slim;
pub(crate) mod store;

pub use forward::{Bits, Mode};
pub use model::{Model, Param};
pub use quant::Quant;

//! The float side: models, quantization-aware training, slimming and pruning surgery. Needs libtorch.

pub mod batches;
mod calibrate;
mod checkpoint;
mod dead;
mod equalize;
mod fit;
mod forward;
mod graph;
pub mod model;
mod optim;
mod progress;
pub mod quant;
pub mod runtime;
mod schedule;
mod slim;
pub(crate) mod store;

pub use calibrate::Bits;
pub use fit::{Diverged, EpochReport, FitReport, Hooks, Recipe, accuracy, fit};
pub use forward::Mode;
pub use model::{Model, Param};
pub use quant::Quant;

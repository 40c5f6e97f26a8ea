//! slimgate: from a CNN and a target accuracy to the smallest bit-exact streaming Verilog.
//!
//! The folders follow the data: [`config`] and [`data`], then `train`, [`search`] and `lower` (feature `train`: they
//! need libtorch), then the integer [`network`], [`plan`], [`rtl`], [`sim`] and [`synth`]. `docs/architecture.md`
//! describes each; [`cli`] has the commands.
//!
//! From a network to its Verilog, with what the interpreter says an image scores:
//!
//! ```
//! use std::path::Path;
//!
//! use slimgate::network::{Network, interp::Interpreter};
//! use slimgate::plan::goal::{Goal, Target};
//! use slimgate::plan::reach::balance;
//! use slimgate::plan::device::Device;
//!
//! # fn main() -> anyhow::Result<()> {
//! let network = Network::load(Path::new("examples/example-network"))?;
//!
//! let image = vec![128; 8 * 8]; // H x W x C bytes
//! let scores = Interpreter::new(&network)?.scores(&image);
//! assert_eq!(scores.len(), network.classes.len());
//!
//! let goal = Goal::new(Target::Lanes(8), Device::named("xc7z020")?); // the fastest within 8 multiply-accumulate lanes
//! let plan = balance(&network, &goal)?;
//! assert!(plan.lanes <= 8);
//!
//! let files = slimgate::rtl::generate(&network, &plan, None)?;
//! assert!(files.iter().any(|file| file.path == "rtl/example_top.v"));
//! # Ok(())
//! # }
//! ```

pub mod ablate;
pub mod cli;
pub mod config;
pub mod data;
pub mod error;
pub mod files;
#[cfg(feature = "train")]
pub mod lower;
pub mod network;
pub mod plan;
pub mod power;
pub mod report;
pub mod rtl;
pub mod run;
pub mod search;
pub mod sim;
pub mod study;
pub mod synth;
pub mod tool;
#[cfg(feature = "train")]
pub mod train;

//! slimgate: from a CNN and a target accuracy to the smallest bit-exact streaming Verilog.

pub mod cli;
pub mod config;
pub mod data;
pub mod error;
pub mod files;
#[cfg(feature = "train")]
pub mod lower;
pub mod network;
pub mod plan;
pub mod rtl;
pub mod run;
pub mod search;
pub mod sim;
pub mod synth;
pub mod tool;
#[cfg(feature = "train")]
pub mod train;

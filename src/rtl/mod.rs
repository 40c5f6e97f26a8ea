//! Verilog generation: from a network and its plan to a folder that every tool takes.

mod affine;
mod cells;
mod constant;
mod conv;
pub mod design;
mod drain;
mod hex;
mod join;
pub mod leaf;
mod literal;
mod pool;
mod queue;
mod reorder;
mod rom;
pub mod scripts;
pub mod sparse;
mod sparse_conv;
mod text;
mod tidy;
mod top;
pub mod window;
mod window_banks;

pub use design::generate;

/// One generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Path inside the design's folder, with forward slashes: `rtl/x.v`, `mem/x.hex`.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

impl Artifact {
    /// A file at `path`.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

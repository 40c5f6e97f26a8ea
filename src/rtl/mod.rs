//! Verilog generation: from a network and its plan to a folder that every tool takes.

pub mod leaf;
pub mod sparse;

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

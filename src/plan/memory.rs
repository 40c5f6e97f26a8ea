//! Memories of a design: what is stored against what is allocated.

use serde::Serialize;

/// One memory of one engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// `weight`, `rows`, `bank0`, …; also the last part of a ROM's file name.
    pub name: String,
    /// Bits of a word.
    pub width: u32,
    /// Words.
    pub depth: usize,
    /// Bits that hold information: rounded-up lanes and padding words do not count.
    pub bits_used: u64,
    /// `width * depth`.
    pub bits_allocated: u64,
}

impl Memory {
    /// A memory of `depth` words of `width` bits, of which `bits_used` say something.
    pub fn new(name: impl Into<String>, width: u32, depth: usize, bits_used: u64) -> Self {
        Self { name: name.into(), width, depth, bits_used, bits_allocated: u64::from(width) * depth as u64 }
    }

    /// True for weights, with what says where they belong.
    pub fn holds_weights(&self) -> bool {
        ["weight", "bank", "counts", "program"].iter().any(|name| self.name.starts_with(name))
    }
}

//! Memories of a design: what is stored against what is allocated, and what each is made of.

use serde::Serialize;

use super::contents::Columns;
use super::conv::SHALLOW_WORDS;
use super::estimate::blocks;
use crate::synth::Target;

/// What a memory does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Contents from a file, read only.
    Rom,
    /// One write port, one read port.
    Ram,
}

/// What a memory is made of; every synthesizer obeys the attribute that says so (`sg_ram`, `sg_rom`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Block RAM.
    Block,
    /// LUT RAM, or (a ROM) LUTs.
    Distributed,
    /// Flip-flops and multiplexers: a family without LUT RAM.
    Registers,
}

impl Style {
    /// The attribute's value.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Distributed => "distributed",
            Self::Registers => "registers",
        }
    }
}

/// One memory of one engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// `weight`, `rows`, `bank0`, …; also the last part of a ROM's file name.
    pub name: String,
    /// Rom or RAM.
    pub kind: Kind,
    /// What it is made of.
    pub style: Style,
    /// Equal memories side by side, whose words together are one of `width`.
    pub copies: usize,
    /// Bits of a word.
    pub width: u32,
    /// Words.
    pub depth: usize,
    /// Bits that hold information: rounded-up lanes and padding words do not count.
    pub bits_used: u64,
    /// `width * depth`.
    pub bits_allocated: u64,
    /// What synthesis leaves of its bits, where somebody looked.
    #[serde(skip)]
    pub columns: Option<Columns>,
}

impl Memory {
    /// A ROM of `depth` words of `width` bits, of which `bits_used` say something. [`Self::placed`] chooses its style.
    pub fn rom(name: impl Into<String>, width: u32, depth: usize, bits_used: u64) -> Self {
        Self {
            name: name.into(),
            kind: Kind::Rom,
            style: Style::Block,
            copies: 1,
            width,
            depth,
            bits_used,
            bits_allocated: u64::from(width) * depth as u64,
            columns: None,
        }
    }

    /// The same, a RAM.
    pub fn ram(name: impl Into<String>, width: u32, depth: usize, bits_used: u64) -> Self {
        Self { kind: Kind::Ram, ..Self::rom(name, width, depth, bits_used) }
    }

    /// The same in `copies` memories.
    pub fn split(self, copies: usize) -> Self {
        Self { copies, ..self }
    }

    /// The same in the style that suits `family`: blocks where the LUTs that they save are worth them.
    pub fn placed(self, family: Target) -> Self {
        let style = blocks::style(&self, family);
        Self { style, ..self }
    }

    /// Bits of a word of one of the copies.
    pub fn copy_width(&self) -> u32 {
        self.width / self.copies as u32
    }

    /// The same without those that are constant.
    pub fn stored_width(&self) -> u32 {
        (self.width - self.columns.map_or(0, |columns| columns.constant)) / self.copies as u32
    }

    /// True for weights, with what says where they belong.
    pub fn holds_weights(&self) -> bool {
        ["weight", "bank", "counts", "program"].iter().any(|name| self.name.starts_with(name))
    }
}

/// The style of the memory called `name`.
pub fn style(memories: &[Memory], name: &str) -> &'static str {
    memories.iter().find(|memory| memory.name == name).map_or("auto", |memory| memory.style.word())
}

/// The style of the memories in the lanes of the sparse convolution engine.
pub const fn lane_style(family: Target) -> Style {
    match family {
        Target::Ice40 => Style::Registers,
        _ => Style::Distributed,
    }
}

/// Words of each memory that makes up a ROM of `depth`: all but the last are full.
pub fn bank_words(depth: usize) -> usize {
    depth.min(SHALLOW_WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_memory_is_made_of_shallow_ones() {
        let banks = |depth: usize| (bank_words(depth), depth.div_ceil(bank_words(depth)));
        assert_eq!(banks(4096), (4096, 1));
        assert_eq!(banks(4097), (4096, 2));
        assert_eq!(banks(50_176), (4096, 13));
    }
}

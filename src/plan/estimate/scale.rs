//! The constants of requantizers, as far as they decide what these take.

use super::parts::distinct;
use crate::plan::contents::{Columns, Shifts};
use crate::plan::requant::SHIFT_BITS;

/// A multiplier of a requantizer.
#[derive(Debug, Clone, Copy)]
pub enum Scale {
    /// Of so many bits, from a memory of so many words; so many registers hold it.
    Stored { bits: u32, words: usize, registers: f64 },
    /// A constant.
    Constant(u32),
}

impl Scale {
    pub fn bits(self) -> u32 {
        match self {
            Self::Stored { bits, .. } => bits,
            Self::Constant(value) => u32::BITS - value.leading_zeros(),
        }
    }

    /// Registers of a stage that holds it: bits that are equal in all words share theirs.
    pub fn registers(self) -> f64 {
        match self {
            Self::Stored { registers, .. } => registers,
            Self::Constant(_) => 0.0,
        }
    }

    /// True where the product is the operand, shifted.
    pub fn trivial(self) -> bool {
        matches!(self, Self::Constant(value) if value == 0 || value.is_power_of_two())
    }
}

/// The shift of a requantizer.
#[derive(Debug, Clone, Copy)]
pub enum Shift {
    /// A constant.
    Constant(u8),
    /// From a memory, less 1: registers that hold its bits of value 8 and above, those of the others, and places that the
    /// former move by, if there is no choice.
    Stored { eights: f64, ones: f64, fixed: u32 },
}

impl Shift {
    /// That of each of `count` requantizers side by side.
    pub fn stored(shifts: Shifts, count: usize) -> Self {
        let each = |columns: Columns| f64::from(columns.distinct) / count as f64;
        Self::Stored { eights: each(shifts.eights), ones: each(shifts.ones), fixed: shifts.fixed }
    }

    /// One of `words` unknown ones.
    pub fn unknown(words: usize) -> Self {
        let half = distinct(SHIFT_BITS, words) / 2.0;
        Self::Stored { eights: half, ones: half, fixed: 0 }
    }

    /// Registers of the word's place, where it is stored.
    pub fn registers(self) -> f64 {
        match self {
            Self::Constant(_) => 0.0,
            Self::Stored { eights, ones, .. } => eights + ones,
        }
    }

    /// True where the shift by eights is wiring.
    pub fn fixed(self) -> bool {
        !matches!(self, Self::Stored { eights, .. } if eights > 0.0)
    }
}

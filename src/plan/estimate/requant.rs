//! Requantizers (`sg_requant`), and what stands around them behind an engine's sums (`templates/drain.v`).

use super::cells::delay;
use super::features::Feature;
use super::parts::{Parts, distinct};
use super::products;
use crate::plan::contents::{Columns, Contents, Shifts};
use crate::plan::layer::LayerPlan;
use crate::plan::requant::{Requant, SHIFT_BITS};
use crate::synth::Target;

/// A multiplier of a requantizer.
#[derive(Debug, Clone, Copy)]
pub enum Scale {
    /// Of so many bits, from a memory of so many words; so many registers hold it.
    Stored { bits: u32, words: usize, registers: f64 },
    /// A constant.
    Constant(u32),
}

impl Scale {
    fn bits(self) -> u32 {
        match self {
            Self::Stored { bits, .. } => bits,
            Self::Constant(value) => u32::BITS - value.leading_zeros(),
        }
    }

    /// Registers of a stage that holds it: bits that are equal in all words share theirs.
    fn registers(self) -> f64 {
        match self {
            Self::Stored { registers, .. } => registers,
            Self::Constant(_) => 0.0,
        }
    }

    /// True where the product is the operand, shifted.
    fn trivial(self) -> bool {
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
    fn unknown(words: usize) -> Self {
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
    fn fixed(self) -> bool {
        !matches!(self, Self::Stored { eights, .. } if eights > 0.0)
    }
}

/// Requantizers that are alike.
#[derive(Debug, Clone, Copy)]
pub struct Requantizers {
    /// How many.
    pub count: usize,
    /// Bits of an accumulator that vary.
    pub acc: u32,
    /// True where its sign is among them.
    pub signed: bool,
    /// The multiplier.
    pub scale: Scale,
    /// The shift.
    pub shift: Shift,
    /// Bits of a result.
    pub out: u32,
    /// True where the registers of the operands have no other use.
    pub own: bool,
}

/// Bits that `sg_requant` keeps for the shift by ones, beside those of the result.
const COARSE_BITS: u32 = 8;

impl Requantizers {
    /// `sg_requant` with the constants of `requant`, from a memory of `words` that holds `contents`.
    pub fn new(count: usize, acc: u32, requant: &Requant, words: usize, out: u32, contents: &Contents) -> Self {
        let each = |columns: Columns| f64::from(columns.distinct) / count as f64;
        let stored = || contents.shifts.map_or_else(|| Shift::unknown(words), |shifts| Shift::stored(shifts, count));
        let bits = requant.mul_bits;
        let registers = contents.multipliers.map_or_else(|| distinct(bits, words), each);
        Self {
            count,
            acc,
            signed: true,
            scale: Scale::Stored { bits, words, registers },
            shift: requant.shift.map_or_else(stored, Shift::Constant),
            out,
            own: true,
        }
    }

    /// Bits of a product, and those that the shift leaves of it.
    fn product_bits(&self) -> (u32, u32) {
        let product = self.acc + self.scale.bits();
        let lost = match self.shift {
            Shift::Constant(shift) => u32::from(shift) - 1,
            Shift::Stored { fixed, .. } => fixed,
        };
        (product, product.saturating_sub(lost).max(1))
    }

    /// Adds them, and the registers before them, to `parts`; true where the bias before them is added in their blocks too.
    pub fn add(&self, parts: &mut Parts) -> bool {
        let blocks = self.product(parts);
        let (_, kept) = self.product_bits();
        self.logic(parts, kept);
        if self.scale.trivial() {
            // Operand, product twice, coarse and fine shift: one value on its way, to where it is rounded.
            let way = kept.min(self.acc).min(self.out + 1);
            (0..self.count).for_each(|_| parts.shift_register(way as usize, 4 + usize::from(self.own)));
            return false;
        }
        let inside = blocks == 1 && parts.family() == Target::Xc7;
        self.registers(parts, inside);
        inside
    }

    /// Shift, rounding, clamping.
    fn logic(&self, parts: &mut Parts, kept: u32) {
        let n = self.count as f64;
        parts.add(Feature::Requantizer, n);
        parts.add(Feature::Round, n * f64::from(self.out + 1));
        parts.add(Feature::Clamp, n * f64::from(kept.saturating_sub(self.out)));
        if !self.shift.fixed() {
            parts.add(Feature::Shift, n * f64::from(self.out + COARSE_BITS));
        }
        if matches!(self.shift, Shift::Stored { .. }) {
            parts.add(Feature::Shift, n * f64::from(self.out + 1));
        }
    }

    /// The registers of the operands, `inside` the block or not, and of all stages behind.
    fn registers(&self, parts: &mut Parts, inside: bool) {
        let (n, amd) = (self.count, parts.family().is_amd());
        let (product, kept) = self.product_bits();
        if !inside {
            parts.flops(if self.own { n * self.acc as usize } else { 0 });
            parts.ff += n as f64 * self.scale.registers();
        }
        // Bits behind the shift by eights, and by ones; the sign and whether any is lost above go along.
        let by_ones = if let Shift::Constant(shift) = self.shift { (u32::from(shift) - 1) % 8 } else { 0 };
        let (coarse, fine) = (self.out + COARSE_BITS - by_ones, self.out + 1);
        let signs = 2 * usize::from(kept > coarse) + 2 * usize::from(kept > fine);
        parts.flops(n * (signs + self.out as usize));
        self.shift_registers(parts);
        if amd && !inside && self.shift.fixed() {
            // From the product to the shift by ones, or to its result, nothing but registers.
            parts.luts += f64::from(n as u32 * kept.min(coarse));
            parts.flops(2 * n * kept.saturating_sub(coarse) as usize);
            if matches!(self.shift, Shift::Stored { .. }) {
                parts.flops(n * kept.min(fine) as usize);
            }
            return;
        }
        parts.flops(n * (kept.min(coarse) + kept.min(fine)) as usize);
        match inside {
            true => {}
            false if amd => parts.flops(2 * n * kept as usize),
            false => self.split_product(parts, product - kept, kept),
        }
    }

    /// The shift less 1, twice, and its ones once more.
    fn shift_registers(&self, parts: &mut Parts) {
        if let Shift::Stored { eights, ones, .. } = self.shift {
            let n = self.count as f64;
            parts.ff += 2.0 * n * eights;
            if parts.family().is_amd() {
                parts.luts += n * ones;
            } else {
                parts.ff += 3.0 * n * ones;
            }
        }
    }

    /// The registers of `sg_times` where blocks are narrow, `lost` bits of the product without use.
    fn split_product(&self, parts: &mut Parts, lost: u32, kept: u32) {
        let n = self.count as f64;
        let block = if parts.family() == Target::Ecp5 { 18 } else { 16 };
        parts.flops(self.count * kept as usize);
        if self.acc <= block {
            parts.ff += n * (f64::from(self.acc) + self.scale.registers());
        } else {
            let low = (block + self.scale.bits()).saturating_sub(lost);
            let high = self.acc - block + self.scale.bits();
            parts.flops(self.count * (low + high) as usize);
            parts.add(Feature::Add, n * f64::from(high));
        }
    }

    /// Adds the products; gives the multiplier blocks of one.
    fn product(&self, parts: &mut Parts) -> usize {
        let (n, scale) = (self.count as f64, self.scale);
        let operand = self.acc + u32::from(!self.signed);
        let blocks =
            if scale.trivial() { 0 } else { products::blocks(parts.block, operand, scale.bits() + 1, u32::MAX) };
        parts.dsp += self.count * blocks;
        match (blocks, scale) {
            (0, Scale::Stored { bits, words: 1, .. }) => {
                (0..self.count).for_each(|_| parts.constant_product(self.acc, bits))
            }
            (0, Scale::Stored { .. }) => (0..self.count).for_each(|_| parts.soft_product(self.acc, scale.registers())),
            (0, Scale::Constant(value)) => {
                let terms = value.count_ones().saturating_sub(1);
                parts.add(Feature::MultiplyConstant, n * f64::from(self.acc * terms));
            }
            (1, _) => {}
            _ => parts.add(Feature::Add, n * f64::from(self.acc)),
        }
        blocks
    }
}

/// What stands in `drain.v`: constants' address, bias and requantizer of `step` sums of `acc` bits, queue.
pub fn drain(parts: &mut Parts, (step, words): (usize, usize), acc: u32, requant: &Requant, layer: &LayerPlan) {
    parts.counter(words);
    delay(parts, 1, requant.latency());
    if requant.out.is_none() {
        parts.add(Feature::Add, (step * acc as usize) as f64);
        parts.flops(step * acc as usize);
        return;
    }
    let all = Requantizers::new(step, acc, requant, words, layer.out.bits, &layer.contents);
    if all.add(parts) {
        // So is the register that the serializer gives the sums in.
        parts.ff -= if words > 1 { (step * acc as usize) as f64 } else { 0.0 };
    } else {
        parts.add(Feature::Add, (step * acc as usize) as f64);
    }
    parts.ff += step as f64 * all.shift.registers();
}

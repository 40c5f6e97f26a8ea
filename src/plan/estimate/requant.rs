//! Requantizers (`sg_requant`), and what stands around them behind an engine's sums (`templates/drain.v`).

use super::cells::{booth, delay};
use super::features::Feature;
use super::parts::{Parts, distinct};
use super::products;
use super::scale::{Scale, Shift};
use crate::plan::contents::{Columns, Contents};
use crate::plan::layer::LayerPlan;
use crate::plan::requant::Requant;
use crate::synth::Target;

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

/// Most bits of an accumulator above a block's that `sg_times` multiplies in Booth rows.
const ROWS_BITS: u32 = 4;
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
        self.registers(parts, blocks, inside);
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

    /// The registers of the operands, `inside` the block or not, of which there are `blocks`, and of all stages behind.
    fn registers(&self, parts: &mut Parts, blocks: usize, inside: bool) {
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
            // Of the registers around SB_MAC16 the accumulator's alone stays outside.
            false if parts.family() == Target::Ice40 && blocks == 1 => parts.flops(n * self.acc as usize),
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
        let block = self.narrow(parts.family());
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
        if self.scale.trivial() {
            return 0;
        }
        let acc = self.acc + u32::from(!self.signed);
        let high = acc.saturating_sub(self.narrow(parts.family()));
        // Unsigned low bits take no bit for a sign.
        let low_blocks = match high {
            0 => products::blocks(parts.block, acc, self.scale.bits() + 1, u32::MAX),
            _ => products::blocks(parts.block, acc - high, self.scale.bits(), u32::MAX),
        };
        self.made(parts, acc - high, low_blocks);
        let high_blocks = match high {
            0 => 0,
            1..=ROWS_BITS => {
                (0..self.count).for_each(|_| booth(parts, self.scale.bits() + 1, high.div_ceil(2)));
                0
            }
            _ => {
                let blocks = products::blocks(parts.block, high, self.scale.bits() + 1, u32::MAX);
                self.made(parts, high, blocks);
                blocks
            }
        };
        low_blocks + high_blocks
    }

    /// Most bits of an accumulator that a block takes at once.
    fn narrow(&self, family: Target) -> u32 {
        match family {
            Target::Xc7 | Target::Xcup => u32::MAX,
            Target::Ecp5 => 18,
            Target::Ice40 => 16,
        }
    }

    /// Adds products with `acc` bits, each in so many `blocks`.
    fn made(&self, parts: &mut Parts, acc: u32, blocks: usize) {
        let (n, scale) = (self.count as f64, self.scale);
        parts.dsp += self.count * blocks;
        match (blocks, scale) {
            (0, Scale::Stored { bits, words: 1, .. }) => {
                (0..self.count).for_each(|_| parts.constant_product(acc, bits));
            }
            (0, Scale::Stored { bits, .. }) => {
                // Booth rows have all bits of it, Yosys' products those that differ.
                let rows = parts.family().is_amd() && !parts.block.exists;
                let counted = if rows { bits.into() } else { scale.registers() };
                (0..self.count).for_each(|_| parts.soft_product(acc, counted));
            }
            (0, Scale::Constant(value)) => {
                let terms = value.count_ones().saturating_sub(1);
                parts.add(Feature::MultiplyConstant, n * f64::from(acc * terms));
            }
            (1, _) => {}
            _ => parts.add(Feature::Add, n * f64::from(acc)),
        }
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

//! The parts of an engine: what is counted exactly, and amounts of what costs LUTs.

use super::blocks::{Layout, layout, lut_ram, unregistered};
use super::features::{FEATURES, Feature};
use crate::plan::memory::{Kind, Memory, Style, bank_words};
use crate::plan::pack::Block;
use crate::synth::Target;

/// Registers one behind the other that Yosys makes a shift register of LUTs (AMD).
pub const SHIFT_REGISTER: usize = 3;

/// Parts of an engine, or of a whole design.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The multiplier blocks to be had, and the family.
    pub block: Block,
    /// Multiplier blocks.
    pub dsp: usize,
    /// Half blocks of block RAM on AMD, else blocks.
    pub ram_units: usize,
    /// Flip-flops.
    pub ff: f64,
    /// LUTs that are known: LUT RAM and shift registers.
    pub luts: f64,
    /// Amounts of the features, in their order.
    pub amounts: [f64; FEATURES.len()],
}

impl Parts {
    /// None.
    pub fn new(block: Block) -> Self {
        Self { block, dsp: 0, ram_units: 0, ff: 0.0, luts: 0.0, amounts: [0.0; FEATURES.len()] }
    }

    /// The family.
    pub fn family(&self) -> Target {
        self.block.family
    }

    /// Adds those of `other`.
    pub fn join(&mut self, other: &Self) {
        self.dsp += other.dsp;
        self.ram_units += other.ram_units;
        self.ff += other.ff;
        self.luts += other.luts;
        self.amounts.iter_mut().zip(other.amounts).for_each(|(amount, more)| *amount += more);
    }

    /// Adds `amount` of `feature`.
    pub fn add(&mut self, feature: Feature, amount: impl Into<f64>) {
        self.amounts[feature as usize] += amount.into();
    }

    /// Adds `bits` flip-flops.
    pub fn flops(&mut self, bits: usize) {
        self.ff += bits as f64;
    }

    /// A counter of 0 to `count` - 1.
    pub fn counter(&mut self, count: usize) {
        let bits = counter_bits(count);
        self.flops(bits);
        self.add(Feature::Counter, bits as f64);
    }

    /// A product of `a` and `b` bits that is left to synthesis without blocks; `b` as far as its bits differ.
    pub fn soft_product(&mut self, a: u32, b: f64) {
        self.add(Feature::Multiply, f64::from(a) * b);
        self.add(Feature::MultiplySum, f64::from(a) + b);
    }

    /// The same with a constant of `bits` nobody knows: every second bit is a term.
    pub fn constant_product(&mut self, a: u32, bits: u32) {
        self.add(Feature::MultiplyConstant, f64::from(a) * (f64::from(bits) / 2.0 - 1.0).max(0.0));
    }

    /// `count` multiplexers of `inputs`.
    pub fn mux(&mut self, feature: Feature, inputs: usize, count: usize) {
        let each = match self.family() {
            Target::Xc7 | Target::Xcup => (inputs - 1).div_ceil(3),
            Target::Ecp5 | Target::Ice40 => inputs - 1,
        };
        self.add(feature, (each * count) as f64);
    }

    /// Shift registers without reset, `bits` wide and `cycles` long: AMD has LUTs for them, which Yosys takes from three on.
    pub fn shift_register(&mut self, bits: usize, cycles: usize) {
        if self.family().is_amd() && cycles >= SHIFT_REGISTER {
            self.luts += (bits * cycles.div_ceil(32)) as f64;
        } else {
            self.flops(bits * cycles);
        }
    }

    /// A memory with its read register, where the blocks do not have it.
    pub fn memory(&mut self, memory: &Memory) {
        let (width, depth) = (memory.stored_width(), memory.depth);
        // Deep weights lie in several memories (`templates/rom.v`).
        let weights = memory.name.starts_with("weight");
        let split = weights || memory.name.starts_with("bank");
        let words = if split { bank_words(depth) } else { depth };
        let several = depth.div_ceil(words);
        for k in (0..several).cycle().take(several * memory.copies) {
            let depth = words.min(depth - k * words);
            match (memory.kind, memory.style) {
                (Kind::Rom, Style::Distributed | Style::Registers) => self.rom(memory, depth),
                _ => self.one_memory(memory.kind, memory.style, width, depth),
            }
        }
        if several > 1 {
            self.flops(counter_bits(several));
            self.mux(Feature::MemoryMux, several, width as usize);
        }
        if several > 1 && weights {
            // Registers before the multiplexer.
            self.flops(several * width as usize + counter_bits(several));
        }
    }

    fn one_memory(&mut self, kind: Kind, style: Style, width: u32, depth: usize) {
        match (kind, style) {
            (_, Style::Block) => {
                let Layout { units, rows, .. } = layout(kind, width, depth, self.family());
                self.ram_units += units;
                if rows > 1 {
                    self.flops(counter_bits(rows));
                    self.mux(Feature::MemoryMux, rows, width as usize);
                }
            }
            _ => {
                self.flops(width as usize);
                self.lut_memory(width, depth);
            }
        }
    }

    /// A RAM whose read is not registered, `sg_ram_async`; the register of the read address is copied into it where `bits`,
    /// its bits, are not 0.
    pub fn unregistered(&mut self, width: u32, depth: usize, bits: usize) {
        let registers = width as usize * depth;
        match unregistered(width, depth, self.family()) {
            Style::Distributed => self.lut_memory(width, depth),
            Style::Registers => {
                self.flops(registers);
                self.add(Feature::Stored, registers as f64);
            }
            Style::Block if bits == 0 => {
                self.flops(registers);
                self.add(Feature::Stored, registers as f64);
            }
            Style::Block => {
                self.ram_units += layout(Kind::Ram, width, depth, self.family()).units;
                self.flops(width as usize + 1);
                self.add(Feature::Bypass, f64::from(width));
                return;
            }
        }
        self.flops(bits);
    }

    /// A RAM of `depth` words in LUT RAM, or flip-flops where there is none.
    pub fn lut_memory(&mut self, width: u32, depth: usize) {
        if self.family() == Target::Ice40 {
            self.flops(width as usize * depth);
            self.add(Feature::Stored, (width as usize * depth) as f64);
            return;
        }
        self.luts += lut_ram(width, depth, self.family()) as f64;
        let words = match self.family() {
            Target::Ecp5 => 16,
            _ => 64,
        };
        if depth > words {
            self.mux(Feature::MemoryMux, depth.div_ceil(words), width as usize);
        }
    }

    /// A ROM of `depth` words in LUTs, with its read register. Its columns are functions of the address, as random ones as any;
    /// those that are equal are made once.
    fn rom(&mut self, memory: &Memory, depth: usize) {
        let columns =
            memory.columns.map_or_else(|| distinct(memory.copy_width(), depth), |columns| columns.distinct.into());
        self.ff += columns;
        let inputs = if self.family().is_amd() { 64 } else { 16 };
        let each = match depth {
            0..=2 => 0.0,
            _ if depth <= inputs => 1.0,
            _ => depth as f64 / inputs as f64 * 4.0 / 3.0,
        };
        self.add(Feature::Rom, columns * each);
    }
}

/// Bits of a counter of 0 to `count` - 1; one that does not count is left out.
pub fn counter_bits(count: usize) -> usize {
    (usize::BITS - (count - 1).leading_zeros()) as usize
}

/// Expected number of different columns, those of one value left out, of a random ROM.
pub fn distinct(width: u32, depth: usize) -> f64 {
    if depth >= 16 || width == 0 {
        return f64::from(width);
    }
    if depth < 2 {
        return 0.0;
    }
    let functions = f64::from(1u32 << depth);
    (functions - 2.0) * (1.0 - (1.0 - 1.0 / functions).powi(width as i32))
}

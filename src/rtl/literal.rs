//! Sized Verilog literals and the registers they are compared with.

use crate::network::acc::signed_bits;
use crate::plan::sparse::bits_for;

/// `[bits-1:0]`.
pub fn range(bits: usize) -> String {
    format!("[{}:0]", bits - 1)
}

/// An unsigned literal, `5'd27`.
pub fn lit(bits: u32, value: u64) -> String {
    format!("{bits}'d{value}")
}

/// An unsigned counter and its literals.
#[derive(Debug, Clone)]
pub struct Counter {
    /// Bits of the register.
    pub bits: u32,
    /// Highest bit.
    pub msb: u32,
    /// `[msb:0]`.
    pub range: String,
    /// 0.
    pub zero: String,
    /// 1.
    pub one: String,
    /// The largest value.
    pub last: String,
    /// How many values there are.
    pub count: usize,
}

impl Counter {
    /// Counts 0 to `count - 1`.
    pub fn new(count: usize) -> Self {
        let bits = bits_for(count - 1);
        Self {
            bits,
            msb: bits - 1,
            range: range(bits as usize),
            zero: lit(bits, 0),
            one: lit(bits, 1),
            last: lit(bits, count as u64 - 1),
            count,
        }
    }

    /// A literal of the counter's width.
    pub fn lit(&self, value: usize) -> String {
        lit(self.bits, value as u64)
    }

    /// `(register + by) % count` as an expression of one addition, compared beside it and not behind it.
    pub fn moved(&self, register: &str, by: usize) -> String {
        let by = by % self.count;
        match by {
            0 => register.into(),
            _ if self.count.is_power_of_two() => format!("{register} + {}", self.lit(by)),
            _ => {
                let back = self.lit(self.count - by);
                format!("({register} >= {back}) ? {register} - {back} : {register} + {}", self.lit(by))
            }
        }
    }
}

/// A two's complement register and its literals.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Bits of the register.
    pub bits: u32,
    /// The sign bit.
    pub msb: u32,
    /// `[msb:0]`.
    pub range: String,
    /// 1.
    pub one: String,
}

impl Signed {
    /// Holds `lo ..= hi` and has at least `bits` bits.
    pub fn holding(lo: i64, hi: i64, bits: u32) -> Self {
        let bits = signed_bits(lo, hi.max(1)).max(bits);
        let mut signed = Self { bits, msb: bits - 1, range: range(bits as usize), one: String::new() };
        signed.one = signed.lit(1);
        signed
    }

    /// A signed literal of the register's width.
    pub fn lit(&self, value: i64) -> String {
        let sign = if value < 0 { "-" } else { "" };
        format!("{sign}{}'sd{}", self.bits, value.unsigned_abs())
    }
}

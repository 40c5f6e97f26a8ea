//! Several products in one multiplier block: which weights share it, and how many blocks may add up in a chain.
//!
//! The weights of neighbouring output channels meet the same activation. Written `offset` bits apart into one operand
//! they give their products in one multiplication, each in a field of `offset` bits (AMD WP486 for two 8-bit products,
//! WP521 for 4 bits). A field holds the sum of as many products as its bits allow; so many blocks add up inside their
//! cascade before their fields must be taken apart.

use serde::Serialize;

use crate::network::graph::ActType;
use crate::synth::Target;

/// Longest chain: Yosys and the columns of small devices take no longer cascade.
const LONGEST_CHAIN: usize = 20;

/// Multiplier block of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Family that it is of.
    pub family: Target,
    /// False where the device has none: every product is made of LUTs.
    pub exists: bool,
    /// Bits of the wider operand, two's complement.
    pub wide: u32,
    /// True where a block adds its product to the sum of the block before it.
    pub cascades: bool,
}

impl Block {
    /// The block of `family`: DSP48E1 (AMD UG479), DSP48E2 (UG579), MULT18X18D (Lattice TN1267), SB_MAC16 (TN1295).
    pub const fn of(family: Target) -> Self {
        match family {
            Target::Xc7 => Self { family, exists: true, wide: 25, cascades: true },
            Target::Xcup => Self { family, exists: true, wide: 27, cascades: true },
            Target::Ecp5 => Self { family, exists: true, wide: 18, cascades: false },
            Target::Ice40 => Self { family, exists: true, wide: 16, cascades: false },
        }
    }

    /// The same family without any.
    pub const fn none(self) -> Self {
        Self { exists: false, ..self }
    }
}

/// How products share blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pack {
    /// Output channels in a block.
    pub lanes: usize,
    /// Bits from one field to the next.
    pub offset: u32,
    /// Most products that a field can sum up.
    pub chain: usize,
}

impl Pack {
    /// The most products of `act` and weights of `weight_bits` that `block` takes, at most `outputs`; a single one
    /// has a field of `sum_bits`. Without blocks nothing is shared, and nothing adds up on the way.
    pub fn new(act: ActType, weight_bits: u32, sum_bits: u32, block: Block, outputs: usize) -> Self {
        if !block.exists {
            return Self { lanes: 1, offset: sum_bits, chain: 1 };
        }
        let (lo, hi) = act.range();
        let product = i64::from(hi.max(-lo)) * ((1 << (weight_bits - 1)) - 1).max(1);
        let chain = |offset: u32| (((1i64 << (offset - 1)) - 1) / product) as usize;
        let longest = if block.cascades { LONGEST_CHAIN } else { 1 };
        let shared = (2..=outputs.min(block.wide as usize)).rev().find_map(|lanes| {
            let offset = (block.wide - weight_bits) / (lanes as u32 - 1);
            let fits = offset > weight_bits && chain(offset) > 0;
            fits.then(|| Self { lanes, offset, chain: chain(offset).min(longest) })
        });
        shared.unwrap_or(Self { lanes: 1, offset: sum_bits, chain: longest })
    }

    /// Blocks that `outputs` channels take for each activation.
    pub fn blocks(&self, outputs: usize) -> usize {
        outputs.div_ceil(self.lanes)
    }
}

/// The weights of one block, made ready: each less 1 where the one stored below it is negative, because its field
/// borrows.
pub fn ready(weights: impl IntoIterator<Item = i64>) -> Vec<i64> {
    let mut below = 0;
    let borrow = |weight: i64| {
        below = weight - i64::from(below < 0);
        below
    };
    weights.into_iter().map(borrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(act: u32, weight: u32, family: Target) -> (usize, u32, usize) {
        let pack = Pack::new(ActType::unsigned(act), weight, 20, Block::of(family), 64);
        (pack.lanes, pack.offset, pack.chain)
    }

    #[test]
    fn blocks_hold_what_their_operands_allow() {
        assert_eq!(pack(8, 8, Target::Xcup), (2, 19, 8));
        assert_eq!(pack(8, 8, Target::Xc7), (2, 17, 2));
        assert_eq!(pack(8, 8, Target::Ecp5), (1, 20, 1));
        assert_eq!(pack(5, 4, Target::Xcup), (3, 11, 4));
        assert_eq!(pack(5, 4, Target::Ecp5), (2, 14, 1));
    }

    #[test]
    fn fields_come_apart_again() {
        let pack = Pack::new(ActType::unsigned(5), 4, 20, Block::of(Target::Xcup), 3);
        let weights = [-7, 3, -1];
        let operand: i64 = weights.iter().rev().fold(0, |sum, w| (sum << pack.offset) + w);
        let stored = ready(weights);
        let mask = (1 << pack.offset) - 1;
        let joined = stored.iter().rev().fold(0i64, |bits, w| (bits << pack.offset) | (w & mask));
        assert_eq!(joined & ((1 << 33) - 1), operand & ((1 << 33) - 1));
        // Four products of the largest activation still fit their fields.
        let sum = operand * 31 * pack.chain as i64;
        let field = |k: u32| ((sum >> (k * pack.offset)) << (64 - pack.offset)) >> (64 - pack.offset);
        let carry = |k: u32| i64::from(k > 0 && field(k - 1) < 0);
        let fields: Vec<i64> = (0..3).map(|k| field(k) + carry(k)).collect();
        assert_eq!(fields, weights.map(|w| w * 31 * pack.chain as i64));
    }
}

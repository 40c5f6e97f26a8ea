//! Multiplier blocks that a product takes, as Yosys' `mul2dsp` splits it.

use crate::plan::pack::Block;
use crate::synth::Target;

/// Bits that a multiplier's ports take.
struct Ports {
    /// The wider operand's.
    a: u32,
    /// Those of it where it is split into several blocks; each keeps a bit for its sign where `signed`.
    a_part: u32,
    /// The narrower operand's.
    b: u32,
    signed: bool,
    /// Narrowest product that takes a block at all.
    least: u32,
}

/// Narrowest operand that takes a block.
const LEAST_OPERAND: u32 = 2;

/// DSP48E1, DSP48E2, MULT18X18D, SB_MAC16, as Yosys' `synth_<family>` calls `mul2dsp`.
const fn ports(family: Target) -> Ports {
    match family {
        Target::Xc7 => Ports { a: 25, a_part: 18, b: 18, signed: true, least: 9 },
        Target::Xcup => Ports { a: 27, a_part: 18, b: 18, signed: true, least: 9 },
        Target::Ecp5 => Ports { a: 18, a_part: 18, b: 18, signed: false, least: 0 },
        Target::Ice40 => Ports { a: 16, a_part: 16, b: 16, signed: false, least: 11 },
    }
}

/// Multiplier blocks of a product of two's complement operands of `a` and `b` bits, of which `kept` have a use; 0 where it is
/// made of LUTs.
pub fn blocks(block: Block, a: u32, b: u32, kept: u32) -> usize {
    if block.exists { split(&ports(block.family), a.max(b), a.min(b), (a + b).min(kept)) } else { 0 }
}

fn split(ports: &Ports, a: u32, b: u32, product: u32) -> usize {
    if a < LEAST_OPERAND || b < LEAST_OPERAND || product < ports.least {
        return 0;
    }
    let (most, part) = match (a > ports.a, b > ports.b) {
        (true, _) => (ports.a, ports.a_part),
        (false, true) => (ports.b, ports.b),
        (false, false) => return 1,
    };
    let step = part - u32::from(ports.signed);
    let (wide, other) = if a > ports.a { (a, b) } else { (b, a) };
    let count = (wide - most).div_ceil(step);
    let last = wide - count * step;
    let piece = |width: u32, product: u32| {
        let (a, b) = if a > ports.a { (width, other) } else { (other, width) };
        split(ports, a, b, product)
    };
    count as usize * piece(part, (other + part).min(product)) + piece(last, other + last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Yosys 0.23 counts them.
    #[test]
    fn products_take_the_blocks_that_yosys_gives_them() {
        let families = [Target::Xc7, Target::Xcup, Target::Ecp5, Target::Ice40];
        let of = |a, b| families.map(|family| blocks(Block::of(family), a, b, a + b));
        assert_eq!(of(4, 4), [0, 0, 1, 0]);
        assert_eq!(of(5, 4), [1, 1, 1, 0]);
        assert_eq!(of(1, 8), [0, 0, 0, 0]);
        assert_eq!(of(9, 2), [1, 1, 1, 1]);
        assert_eq!(of(20, 17), [1, 1, 2, 2]);
        assert_eq!(of(26, 17), [2, 1, 2, 2]);
        assert_eq!(of(28, 17), [2, 2, 2, 2]);
        assert_eq!(of(40, 17), [2, 2, 3, 3]);
    }
}

//! The bounds of a valid network. They keep every size and every intermediate value within 64-bit arithmetic.

/// Most values in one tensor, C x H x W.
pub const MAX_TENSOR: usize = 1 << 24;
/// Most output channels of a conv or features of a dense layer.
pub const MAX_CHANNELS: usize = 65_535;
/// Largest side of a window and largest stride.
pub const MAX_WINDOW: usize = 255;
/// Most weights in one node.
pub const MAX_WEIGHTS: usize = 1 << 28;
/// Bits of a weight, smallest and largest.
pub const WEIGHT_BITS: (u32, u32) = (2, 8);
/// Bits of an activation, smallest and largest.
pub const ACT_BITS: (u32, u32) = (1, 8);
/// Requantizer shift, smallest and largest.
pub const SHIFT: (u8, u8) = (1, 40);
/// Widest accumulator of the last layer: a score is one 32-bit beat.
pub const MAX_SCORE_BITS: u32 = 32;
/// Widest accumulator elsewhere: with a 16-bit multiplier the product stays within 64 bits.
pub const MAX_ACC_BITS: u32 = 48;
/// Longest name of a network or a node.
pub const MAX_NAME: usize = 64;

/// Largest weight of `bits` bits; the smallest is its negative.
pub const fn max_weight(bits: u32) -> i32 {
    (1 << (bits - 1)) - 1
}

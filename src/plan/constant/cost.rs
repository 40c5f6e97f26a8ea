//! What the constant engine takes at least, to spare the search of its adders where another engine is smaller.

/// LUTs of an adder for each digit of the weights and bit of an activation, at least, where common parts are shared.
const LEAST_LUTS_A_DIGIT: f64 = 0.5;

/// LUTs that the adders of `weight_digits` digits of weights over values of `act_bits` take at least, roughly, `digit` bits a cycle and
/// a carry, or all at once.
pub fn least_luts(weight_digits: usize, act_bits: u32, digit: Option<u32>) -> f64 {
    let bits = digit.map_or(act_bits, |digit| act_bits.min(digit + 1));
    weight_digits as f64 * f64::from(bits) * LEAST_LUTS_A_DIGIT
}

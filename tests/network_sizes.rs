//! Sizes and work of a network that is small enough to reckon by hand.

mod tiny;

use slimgate::network::sizes::StoredBits;
use tiny::tiny;

#[test]
fn tiny_by_hand() {
    let sizes = tiny().sizes().unwrap();
    let names: Vec<&str> = sizes.nodes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["conv1", "pool1", "flat", "fc"]);

    // conv1: 18 weights of 3 bits, 11 nonzero, 16 pixels, 8-bit input.
    let conv = sizes.nodes[0].1;
    assert_eq!((conv.params, conv.weights, conv.nonzeros), (20, 18, 11));
    assert_eq!((conv.macs, conv.nonzero_macs, conv.bops), (288, 176, 176 * 3 * 8));
    assert_eq!((conv.params_bits, conv.float_bits), (33, 640));
    // Biases 100 and -7 need 8 signed bits; both multipliers are 40 (6 bits); the shifts differ.
    let stored = StoredBits { weights: 54, biases: 16, multipliers: 6, shifts: 12, ..StoredBits::default() };
    assert_eq!((conv.stored, conv.stored_bits), (stored, 88));

    // fc: [3, 8] of 5 bits, sparse. Columns 0, 2, 3, 7 hold rows {0}, {1}, {2}, {0, 1, 2}.
    // No gap bits: fillers 0 + 1 + 2 + 0, 9 entries x 5 = 45, counts 8 x 2 = 16: 61.
    // One: filler 0 + 0 + 1 + 0, 7 x 6 + 16 = 58. Two: 6 x 7 + 16 = 58, not fewer.
    let fc = sizes.nodes[3].1;
    assert_eq!((fc.params, fc.nonzeros, fc.macs, fc.nonzero_macs), (27, 6, 24, 6));
    assert_eq!((fc.bops, fc.params_bits), (6 * 5 * 4, 30));
    let stored = StoredBits { weights: 35, gaps: 7, counts: 16, biases: 9, ..StoredBits::default() };
    assert_eq!((fc.stored, fc.stored_bits), (stored, 67));

    assert_eq!(sizes.nodes[1].1.stored_bits, 0);
    let total = sizes.total;
    assert_eq!((total.params, total.params_bits, total.stored_bits), (47, 63, 155));
    assert_eq!((total.float_bits, total.macs), (47 * 32, 312));
}

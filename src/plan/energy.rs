//! Energy of an image by counting: what a search may minimize, where simulating every candidate would take too long.
//!
//! Operations and memory words at the energies of M. Horowitz, "Computing's energy problem", ISSCC 2014 (45 nm, 0.9 V).
//! It ranks networks; [`crate::power`] estimates a design from its activity.

use super::Plan;
use crate::network::Network;

/// A multiplication, a bit of the one times a bit of the other: 0.2 pJ for 8 x 8.
const MULTIPLY_PJ: f64 = 0.2 / 64.0;
/// An addition, a bit: 0.03 pJ for 8.
const ADD_PJ: f64 = 0.03 / 8.0;
/// A bit of a memory word: 10 pJ for 64 bits of an 8 kB cache.
const MEMORY_PJ: f64 = 10.0 / 64.0;

/// Energy an image of `network` under `plan`, in pJ: the multiply-accumulates that the network asks for, and a word of
/// every memory in each cycle that its engine works.
pub fn image_pj(network: &Network, plan: &Plan) -> f64 {
    let layer = |layer: &super::LayerPlan| {
        let weight = network.node(&layer.node).and_then(|node| node.op.weight_bits()).unwrap_or(0);
        let sum = network.acc_bits(&layer.node).unwrap_or(0);
        let product = f64::from(weight * layer.input().bits);
        let compute = layer.useful_macs as f64 * (product * MULTIPLY_PJ + f64::from(sum) * ADD_PJ);
        let words: f64 = layer.memories.iter().map(|m| m.copies as f64 * f64::from(m.width)).sum();
        compute + words * layer.cycles_per_image as f64 * MEMORY_PJ
    };
    plan.layers.iter().map(layer).sum()
}

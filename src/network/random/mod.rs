//! Random valid networks and images for property tests: every op, odd shapes, extreme integers; one seed, one network.
//!
//! ```
//! use rand::SeedableRng;
//! use slimgate::network::random::{RandomSpec, random_network};
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
//! let network = random_network(&mut rng, &RandomSpec::default());
//! network.validate().unwrap();
//! ```

mod chain;
mod graph;
mod image;
mod params;

use std::ops::RangeInclusive;

use rand::Rng;

pub use self::chain::chain;
use self::graph::Builder;
pub use self::image::{noise_image, random_image};
use super::Network;
use super::graph::{InputSpec, Op};

/// Ranges to draw from. All are inclusive; the result is always valid, so a range may be cut where it must be.
#[derive(Debug, Clone)]
pub struct RandomSpec {
    /// Nodes, the last one included; a join may add up to two more.
    pub layers: RangeInclusive<usize>,
    /// Rows and columns of the image.
    pub pixels: RangeInclusive<usize>,
    /// Channels of the image.
    pub input_channels: RangeInclusive<usize>,
    /// Channels of a conv, features of a dense layer, classes.
    pub channels: RangeInclusive<usize>,
    /// Sides of conv and pool windows.
    pub kernel: RangeInclusive<usize>,
    /// Strides of conv and pool windows.
    pub stride: RangeInclusive<usize>,
    /// Bits of a weight, within 2 to 8.
    pub weight_bits: RangeInclusive<u32>,
    /// Bits of an activation, within 1 to 8.
    pub act_bits: RangeInclusive<u32>,
    /// Widest accumulator of all nodes but the last, signed bits, 32 to 48.
    pub max_acc_bits: u32,
    /// Chance that a node's integers are extreme: all weights at the bound, biases that fill the accumulator,
    /// multipliers 0, 1 and 65535, shifts 1 and 40.
    pub extreme: f64,
    /// Chance that a format has a sign.
    pub signed: f64,
}

impl Default for RandomSpec {
    fn default() -> Self {
        RandomSpec {
            layers: 3..=6,
            pixels: 4..=12,
            input_channels: 1..=4,
            channels: 1..=12,
            kernel: 1..=5,
            stride: 1..=3,
            weight_bits: 2..=8,
            act_bits: 1..=8,
            max_acc_bits: 48,
            extreme: 0.2,
            signed: 0.3,
        }
    }
}

/// A valid network of at least three nodes; equal generators and specs give equal networks.
///
/// Panics if a range is empty or out of the bounds of `docs/network-format.md`.
pub fn random_network<R: Rng>(rng: &mut R, spec: &RandomSpec) -> Network {
    let input = InputSpec {
        channels: rng.random_range(spec.input_channels.clone()),
        height: rng.random_range(spec.pixels.clone()),
        width: rng.random_range(spec.pixels.clone()),
    };
    let nodes = Builder::new(rng, spec, input.shape()).network();
    let classes = match &nodes.last().expect("a last node").op {
        Op::Conv(conv) => conv.out_channels,
        Op::Dense(dense) => dense.out_features,
        _ => unreachable!("the last node is a conv or a dense layer"),
    };
    let classes = (0..classes).map(|class| format!("class{class}")).collect();
    let mut network = Network { name: "rnd".into(), input, classes, nodes, params: Default::default() };
    params::fill(rng, spec, &mut network);
    debug_assert_eq!(network.validate(), Ok(()));
    network
}

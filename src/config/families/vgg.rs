//! Plain chains: 3x3 convolutions (padding 1, BatchNorm, ReLU), 2x2 max pools, then fully connected layers without
//! BatchNorm, ReLU after all but the last.

use super::{Family, LayerEntry, OpName, Scale, dense, normed_conv};
use crate::network::graph::Shape;

/// Output channels of a convolution, or a 2x2 max pool.
#[derive(Clone, Copy)]
enum Step {
    C(usize),
    Pool,
}
use Step::{C, Pool};

const SMALL: &[Step] = &[C(16), Pool, C(32), Pool];
/// Simonyan and Zisserman, ICLR 2015, table 1, column A.
const VGG11: &[Step] = &[C(64), Pool, C(128), Pool, C(256), C(256), Pool, C(512), C(512), Pool, C(512), C(512), Pool];
/// The same table, column D.
#[rustfmt::skip]
const VGG16: &[Step] = &[
    C(64), C(64), Pool, C(128), C(128), Pool, C(256), C(256), C(256), Pool,
    C(512), C(512), C(512), Pool, C(512), C(512), C(512), Pool,
];
/// The same table, column E.
#[rustfmt::skip]
const VGG19: &[Step] = &[
    C(64), C(64), Pool, C(128), C(128), Pool, C(256), C(256), C(256), C(256), Pool,
    C(512), C(512), C(512), C(512), Pool, C(512), C(512), C(512), C(512), Pool,
];

/// A chain's layers. A pool that finds fewer than two rows or columns left is skipped, with a warning in the log.
pub fn layers(family: Family, scale: Scale, input: Shape, classes: usize) -> Vec<LayerEntry> {
    let (features, hidden): (&[Step], &[usize]) = match family {
        Family::Vgg11 => (VGG11, &[512, 512]),
        Family::Vgg16 => (VGG16, &[512, 512]),
        Family::Vgg19 => (VGG19, &[512, 512]),
        _ => (SMALL, &[128]),
    };
    let (mut h, mut w, mut pools) = (input.h, input.w, 0);
    let mut layers = Vec::new();
    for step in features {
        match *step {
            C(out) => layers.push(normed_conv(scale.of(out), 3, true)),
            Pool => {
                pools += 1;
                if h < 2 || w < 2 {
                    tracing::warn!("{family:?}: pool {pools} is skipped, the image is already {h}x{w}");
                    continue;
                }
                (h, w) = (h / 2, w / 2);
                layers.push(LayerEntry::new(OpName::MaxPool));
            }
        }
    }
    layers.push(LayerEntry::new(OpName::Flatten));
    layers.extend(hidden.iter().map(|&out| dense(scale.of(out), true)));
    layers.push(dense(classes, false));
    layers
}

//! The named network families, written as the same layer entries that a run file may list.

use serde::{Deserialize, Serialize};

use super::entry::{LayerEntry, OpName, Pair};
use crate::network::graph::Shape;

/// A named network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// conv 16, pool, conv 32, pool, fc 128, fc classes.
    Small,
    /// VGG configuration A (8 convolutions), then 512-512-classes.
    Vgg11,
    /// VGG configuration D (13 convolutions), then 512-512-classes.
    Vgg16,
}

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

impl Family {
    /// The family's layers for images of shape `input`: 3x3 convolutions (padding 1, BatchNorm, ReLU), 2x2 max pools,
    /// fully connected layers without BatchNorm, ReLU after all but the last.
    ///
    /// `width` scales channels and hidden features (rounded, at least 1). A pool that finds fewer than two rows or
    /// columns left is skipped, with a warning in the log.
    pub fn layers(self, width: f64, input: Shape, classes: usize) -> Vec<LayerEntry> {
        let (features, hidden): (&[Step], &[usize]) = match self {
            Family::Small => (SMALL, &[128]),
            Family::Vgg11 => (VGG11, &[512, 512]),
            Family::Vgg16 => (VGG16, &[512, 512]),
        };
        let scaled = |n: usize| ((n as f64 * width).round() as usize).max(1);
        let (mut h, mut w, mut pools) = (input.h, input.w, 0);
        let mut layers = Vec::new();
        for step in features {
            match *step {
                C(out) => layers.push(conv(scaled(out))),
                Pool => {
                    pools += 1;
                    if h < 2 || w < 2 {
                        tracing::warn!("{self:?}: pool {pools} is skipped, the image is already {h}x{w}");
                        continue;
                    }
                    (h, w) = (h / 2, w / 2);
                    layers.push(LayerEntry::new(OpName::MaxPool));
                }
            }
        }
        layers.push(LayerEntry::new(OpName::Flatten));
        layers.extend(hidden.iter().map(|&out| dense(scaled(out), true)));
        layers.push(dense(classes, false));
        layers
    }
}

fn conv(out: usize) -> LayerEntry {
    LayerEntry {
        out: Some(out),
        kernel: Some(Pair([3, 3])),
        padding: Some(Pair([1, 1])),
        batch_norm: Some(true),
        relu: Some(true),
        ..LayerEntry::new(OpName::Conv)
    }
}

fn dense(out: usize, relu: bool) -> LayerEntry {
    LayerEntry { out: Some(out), relu: Some(relu), ..LayerEntry::new(OpName::Dense) }
}

//! Residual networks for small images: He et al., CVPR 2016, section 4.2 (6n + 2 layers), except that a shortcut
//! between stages is their option B, a 1x1 convolution with BatchNorm: a stream of zeros would cost hardware, too.

use super::{LayerEntry, OpName, Pair, Scale, named, normed_conv, pooled_scores, reading};
use crate::network::graph::Shape;

/// Channels of the three stages.
const STAGES: [usize; 3] = [16, 32, 64];

/// A residual network of `blocks` blocks a stage: a 3x3 convolution; blocks of two 3x3 convolutions, the second one
/// added to the block's input, ReLU after the sum; the second and third stage begin with stride 2; mean over the image,
/// scores. Every convolution has BatchNorm. The nodes of block b of stage s are called `s<s>b<b>_…`.
pub fn layers(blocks: usize, scale: Scale, input: Shape, classes: usize) -> Vec<LayerEntry> {
    let mut layers = vec![named("conv1", normed_conv(scale.of(STAGES[0]), 3, true))];
    let mut from = "conv1".to_string();
    let (mut h, mut w) = (input.h, input.w);
    for (s, channels) in STAGES.into_iter().enumerate() {
        for b in 0..blocks {
            let shrinks = s > 0 && b == 0;
            if shrinks {
                (h, w) = (h.div_ceil(2), w.div_ceil(2));
            }
            let name = format!("s{}b{}", s + 1, b + 1);
            layers.extend(block(&name, &from, scale.of(channels), shrinks));
            from = format!("{name}_add");
        }
    }
    layers.extend(pooled_scores(h, w, classes));
    layers
}

/// One block on the tensor `from`; it ends in `<name>_add`.
fn block(name: &str, from: &str, channels: usize, shrinks: bool) -> Vec<LayerEntry> {
    let stride = |entry| LayerEntry { stride: shrinks.then_some(Pair([2, 2])), ..entry };
    let first = stride(normed_conv(channels, 3, true));
    let mut layers = vec![
        named(format!("{name}_conv1"), reading(&[from], first)),
        named(format!("{name}_conv2"), normed_conv(channels, 3, false)),
    ];
    let mut shortcut = from.to_string();
    if shrinks {
        shortcut = format!("{name}_short");
        let projection = stride(normed_conv(channels, 1, false));
        layers.push(named(&shortcut, reading(&[from], projection)));
    }
    let sum = LayerEntry { relu: Some(true), ..LayerEntry::new(OpName::Add) };
    layers.push(named(format!("{name}_add"), reading(&[&format!("{name}_conv2"), &shortcut], sum)));
    layers
}

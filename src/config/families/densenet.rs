//! The densely connected network of 40 layers: Huang et al., CVPR 2017, section 4.2 (no bottleneck, no compression).

use super::{LayerEntry, OpName, Scale, conv, named, pooled_scores, reading};
use crate::network::graph::Shape;

const BLOCKS: usize = 3;
const LAYERS: usize = 12;
/// Channels of the first convolution.
const FIRST: usize = 16;

/// A 3x3 convolution; three blocks of twelve layers, each of which appends `growth` channels (BatchNorm, ReLU, 3x3
/// convolution) to what it read; between blocks BatchNorm, ReLU, a 1x1 convolution and a 2x2 average pool; BatchNorm,
/// ReLU, mean over the image, scores. Layer l of block b is `b<b>l<l>_bn`, `_conv`, `_cat`; transitions are `t<b>_…`.
///
/// A pool that finds fewer than two rows or columns left is skipped, with a warning in the log.
pub fn layers(scale: Scale, input: Shape, classes: usize) -> Vec<LayerEntry> {
    let mut channels = scale.of(FIRST);
    let mut layers = vec![named("conv1", conv(channels, 3))];
    let mut from = "conv1".to_string();
    let (mut h, mut w) = (input.h, input.w);
    for b in 1..=BLOCKS {
        for l in 1..=LAYERS {
            let name = format!("b{b}l{l}");
            layers.extend(layer(&name, &from, scale.of(scale.growth)));
            from = format!("{name}_cat");
            channels += scale.of(scale.growth);
        }
        if b == BLOCKS {
            break;
        }
        layers.push(named(format!("t{b}_bn"), normed_relu()));
        layers.push(named(format!("t{b}_conv"), conv(channels, 1)));
        from = format!("t{b}_conv");
        if h < 2 || w < 2 {
            tracing::warn!("densenet: the pool of transition {b} is skipped, the image is already {h}x{w}");
            continue;
        }
        (h, w) = (h / 2, w / 2);
        layers.push(named(format!("t{b}_pool"), LayerEntry::new(OpName::AvgPool)));
        from = format!("t{b}_pool");
    }
    layers.push(named("last_bn", normed_relu()));
    layers.extend(pooled_scores(h, w, classes));
    layers
}

/// One layer of a dense block on the tensor `from`; it ends in `<name>_cat`.
fn layer(name: &str, from: &str, growth: usize) -> Vec<LayerEntry> {
    let grown = format!("{name}_conv");
    vec![
        named(format!("{name}_bn"), reading(&[from], normed_relu())),
        named(&grown, conv(growth, 3)),
        named(format!("{name}_cat"), reading(&[from, &grown], LayerEntry::new(OpName::Concat))),
    ]
}

fn normed_relu() -> LayerEntry {
    LayerEntry { relu: Some(true), ..LayerEntry::new(OpName::BatchNorm) }
}

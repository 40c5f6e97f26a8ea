use super::*;
use crate::config::layers::{LayerOp, LayerSpec};
use crate::config::network::NetworkConfig;

const GREY28: Shape = Shape { c: 1, h: 28, w: 28 };
const RGB32: Shape = Shape { c: 3, h: 32, w: 32 };

fn resolve(text: &str, input: Shape) -> Vec<LayerSpec> {
    toml::from_str::<NetworkConfig>(text).unwrap().resolve(input, 10).unwrap()
}

fn outputs(layers: &[LayerSpec]) -> Vec<usize> {
    let out = |l: &LayerSpec| match l.op {
        LayerOp::Conv { out, .. } | LayerOp::Dense { out } => Some(out),
        _ => None,
    };
    layers.iter().filter_map(out).collect()
}

fn shape_of(layers: &[LayerSpec], name: &str) -> (usize, usize, usize) {
    let shape = layers.iter().find(|l| l.name == name).unwrap_or_else(|| panic!("no layer {name}")).shape;
    (shape.c, shape.h, shape.w)
}

/// Weights of convolutions and fully connected layers, biases and BatchNorm left out.
fn weights(layers: &[LayerSpec], input: Shape) -> usize {
    let channels = |name: &str| layers.iter().find(|l| l.name == name).map_or(input.c, |l| l.shape.c);
    let count = |l: &LayerSpec| match l.op {
        LayerOp::Conv { out, window } => out * channels(&l.inputs[0]) * window.kernel[0] * window.kernel[1],
        LayerOp::Dense { out } => out * channels(&l.inputs[0]),
        _ => 0,
    };
    layers.iter().map(count).sum()
}

#[test]
fn small_is_what_the_design_says() {
    let layers = NetworkConfig::default().resolve(GREY28, 10).unwrap();
    let names: Vec<_> = layers.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["conv1", "pool1", "conv2", "pool2", "flatten1", "fc1", "fc2"]);
    assert_eq!(outputs(&layers), [16, 32, 128, 10]);
    assert_eq!(shape_of(&layers, "pool2"), (32, 7, 7));
    assert_eq!(layers[4].shape.c, 1568);
    let norms: Vec<_> = layers.iter().map(|l| (l.batch_norm, l.relu)).collect();
    assert_eq!((norms[0], norms[5], norms[6]), ((true, true), (false, true), (false, false)));
}

#[test]
fn vggs_have_their_convolutions_and_scale() {
    for (family, convolutions) in [("vgg16", 13), ("vgg19", 16)] {
        let full = resolve(&format!("family = '{family}'"), RGB32);
        assert_eq!(full.iter().filter(|l| matches!(l.op, LayerOp::Conv { .. })).count(), convolutions);
        assert_eq!(outputs(&full)[convolutions - 1..], [512, 512, 512, 10]);
        assert_eq!(shape_of(&full, "pool5"), (512, 1, 1));
        let quarter = resolve(&format!("family = '{family}'\nwidth = 0.25"), RGB32);
        assert_eq!(outputs(&quarter)[..3], [16, 16, 32]);
        assert_eq!(outputs(&quarter)[convolutions..], [128, 128, 10]);
    }
}

#[test]
fn vgg11_skips_the_pool_that_no_longer_fits() {
    let layers = resolve("family = 'vgg11'", GREY28);
    assert_eq!(outputs(&layers), [64, 128, 256, 256, 512, 512, 512, 512, 512, 512, 10]);
    assert_eq!(layers.iter().filter(|l| matches!(l.op, LayerOp::MaxPool(_))).count(), 4);
}

#[test]
fn residual_networks_have_the_published_layers_and_sizes() {
    // Weights of He et al.'s table 6 (0.27 and 0.85 million), and two 1x1 shortcuts of 512 and 2,048 weights.
    for (family, convolutions, size) in [("resnet8", 7, 77_360), ("resnet20", 19, 270_896), ("resnet56", 55, 851_504)] {
        let layers = resolve(&format!("family = '{family}'"), RGB32);
        let convs = layers.iter().filter(|l| matches!(l.op, LayerOp::Conv { .. })).count();
        assert_eq!(convs, convolutions + 2, "{family}: the shortcuts between stages are convolutions");
        assert_eq!(weights(&layers, RGB32), size, "{family}");
        assert_eq!(shape_of(&layers, "s3b1_add"), (64, 8, 8));
        let sum = layers.iter().find(|l| l.name == "s2b1_add").unwrap();
        assert!(sum.relu && sum.inputs == ["s2b1_conv2", "s2b1_short"]);
    }
    let grey = resolve("family = 'resnet8'\nwidth = 0.5", GREY28);
    assert_eq!(outputs(&grey), [8, 8, 8, 16, 16, 16, 32, 32, 32, 10]);
    assert_eq!(shape_of(&grey, "pool1"), (32, 1, 1));
}

#[test]
fn densenet_appends_channels() {
    let layers = resolve("family = 'densenet40'", RGB32);
    assert_eq!(outputs(&layers).len(), 40);
    assert_eq!(shape_of(&layers, "b1l12_cat"), (160, 32, 32));
    assert_eq!(shape_of(&layers, "last_bn"), (448, 8, 8));
    // Huang et al.'s table 2: 1.0 million.
    assert_eq!(weights(&layers, RGB32), 1_001_616);
    let slim = resolve("family = 'densenet40'\ngrowth = 4", GREY28);
    assert_eq!(shape_of(&slim, "b3l12_cat"), (160, 7, 7));
    assert_eq!(slim.iter().find(|l| l.name == "b2l1_bn").unwrap().inputs, ["t1_pool"]);
}

#[test]
fn a_tiny_image_is_pooled_as_far_as_it_goes() {
    let one = Shape { c: 1, h: 1, w: 1 };
    assert_eq!(shape_of(&resolve("family = 'densenet40'\ngrowth = 1", one), "last_bn"), (52, 1, 1));
    let layers = resolve("family = 'resnet8'", Shape { c: 1, h: 5, w: 3 });
    assert_eq!(shape_of(&layers, "s3b1_add"), (64, 2, 1));
}

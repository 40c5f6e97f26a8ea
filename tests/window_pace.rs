//! Convolutions without padding keep their pace from image to image: the next image's first rows have room to arrive.

mod measure;

use measure::{chain, measured, params, scores};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use slimgate::network::Network;
use slimgate::network::graph::{ActType, Conv, Dense, Flatten, InputSpec, Op, Storage};
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::reach::balance;

/// Two convolutions 5x5 on 14x14 pixels, then 4 classes.
fn network() -> Network {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let conv = Op::Conv(Conv {
        out_channels: 4,
        kernel: [5, 5],
        stride: [1, 1],
        padding: [0, 0],
        weight_bits: 4,
        storage: Storage::Dense,
        out: Some(ActType::unsigned(4)),
    });
    let dense = Op::Dense(Dense { out_features: 4, weight_bits: 4, storage: Storage::Dense, out: None });
    let ops = vec![("conv1", conv.clone()), ("conv2", conv), ("flat", Op::Flatten(Flatten {})), ("fc", dense)];
    let scored = scores(params(&mut rng, 4, 144, 0.0, 1, 1));
    let params = vec![
        ("conv1", params(&mut rng, 4, 25, 0.0, 16, 11)),
        ("conv2", params(&mut rng, 4, 100, 0.0, 16, 11)),
        ("fc", scored),
    ];
    chain("unpadded", InputSpec { channels: 1, height: 14, width: 14 }, ops, params)
}

#[test]
fn no_pause_between_images() {
    let network = network();
    let plan = balance(&network, &Goal::new(Target::Cycles(900), Device::named("xc7z020").unwrap())).unwrap();
    let conv2 = plan.layers.iter().find(|layer| layer.node == "conv2").unwrap();
    assert!(conv2.cycles_per_image * 10 > plan.cycles_per_image * 9, "conv2 is nearly the slowest: {plan:?}");
    let ratio = measured(&network, &plan) / plan.cycles_per_image as f64;
    assert!((0.98..1.02).contains(&ratio), "{ratio}");
}

//! Convolutions without padding keep their pace from image to image: the next image's first rows have room to arrive.

mod measure;

use measure::{measured, params};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use slimgate::network::graph::{ActType, Conv, Dense, Flatten, InputSpec, Node, Op, Storage};
use slimgate::network::{Network, Params};
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
    let node = |name: &str, input: &str, op| Node { name: name.into(), inputs: vec![input.into()], op };
    let nodes = vec![
        node("conv1", "input", conv.clone()),
        node("conv2", "conv1", conv),
        node("flat", "conv2", Op::Flatten(Flatten {})),
        node("fc", "flat", dense),
    ];
    let scores = Params { multiplier: vec![], shift: vec![], ..params(&mut rng, 4, 144, 0.0, 1, 1) };
    let params = [
        ("conv1".to_string(), params(&mut rng, 4, 25, 0.0, 16, 11)),
        ("conv2".to_string(), params(&mut rng, 4, 100, 0.0, 16, 11)),
        ("fc".to_string(), scores),
    ];
    Network {
        name: "unpadded".into(),
        input: InputSpec { channels: 1, height: 14, width: 14 },
        classes: (0..4).map(|class| class.to_string()).collect(),
        nodes,
        params: params.into(),
    }
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

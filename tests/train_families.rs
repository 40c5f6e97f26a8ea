//! The named families, from a float model to Verilog: quantized, slimmed, pruned, lowered, simulated.
#![cfg(feature = "train")]

mod graph_sim;

use slimgate::config::network::NetworkConfig;
use slimgate::config::search::{DcConfig, IqConfig, NsConfig, Scope, Widths};
use slimgate::lower::lower;
use slimgate::network::Network;
use slimgate::network::graph::Shape;
use slimgate::search::stages::{Dc, Iq, Ns, Stage};
use slimgate::train::Model;
use tch::Tensor;

/// The network that the three stages leave of a family's untrained model: 4 bits, seven tenths of the channels, six
/// tenths of the weights. Images are of `side` pixels each way.
fn compressed(network: &str, side: usize) -> Network {
    let config: NetworkConfig = toml::from_str(network).unwrap();
    let input = Shape { c: 3, h: side, w: side };
    let model = Model::new(&config.resolve(input, 10).unwrap(), input, 5).unwrap();
    tch::no_grad(|| {
        for (i, gamma) in model.gammas().into_values().enumerate() {
            let drawn: Vec<f32> = (0..gamma.numel()).map(|c| ((i * 7 + c * 13) % 29 + 10) as f32 / 25.0).collect();
            gamma.shallow_clone().copy_(&Tensor::from_slice(&drawn));
        }
    });
    // Not from torch's generator, which all tests of a process share.
    let count = 32 * input.len() as u32;
    let pixels: Vec<f32> = (0..count).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as f32 / 255.0).collect();
    let images = Tensor::from_slice(&pixels).view([32, 3, side as i64, side as i64]);
    let ladder = vec![Widths { weight: 4, activation: 4 }];
    let stages: [Box<dyn Stage>; 3] = [
        Box::new(Iq::new(&IqConfig { ladder, ..IqConfig::default() })),
        Box::new(Ns::new(&NsConfig { ladder: vec![0.3], ..NsConfig::default() })),
        Box::new(Dc::new(&DcConfig { ladder: vec![0.4], scope: Scope::All, ..DcConfig::default() })),
    ];
    let model = stages.iter().fold(model, |model, stage| stage.apply(0, &model, &model, &images).unwrap());
    let classes: Vec<String> = (0..10).map(|i| format!("class {i}")).collect();
    lower(&model, "family", &classes, &images).unwrap()
}

#[test]
fn residual_families_become_hardware() {
    graph_sim::holds(&compressed("family = 'resnet8'\nwidth = 0.5", 8), 4_000, 8, 3);
    graph_sim::holds(&compressed("family = 'resnet56'\nwidth = 0.25", 8), 4_000, 8, 27);
}

#[test]
fn a_densely_connected_family_becomes_hardware() {
    graph_sim::holds(&compressed("family = 'densenet40'\nwidth = 0.5\ngrowth = 2", 8), 4_000, 8, 36);
}

#[test]
fn a_plain_family_becomes_hardware() {
    graph_sim::holds(&compressed("family = 'vgg16'\nwidth = 0.125", 32), 20_000, 4, 0);
}

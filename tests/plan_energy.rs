//! The energy of an image by counting.

#[path = "../examples/make_graphs/networks.rs"]
mod networks;

use std::path::Path;

use slimgate::network::Network;
use slimgate::network::graph::Op;
use slimgate::plan::Plan;
use slimgate::plan::device::Device;
use slimgate::plan::energy::image_pj;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::reach::balance;

fn example() -> Network {
    Network::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/example-network")).unwrap()
}

fn planned(network: &Network, target: Target) -> Plan {
    balance(network, &Goal::new(target, Device::named("xc7z020").unwrap())).unwrap()
}

/// Energy of computing and of memory words, from the plan's figures.
fn by_hand(network: &Network, plan: &Plan) -> (f64, f64) {
    let (mut compute, mut memory) = (0.0, 0.0);
    for layer in &plan.layers {
        // Horowitz, ISSCC 2014: 0.2 pJ an 8 x 8 multiplication, 0.03 pJ an 8-bit addition, 10 pJ for 64 bits.
        if let Some(bits) = network.node(&layer.node).unwrap().op.weight_bits() {
            let product = f64::from(bits) * f64::from(layer.inputs[0].stream.bits) / 64.0 * 0.2;
            let sum = f64::from(network.acc_bits(&layer.node).unwrap()) / 8.0 * 0.03;
            compute += layer.useful_macs as f64 * (product + sum);
        }
        let bits: usize = layer.memories.iter().map(|m| m.copies * m.width as usize).sum();
        memory += bits as f64 * layer.cycles_per_image as f64 * 10.0 / 64.0;
    }
    (compute, memory)
}

#[test]
fn energy_is_that_of_operations_and_memory_words() {
    for (network, cycles) in
        [(networks::resnet8(), 20_000), (networks::densenet(), 20_000), (networks::block(8, 2), 600)]
    {
        let plan = planned(&network, Target::Cycles(cycles));
        let (compute, memory) = by_hand(&network, &plan);
        let found = image_pj(&network, &plan);
        assert!((found / (compute + memory) - 1.0).abs() < 1e-9, "{found} pJ; {compute} and {memory}");
        assert!(compute > 0.0 && memory > 0.0);
        // Joins and BatchNorms of their own have memories too, which work whenever values pass.
        let passing = plan.layers.iter().filter(|layer| layer.engine.cycles() == 0);
        assert!(passing.flat_map(|layer| &layer.memories).any(|memory| memory.depth > 0), "{}", network.name);
    }
}

#[test]
fn fewer_bits_and_weights_take_less() {
    let before = example();
    let energy = |network: &Network| image_pj(network, &planned(network, Target::Cycles(2000)));
    let mut narrow = before.clone();
    for node in &mut narrow.nodes {
        if let Op::Conv(conv) = &mut node.op {
            conv.weight_bits = 2;
            let params = narrow.params.get_mut(&node.name).unwrap();
            params.weight.iter_mut().for_each(|w| *w = (*w).clamp(-1, 1));
        }
    }
    narrow.validate().unwrap();
    assert!(energy(&narrow) < 0.95 * energy(&before), "{} {}", energy(&narrow), energy(&before));
}

//! What the planner does with a kernel and with a budget of multiplier blocks.

use std::path::Path;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use slimgate::network::Network;
use slimgate::network::random::{RandomSpec, random_network};
use slimgate::plan::balance::Planner;
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::reach::balance;
use slimgate::plan::{Engine, Plan};

fn example() -> Network {
    Network::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/example-network")).unwrap()
}

/// `target` with at most `max_dsp` multiplier blocks.
fn goal(target: Target, max_dsp: Option<usize>) -> Goal {
    Goal { max_dsp, ..Goal::new(target, Device::named("xc7z020").unwrap()) }
}

/// The plan for `cycles` with at most `blocks` multiplier blocks, every layer with lanes: none is made of constants.
fn with_lanes(network: &Network, cycles: u64, blocks: usize) -> Plan {
    let mut planner = Planner::new(network, Device::named("xc7z020").unwrap().block()).unwrap();
    planner.keep_lanes();
    planner.at(cycles, blocks).unwrap()
}

/// Taps a cycle of the convolutions.
fn taps(plan: &Plan) -> Vec<usize> {
    let conv = |layer: &slimgate::plan::LayerPlan| match &layer.engine {
        Engine::Conv(conv) if layer.node.starts_with("conv") => Some(conv.folding.k_par),
        _ => None,
    };
    plan.layers.iter().filter_map(conv).collect()
}

#[test]
fn several_taps_a_cycle_only_where_they_are_needed() {
    let network = example();
    assert_eq!(taps(&with_lanes(&network, 1200, usize::MAX)), [1, 1]);
    // 64 windows of 9 taps: one tap a cycle takes at least 576 cycles.
    let fast = with_lanes(&network, 200, usize::MAX);
    assert!(taps(&fast)[0] > 1 && fast.cycles_per_image <= 200, "{:?}", taps(&fast));
}

#[test]
fn without_blocks_every_product_is_made_of_luts_alone() {
    let device = Device::named("ice40hx8k").unwrap();
    let network = example();
    let mut planner = Planner::new(&network, device.block()).unwrap();
    planner.keep_lanes();
    let plan = planner.at(200, 0).unwrap();
    let convs = plan.layers.iter().filter_map(|layer| match &layer.engine {
        Engine::Conv(conv) => Some(conv),
        _ => None,
    });
    // No chains, no shared products.
    let alone: Vec<bool> = convs.map(|c| c.packs() == 0 && c.chain() == 1 && c.fields() == c.folding.out_par).collect();
    assert!(alone.len() > 1 && alone.iter().all(|alone| *alone), "{alone:?}");
}

#[test]
fn lanes_past_the_budget_multiply_in_luts() {
    let network = example();
    let target = Target::Cycles(200);
    let free = with_lanes(&network, 200, usize::MAX);
    let blocks = free.resources.dsp as usize;
    let capped = with_lanes(&network, 200, blocks - 3);
    assert!(capped.resources.dsp as usize <= blocks - 3);
    assert_eq!(capped.lanes, free.lanes);
    assert!(capped.resources.lut > free.resources.lut);
    let error = balance(&network, &goal(target, Some(0))).unwrap_err().to_string();
    assert!(error.contains("--max-dsp"), "{error}");
}

#[test]
fn a_search_keeps_the_budget_too() {
    let network = example();
    let free = balance(&network, &goal(Target::Lanes(64), None)).unwrap();
    let max = free.resources.dsp as usize / 2;
    let capped = balance(&network, &goal(Target::Lanes(64), Some(max))).unwrap();
    assert!(capped.resources.dsp as usize <= max && capped.lanes <= 64);
    let error = balance(&network, &goal(Target::Lanes(64), Some(0))).unwrap_err().to_string();
    assert!(error.contains("--max-dsp"), "{error}");
}

#[test]
fn a_slower_target_is_never_harder() {
    let device = Device::named("xczu7ev").unwrap();
    for seed in 0..100 {
        let network = random_network(&mut ChaCha8Rng::seed_from_u64(seed), &RandomSpec::default());
        let planner = Planner::new(&network, device.block()).unwrap();
        let mut cycles = planner.at(1, usize::MAX).unwrap().cycles_per_image;
        let serial = planner.at(u64::MAX, usize::MAX).unwrap().cycles_per_image;
        while cycles < 2 * serial {
            let found = planner.at(cycles, usize::MAX).unwrap().cycles_per_image;
            assert!(found <= cycles, "seed {seed}: {found} cycles an image where {cycles} were asked for");
            cycles += cycles / 9 + 1;
        }
    }
}

//! The constant engine: chosen where it is the smaller one, exact, on time to the cycle.

mod measure;

use measure::{chain, measured, params, scores};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use slimgate::network::graph::{ActType, AvgPool, Conv, Dense, Flatten, InputSpec, Op, Storage};
use slimgate::network::{Network, Params};
use slimgate::plan::constant::layer::sum_bits;
use slimgate::plan::constant::{ConstPlan, Digits};
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::reach::balance;
use slimgate::plan::{Engine, LayerPlan, Plan};

fn classes(storage: Storage) -> Op {
    Op::Dense(Dense { out_features: 10, weight_bits: 4, storage, out: None })
}

/// A convolution 3x3 of 2 to 8 channels on 12x12, 4-bit weights; behind it averages of 3x3 and 10 classes.
fn image(name: &str, storage: Storage, zeros: f64) -> Network {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let out = Some(ActType::unsigned(6));
    let (kernel, stride, padding) = ([3, 3], [1, 1], [1, 1]);
    let ops = vec![
        ("conv", Op::Conv(Conv { out_channels: 8, kernel, stride, padding, weight_bits: 4, storage, out })),
        ("mean", Op::AvgPool(AvgPool { kernel: [3, 3], stride: [3, 3], out: ActType::unsigned(6) })),
        ("flat", Op::Flatten(Flatten {})),
        ("fc", classes(Storage::Dense)),
    ];
    let params = vec![
        ("conv", params(&mut rng, 8, 18, zeros, 40, 11)),
        ("mean", Params { multiplier: vec![3641], shift: vec![15], ..Params::default() }),
        ("fc", scores(params(&mut rng, 10, 128, 0.0, 1, 1))),
    ];
    chain(name, InputSpec { channels: 2, height: 12, width: 12 }, ops, params)
}

/// 16 channels on 2x2 pixels to 10 classes; a part of the weights is 0.
fn features(name: &str, storage: Storage, zeros: f64) -> Network {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let ops = vec![("flat", Op::Flatten(Flatten {})), ("fc", classes(storage))];
    let params = vec![("fc", scores(params(&mut rng, 10, 64, zeros, 1, 1)))];
    chain(name, InputSpec { channels: 16, height: 2, width: 2 }, ops, params)
}

fn planned(network: &Network, target: Target) -> Plan {
    balance(network, &Goal::new(target, Device::named("xczu7ev").unwrap())).unwrap()
}

fn layer<'a>(plan: &'a Plan, node: &str) -> &'a LayerPlan {
    plan.layers.iter().find(|layer| layer.node == node).unwrap()
}

fn constant<'a>(plan: &'a Plan, node: &str) -> &'a ConstPlan {
    match &layer(plan, node).engine {
        Engine::Constant(p) => p,
        other => panic!("{node}: {}", other.name()),
    }
}

#[test]
fn a_window_a_cycle() {
    for storage in [Storage::Dense, Storage::Sparse] {
        let network = image("fast", storage, 0.3);
        let plan = planned(&network, Target::Cycles(144));
        let engine = constant(&plan, "conv");
        assert_eq!((engine.words, engine.steps, layer(&plan, "conv").cycles_per_image), (1, 1, 144));
        assert_eq!(measured(&network, &plan), 144.0);
    }
}

#[test]
fn results_leave_in_steps_and_words_are_gathered() {
    let network = image("steps", Storage::Dense, 0.8);
    let cycles = [300, 600, 1300].map(|cycles| {
        let plan = planned(&network, Target::Cycles(cycles));
        let engine = constant(&plan, "conv");
        assert_eq!(engine.cycles(), plan.cycles_per_image, "conv is the slowest");
        assert_eq!(measured(&network, &plan), plan.cycles_per_image as f64);
        (engine.words > 1, engine.steps > 1)
    });
    assert!(cycles.iter().any(|(gathers, _)| *gathers) && cycles.iter().any(|(_, serial)| *serial), "{cycles:?}");
}

#[test]
fn features_are_gathered_from_the_stream() {
    for storage in [Storage::Dense, Storage::Sparse] {
        let network = features("flat", storage, 0.85);
        let plan = planned(&network, Target::Cycles(10));
        assert!(constant(&plan, "fc").direct);
        assert_eq!(plan.cycles_per_image, 10);
        assert_eq!(measured(&network, &plan), 10.0);
    }
}

#[test]
fn slow_designs_and_lane_budgets_have_none() {
    let network = image("slow", Storage::Dense, 0.3);
    let none = |plan: &Plan| !plan.layers.iter().any(|layer| matches!(layer.engine, Engine::Constant(_)));
    assert!(none(&planned(&network, Target::Cycles(20_000))));
    // The dense engine at the pace at which its words come.
    let plan = planned(&network, Target::Lanes(80));
    assert!(none(&plan));
    assert_eq!(measured(&network, &plan), plan.cycles_per_image as f64);
}

#[test]
fn sums_are_added_digit_by_digit() {
    // Windows of 3, 6 and 16 cycles; a sum has 15 bits.
    for (cycles, digit) in [(450, 5), (1000, 3), (2400, 1)] {
        let network = image("digits", Storage::Dense, 0.3);
        let plan = planned(&network, Target::Cycles(cycles));
        let engine = constant(&plan, "conv");
        assert_eq!(sum_bits(network.params("conv"), ActType::unsigned(8)), 15);
        assert_eq!(engine.adders.pipeline.sum_bits, 15);
        assert_eq!(engine.digits, Some(Digits { bits: digit, count: 15_usize.div_ceil(digit as usize) }));
        assert_eq!(measured(&network, &plan), plan.cycles_per_image as f64);
    }
}

#[test]
fn features_are_added_digit_by_digit() {
    let network = features("digits", Storage::Dense, 0.5);
    let plan = planned(&network, Target::Cycles(32));
    let engine = constant(&plan, "fc");
    assert!(engine.direct && engine.digits.is_some_and(|digits| digits.bits == 1), "{:?}", engine.digits);
    assert_eq!(measured(&network, &plan), plan.cycles_per_image as f64);
}

/// Weights of one digit each: nothing to add, so nothing to add digit by digit.
#[test]
fn what_only_passes_has_no_digits() {
    let mut network = features("passes", Storage::Dense, 0.0);
    let weight = &mut network.params.get_mut("fc").unwrap().weight;
    weight.iter_mut().enumerate().for_each(|(at, weight)| *weight = i8::from(at % 64 == 3));
    for cycles in [10, 32, 64] {
        let plan = planned(&network, Target::Cycles(cycles));
        let digits = plan.layers.iter().filter_map(|layer| match &layer.engine {
            Engine::Constant(p) => p.digits,
            _ => None,
        });
        assert_eq!(digits.count(), 0);
    }
}

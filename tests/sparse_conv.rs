//! The sparse convolution engine: chosen where it is the smaller one with lanes, exact, on time to the cycle, within a DSP budget.

mod measure;

use measure::{chain, measured, params, scores};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use slimgate::network::graph::{ActType, AvgPool, Conv, Dense, Flatten, InputSpec, Op, Storage};
use slimgate::network::{Network, Params};
use slimgate::plan::balance::Planner;
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::reach::balance;
use slimgate::plan::{Engine, LayerPlan, Plan};

/// A convolution of windows of `side`, as large as its input, with 4-bit weights and results of `bits`.
fn conv(out_channels: usize, side: usize, storage: Storage, bits: u32) -> Op {
    let (kernel, stride, padding) = ([side, side], [1, 1], [side / 2, side / 2]);
    Op::Conv(Conv {
        out_channels,
        kernel,
        stride,
        padding,
        weight_bits: 4,
        storage,
        out: Some(ActType::unsigned(bits)),
    })
}

/// A convolution 3x3 of 16 to 32 channels on 14x14, 4-bit weights, of which `zeros` are 0, and activations of `bits`;
/// before it a 1x1 convolution, behind it an average and 10 classes.
fn network(name: &str, zeros: f64, storage: Storage, bits: u32) -> Network {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let ops = vec![
        ("conv1", conv(16, 1, Storage::Dense, bits)),
        ("conv2", conv(32, 3, storage, bits)),
        ("mean", Op::AvgPool(AvgPool { kernel: [14, 14], stride: [1, 1], out: ActType::unsigned(bits) })),
        ("flat", Op::Flatten(Flatten {})),
        ("fc", Op::Dense(Dense { out_features: 10, weight_bits: 4, storage: Storage::Dense, out: None })),
    ];
    let params = vec![
        ("conv1", params(&mut rng, 16, 1, 0.0, 16, 9)),
        ("conv2", params(&mut rng, 32, 144, zeros, 16, 9)),
        ("mean", Params { multiplier: vec![167], shift: vec![15], ..Params::default() }),
        ("fc", scores(params(&mut rng, 10, 32, 0.0, 1, 1))),
    ];
    chain(name, InputSpec { channels: 1, height: 14, width: 14 }, ops, params)
}

fn device() -> Device {
    Device::named("xczu7ev").unwrap()
}

/// Plans engines with lanes: layers as small as these would be made of constants.
fn planner(network: &Network) -> Planner<'_> {
    let mut planner = Planner::new(network, device().block()).unwrap();
    planner.keep_lanes();
    planner
}

fn planned(network: &Network, cycles: u64, max_dsp: Option<usize>) -> Plan {
    planner(network).at(cycles, max_dsp.unwrap_or(device().dsp as usize)).unwrap()
}

fn conv2(plan: &Plan) -> &LayerPlan {
    plan.layers.iter().find(|layer| layer.node == "conv2").unwrap()
}

/// Four convolutions 3x3 to 128 channels on 8x8, a fifth of whose 4-bit weights is not 0.
fn deep() -> Network {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let names = ["conv1", "conv2", "conv3", "conv4"];
    let mut ops: Vec<(&str, Op)> = names.map(|name| (name, conv(128, 3, Storage::Sparse, 4))).into();
    ops.push(("mean", Op::AvgPool(AvgPool { kernel: [8, 8], stride: [1, 1], out: ActType::unsigned(4) })));
    ops.push(("flat", Op::Flatten(Flatten {})));
    ops.push(("fc", Op::Dense(Dense { out_features: 10, weight_bits: 4, storage: Storage::Dense, out: None })));
    let mut all: Vec<(&str, Params)> = names.map(|name| (name, params(&mut rng, 128, 1152, 0.8, 16, 9))).into();
    all[0].1 = params(&mut rng, 128, 576, 0.8, 16, 9);
    all.push(("mean", Params { multiplier: vec![512], shift: vec![15], ..Params::default() }));
    all.push(("fc", scores(params(&mut rng, 10, 128, 0.0, 1, 1))));
    chain("deep", InputSpec { channels: 64, height: 8, width: 8 }, ops, all)
}

/// The serial design stores the addresses of a whole window, and a fast one repeats little: what fits lies between.
#[test]
fn where_block_ram_runs_out_a_design_that_has_less_is_found() {
    let (network, device) = (deep(), Device::named("lfe5u-45f").unwrap());
    let goal = Goal::new(Target::Fit, device);
    let serial = Planner::new(&network, device.block()).unwrap().at(u64::MAX, goal.blocks()).unwrap();
    assert!(serial.resources.bram_kbit() > f64::from(device.bram_kbit), "{:?}", serial.resources);
    let plan = balance(&network, &goal).unwrap();
    assert!(goal.broken(&plan).is_none() && plan.cycles_per_image < serial.cycles_per_image, "{:?}", plan.resources);
}

#[test]
fn where_luts_run_out_idle_blocks_take_the_place_of_sparse_lanes() {
    let network = network("scarce", 0.7, Storage::Sparse, 5);
    let usual = planned(&network, 5000, None);
    assert!(matches!(conv2(&usual).engine, Engine::SparseConv(_)));
    let most = usual.resources.lut as usize * 9 / 10;
    let goal = Goal { max_lut: Some(most), ..Goal::new(Target::Cycles(5000), device()) };
    let scarce = planner(&network).within(5000, &goal).unwrap();
    assert!(scarce.resources.lut <= most as f64 && scarce.cycles_per_image <= 5000);
    assert!(scarce.resources.dsp > usual.resources.dsp);
}

#[test]
fn planned_cycles_are_measured() {
    for (zeros, cycles) in [(0.75, 5000), (0.9, 20_000)] {
        let network = network("gather", zeros, Storage::Sparse, 5);
        let plan = planned(&network, cycles, None);
        let layer = conv2(&plan);
        assert!(matches!(layer.engine, Engine::SparseConv(_)), "{zeros}: {}", layer.engine.name());
        assert_eq!(layer.cycles_per_image, plan.cycles_per_image, "conv2 is the slowest");
        assert_eq!(measured(&network, &plan), plan.cycles_per_image as f64);
    }
}

#[test]
fn lanes_past_the_budget_multiply_in_luts() {
    let network = network("mixed", 0.75, Storage::Sparse, 8);
    let blocks = |max_dsp| {
        let plan = planned(&network, 5000, max_dsp);
        let Engine::SparseConv(conv) = &conv2(&plan).engine else { panic!("conv2 is dense") };
        (conv.blocks(), conv.lut_products, plan)
    };
    let (free, none, plan) = blocks(None);
    assert_eq!((free, none), (conv2(&plan).lanes, 0));
    let (some, moved, plan) = blocks(Some(plan.resources.dsp as usize - free / 2));
    assert!(some > 0 && moved > 0, "{some} lanes in blocks, {moved} in LUTs");
    assert_eq!(measured(&network, &plan), plan.cycles_per_image as f64);
}

#[test]
fn weights_without_zeros_keep_the_dense_engine() {
    let network = network("full", 0.0, Storage::Sparse, 5);
    let plan = planned(&network, 20_000, None);
    assert!(matches!(conv2(&plan).engine, Engine::Conv(_)));
}

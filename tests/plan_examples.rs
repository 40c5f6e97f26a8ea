//! The trained networks in `examples/`, planned as docs/results.md and docs/hardware.md say.

use std::path::Path;

use slimgate::network::Network;
use slimgate::plan::device::Device;
use slimgate::plan::goal::{Goal, Target};
use slimgate::plan::reach::balance;

/// Cycles an image and DSPs of the design of `examples/NAME-network`.
fn planned(name: &str, device: &str, target: Target, max_dsp: Option<usize>) -> (u64, f64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}-network"));
    let goal = Goal { max_dsp, ..Goal::new(target, Device::named(device).unwrap()) };
    let plan = balance(&Network::load(&folder).unwrap(), &goal).unwrap();
    (plan.cycles_per_image, plan.resources.dsp)
}

#[test]
fn trained_networks_plan_as_documented() {
    assert_eq!(planned("cifar10-fast", "xc7z020", Target::Fit, None), (6144, 180.0));
    assert_eq!(planned("ref28", "xczu3eg", Target::Cycles(2500), Some(40)), (2404, 8.0));
    assert_eq!(planned("fashion", "xc7z020", Target::Cycles(3136), None).0, 3136);
}

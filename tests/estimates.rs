//! Estimates against what Yosys counts (`tests/fixtures/estimates.json`, measured by `scripts/estimates.sh`): multiplier blocks
//! and block RAM exactly, LUTs and flip-flops within a part, for every design and for all together.

use std::collections::BTreeMap;

use serde::Deserialize;
use slimgate::plan::Resources;
use slimgate::synth::Target;

mod recipes;

/// The version that the estimates are fitted to.
const TOOL: &str = "Yosys 0.23";

/// The file with the figures.
#[derive(Debug, Deserialize)]
struct Fixture {
    tool: String,
    designs: BTreeMap<String, Measured>,
}

/// What `slimgate synth` counted of a design.
#[derive(Debug, Deserialize)]
struct Measured {
    lut: f64,
    ff: f64,
    dsp: f64,
    bram: f64,
    verilog: String,
}

/// Most by which LUTs and flip-flops of a design may be off.
const A_DESIGN: f64 = 0.10;

/// The same, of all designs of a family together.
const IN_ALL: f64 = 0.03;

/// Fewest designs of a family.
fn least_designs(family: Target) -> usize {
    if family.is_amd() { 12 } else { 9 }
}

/// Estimated and measured sums of a family.
#[derive(Debug, Default)]
struct Sums {
    designs: usize,
    lut: [f64; 2],
    ff: [f64; 2],
}

impl Sums {
    fn add(&mut self, estimate: &Resources, measured: &Measured) {
        self.designs += 1;
        let add = |sum: &mut [f64; 2], a: f64, b: f64| *sum = [sum[0] + a, sum[1] + b];
        add(&mut self.lut, estimate.lut, measured.lut);
        add(&mut self.ff, estimate.ff, measured.ff);
    }
}

fn off([estimate, measured]: [f64; 2]) -> f64 {
    estimate / measured - 1.0
}

/// What is wrong with one design, if anything.
fn wrong(name: &str, estimate: &Resources, measured: &Measured) -> Option<String> {
    let (lut, ff) = (off([estimate.lut, measured.lut]), off([estimate.ff, measured.ff]));
    let exact = (estimate.dsp, estimate.bram) == (measured.dsp, measured.bram);
    let close = lut.abs() <= A_DESIGN && ff.abs() <= A_DESIGN;
    let text = || format!("{name}: LUT {:+.1} %, FF {:+.1} %, {estimate:?} for {measured:?}", 100.0 * lut, 100.0 * ff);
    (!exact || !close).then(text)
}

#[test]
fn estimates_are_what_yosys_counts() {
    let text = std::fs::read_to_string("tests/fixtures/estimates.json").unwrap();
    let all: Fixture = serde_json::from_str(&text).unwrap();
    assert_eq!(all.tool, TOOL);
    let (mut failures, mut stale) = (Vec::new(), Vec::new());
    let mut families = BTreeMap::<&str, Sums>::new();
    for recipe in recipes::all().unwrap() {
        let network = recipe.network().unwrap();
        for device in recipe.devices().unwrap() {
            let name = format!("{}.{}", recipe.name, device.name);
            let plan = recipe.plan(&network, &device).unwrap();
            let measured = all.designs.get(&name);
            match measured.filter(|found| found.verilog == recipes::fingerprint(&network, &plan).unwrap()) {
                None => stale.push(name),
                Some(found) => {
                    families.entry(device.family.name()).or_default().add(&plan.resources, found);
                    failures.extend(wrong(&name, &plan.resources, found));
                }
            }
        }
    }
    assert!(stale.is_empty(), "other Verilog than was measured: {stale:?}; scripts/estimates.sh measures it");
    assert!(failures.is_empty(), "{failures:#?}");
    for family in [Target::Xc7, Target::Xcup, Target::Ecp5, Target::Ice40] {
        let sums = &families[family.name()];
        let close = off(sums.lut).abs() <= IN_ALL && off(sums.ff).abs() <= IN_ALL;
        assert!(sums.designs >= least_designs(family) && close, "{family:?}: {sums:?}");
    }
}

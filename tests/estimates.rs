//! Estimates against what Yosys counts (`tests/fixtures/estimates.json`, measured by `scripts/estimates.sh`): DSP and block RAM
//! exactly, LUTs and flip-flops within 10 %, for every design.

use std::collections::BTreeMap;

use serde::Deserialize;

mod recipes;

/// The version that the estimates are fitted to; the figures of others are kept to compare.
const VERSION: &str = "Yosys 0.23";
/// Most by which LUTs and flip-flops may be off.
const TOLERANCE: f64 = 0.10;

#[derive(Debug, Deserialize)]
struct Figures {
    lut: f64,
    ff: f64,
    dsp: f64,
    bram: f64,
}

#[test]
fn estimates_are_what_yosys_counts() {
    let text = std::fs::read_to_string("tests/fixtures/estimates.json").unwrap();
    let measured: BTreeMap<String, BTreeMap<String, Figures>> = serde_json::from_str(&text).unwrap();
    let (mut wrong, mut designs) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for recipe in recipes::all().unwrap() {
        let network = recipe.network().unwrap();
        for device in recipe.devices().unwrap() {
            let name = format!("{}.{}", recipe.name, device.name);
            let Some(found) = measured[VERSION].get(&name) else { continue };
            let r = recipe.plan(&network, &device).unwrap().resources;
            *designs.entry(device.family.name()).or_default() += 1;
            let off = |estimate: f64, found: f64| 100.0 * (estimate / found - 1.0);
            let (lut, ff) = (off(r.lut, found.lut), off(r.ff, found.ff));
            let within = |error: f64| error.abs() <= 100.0 * TOLERANCE;
            if (r.dsp, r.bram) != (found.dsp, found.bram) || !within(lut) || !within(ff) {
                wrong.push(format!("{name}: LUT {lut:+.1} %, FF {ff:+.1} %, {r:?} for {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{:#?}", wrong);
    assert!(designs.len() == 4 && designs.values().all(|count| *count >= 12), "{designs:?}");
}

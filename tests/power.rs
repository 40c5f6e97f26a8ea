//! `slimgate power` on the example: counts that follow from the plan, sums that agree, wrong inputs, and the gate-level check.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use slimgate::power::estimate::Estimate;
use slimgate::power::parts::Kind;
use tempfile::TempDir;

/// The example's design, generated afresh, so that what `power` leaves stays out of the repository.
fn example() -> TempDir {
    let dir = TempDir::new().unwrap();
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.current_dir(root()).args(["rtl", "examples/example-network", "--max-lanes", "8", "--out"]);
    command.arg(dir.path()).assert().success();
    dir
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn power(dir: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.current_dir(root()).arg("power").arg(dir).args(["--data", "random", "--images", "2"]);
    command.arg("--build-dir").arg(dir.join("build")).args(args).assert()
}

fn estimate(output: &assert_cmd::assert::Assert) -> Estimate {
    serde_json::from_slice(&output.get_output().stdout).unwrap()
}

#[test]
fn energy_by_layer_and_kind() {
    let dir = example();
    let e = estimate(&power(dir.path(), &["--json"]).success());
    let kept: Value = serde_json::from_slice(&std::fs::read(dir.path().join("power.json")).unwrap()).unwrap();
    assert_eq!((kept["schema"].as_str(), kept["version"].as_u64()), (Some("slimgate-power"), Some(1)));
    assert_eq!(serde_json::from_value::<Estimate>(kept).unwrap(), e);

    // conv1: a word of 8 bits in each of 1,152 cycles, and 19 bits of constants for each of 256 results; two images.
    let moved = |layer: &str, kind| e.parts.iter().find(|p| p.layer == layer && p.kind == kind).unwrap().moved.unwrap();
    assert_eq!(moved("conv1", Kind::WeightMemory).read_bits, 2 * (1152 * 8 + 256 * 19));
    // Every pixel is written into the rows once.
    assert_eq!(moved("conv1", Kind::LineBuffers).written_bits, 2 * 64 * 8);
    assert!(moved("conv1", Kind::Compute).product_toggles > 0);
    assert_eq!(moved("pool1", Kind::Compute).product_toggles, 0);

    assert_eq!(e.cycles_per_image, 1152.0);
    assert_eq!(e.layers(), ["conv1", "pool1", "conv2", "pool2", "fc1", "fc2", "streams", "device"]);
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * b, "{a} is not {b}");
    close(e.parts.iter().map(|p| p.nanojoules).sum(), e.nanojoules);
    close(e.kinds.values().sum(), e.nanojoules);
    close(e.milliwatts, e.nanojoules * 1e-6 * 100e6 / 1152.0);
    close(e.dynamic_nanojoules + e.kinds[&Kind::Leakage], e.nanojoules);
    assert!(Kind::ALL.iter().all(|kind| e.kinds[kind] > 0.0) && e.sources.iter().all(|s| s.value > 0.0));

    // At half the clock an image costs as much, but for twice the leakage.
    let slow = estimate(&power(dir.path(), &["--json", "--clock-mhz", "50"]).success());
    close(slow.dynamic_nanojoules, e.dynamic_nanojoules);
    close(slow.kinds[&Kind::Leakage], 2.0 * e.kinds[&Kind::Leakage]);
    power(dir.path(), &[]).success().stdout(contains("uncertainty").and(contains("line buffers")));
}

#[test]
fn wrong_inputs_are_told() {
    let dir = example();
    let cases: [(&[&str], &str); 5] = [
        (&["--clock-mhz", "0"], "--clock-mhz: found 0"),
        (&["--liberty", "nowhere.lib"], "nowhere.lib"),
        (&["--liberty", "README.md"], "standard-cell library"),
        (&["--gates"], "--liberty"),
        (&["--images", "1"], "--images"),
    ];
    for (args, message) in cases {
        let mut command = Command::cargo_bin("slimgate").unwrap();
        command.current_dir(root()).arg("power").arg(dir.path()).args(["--data", "random"]).args(args);
        command.assert().code(2).stderr(contains(message));
    }
}

/// The library that `scripts/setup.sh` lays down, or Debian's package.
fn liberty() -> Option<PathBuf> {
    let places = [root().join(".deps/liberty"), "/usr/share/qflow/tech/osu018".into()];
    places.into_iter().map(|dir| dir.join("osu018_stdcells.lib")).find(|file| file.is_file())
}

#[test]
fn the_gate_level_agrees_within_thirty_percent() {
    let Some(library) = liberty() else {
        eprintln!("skipped: no osu018_stdcells.lib (scripts/setup.sh lays it into .deps/liberty)");
        return;
    };
    let dir = example();
    let e = estimate(&power(dir.path(), &["--json", "--gates", "--liberty", library.to_str().unwrap()]).success());
    let gates = e.gates.unwrap();
    assert!(gates.cells > 5000 && gates.registers > 1000, "{gates:?}");
    assert!((gates.ratio - 1.0).abs() <= 0.3, "{gates:?}");
    let logic = gates.logic_nanojoules / gates.estimated_logic_nanojoules;
    assert!((logic - 1.0).abs() <= 0.3, "logic {logic}: {gates:?}");
    let leakage = gates.leakage_nanowatts / (1e6 * e.leakage_milliwatts);
    assert!((leakage - 1.0).abs() <= 0.3, "leakage {leakage}: {gates:?}");
}

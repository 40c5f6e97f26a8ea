//! `rtl_out/example`, kept in git, is byte for byte what `slimgate rtl` writes today, and takes as many cycles as it did.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const KEPT: &str = "rtl_out/example";

/// `slimgate rtl` as the README calls it; the network's path is part of the manifest.
fn generate(out: &Path) {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["rtl", "examples/example-network", "--max-lanes", "8", "--out"]).arg(out).assert().success();
}

/// Every generated file under `dir`, by its path there. What simulation, synthesis and estimates leave beside them is not ours:
/// of `synth/`, only the scripts for the planned device are.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in ["", "rtl", "mem", "synth"] {
        for entry in fs::read_dir(dir.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let ours = folder != "synth" || ["xc7.ys", "vivado.tcl", "clock.xdc"].iter().any(|f| path.ends_with(f));
            if path.is_file() && ours && !path.ends_with("power.json") {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_kept_example_is_what_the_generator_writes() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(KEPT);
    if std::env::var_os("SLIMGATE_BLESS").is_some_and(|v| v == "1") {
        generate(&kept);
    }
    let fresh = TempDir::new().unwrap();
    generate(fresh.path());
    let (kept, fresh) = (files(&kept), files(fresh.path()));
    let names: Vec<&String> = kept.keys().chain(fresh.keys()).collect();
    let differs: Vec<&&String> = names.iter().filter(|name| kept.get(**name) != fresh.get(**name)).collect();
    assert!(
        differs.is_empty(),
        "{KEPT} is no longer what the generator writes: {differs:?}.\nIf the change is meant, accept it with \
         `SLIMGATE_BLESS=1 cargo test --no-default-features --test example_design` and look at `git diff {KEPT}`."
    );
}

#[test]
fn the_kept_example_keeps_its_time() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(KEPT);
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.arg("sim").arg(&kept).args(["--data", "random", "--images", "24", "--simulator", "icarus", "--json"]);
    let output = command.output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["mismatches"], &report["planned_cycles_per_image"]), (&0.into(), &1152.into()));
    assert_eq!((&report["cycles_per_image"], &report["latency_cycles"]), (&1152.0.into(), &1876.into()));
}

//! The testbenches on a hand-written design (`tests/fixtures/tiny`): they pass it, find planted faults, and measure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;
use slimgate::network::graph::{Dense, Flatten, InputSpec, Node, Op, Storage};
use slimgate::network::{Network, Params};
use tempfile::TempDir;

/// The network that `tiny_top.v` computes: 24 inputs, 3 classes.
fn tiny_network() -> Network {
    let weight = |row: usize, col: usize| ((col * 5 + row * 7 + col * row) % 15) as i8 - 7;
    let dense = Dense { out_features: 3, weight_bits: 4, storage: Storage::Dense, out: None };
    let params = Params {
        weight: (0..3).flat_map(|row| (0..24).map(move |col| weight(row, col))).collect(),
        bias: vec![-50, 50, 150],
        ..Params::default()
    };
    Network {
        name: "tiny".into(),
        input: InputSpec { channels: 2, height: 3, width: 4 },
        classes: ["a", "b", "c"].map(String::from).to_vec(),
        nodes: vec![
            Node { name: "flat".into(), inputs: vec!["input".into()], op: Op::Flatten(Flatten {}) },
            Node { name: "fc".into(), inputs: vec!["flat".into()], op: Op::Dense(dense) },
        ],
        params: [("fc".to_string(), params)].into(),
    }
}

/// Builds of all tests of this file, so that equal designs are compiled once.
fn build_dir() -> &'static Path {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    DIR.get_or_init(|| TempDir::new().unwrap()).path()
}

/// A copy of the fixture with the network beside it; `fault` is a number of tiny_top.v, 0 for none.
fn design(fault: usize) -> TempDir {
    let dir = TempDir::new().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny");
    for folder in ["rtl", "mem"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    for file in ["filelist.f", "manifest.json", "rtl/tiny_top.v"] {
        fs::copy(source.join(file), dir.path().join(file)).unwrap();
    }
    fs::write(dir.path().join("mem/fault.hex"), format!("{fault:x}\n")).unwrap();
    tiny_network().save(&dir.path().join("network")).unwrap();
    dir
}

fn sim(dir: &Path, args: &[&str]) -> (Option<i32>, Value, String) {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.arg("sim").arg(dir).arg("--network").arg(dir.join("network"));
    command.args(["--data", "random", "--json", "--optimize", "0", "--build-dir"]).arg(build_dir()).args(args);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), json, stderr)
}

#[test]
fn a_right_design_passes_and_is_measured() {
    let dir = design(0);
    let (code, report, stderr) = sim(dir.path(), &["--images", "300", "--trace-layers"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(report["images"], 300);
    assert_eq!(report["mismatches"], 0);
    // A pixel a cycle and 12 pixels; the scores leave while the next image enters.
    assert_eq!(report["cycles_per_image"], 12.0);
    assert_eq!(report["planned_cycles_per_image"], 12);
    assert_eq!(report["latency_cycles"], 14);
    // 72 useful MACs on 6 lanes in 12 cycles.
    assert_eq!(report["lane_utilisation"]["fc"], 1.0);
    assert_eq!(report["bottleneck"], "fc");
    assert!(report["cycles"].as_u64().unwrap() > 300 * 12);
    assert!(report["first_wrong_layer"].is_null());
}

#[test]
fn stalls_do_not_change_what_is_measured() {
    let dir = design(0);
    let (code, report, stderr) = sim(dir.path(), &["--images", "70", "--stall", "0.3", "--seed", "7"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(report["cycles_per_image"], 12.0);
    assert_eq!(report["stall"], 0.3);
    assert!(report["cycles"].as_u64().unwrap() > 70 * 15, "stalls cost cycles: {report}");
}

#[test]
fn icarus_agrees() {
    let dir = design(0);
    let args = ["--images", "20", "--simulator", "icarus", "--stall", "0.2", "--trace-layers", "--trace", "vcd"];
    let (code, report, stderr) = sim(dir.path(), &args);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!((&report["mismatches"], &report["cycles_per_image"]), (&0.into(), &12.0.into()));
    assert_eq!(report["latency_cycles"], 14);
    let wave = fs::read_to_string(dir.path().join("sim/wave.vcd")).unwrap();
    assert!(wave.contains("$var") && wave.contains("m_axis_tdata"));
}

#[test]
fn a_waveform_is_written() {
    let dir = design(0);
    let (code, _, stderr) = sim(dir.path(), &["--images", "3", "--trace"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(fs::metadata(dir.path().join("sim/wave.fst")).unwrap().len() > 1000);
}

/// What a report must say.
type Finding = fn(&Value) -> bool;

/// The planted faults from 1 on, and what the report must then say.
const FAULTS: [(&str, Finding); 9] = [
    ("WrongScore", |r| first(r)["signal"] == "score" && first(r)["class"] == 1 && differ_by_one(first(r))),
    ("WrongUser", |r| first(r)["signal"] == "tuser" && first(r)["class"] == 0),
    ("NoLast", |r| first(r)["signal"] == "tlast" && first(r)["expected"] == 1 && first(r)["found"] == 0),
    ("Dropped", |r| rule(r).contains("m_axis_tvalid fell")),
    ("Unstable", |r| rule(r).contains("payload changed while stalled")),
    ("Waits", |r| r["deadlock"]["pass"] == "late tready"),
    ("NoReset", |r| r["mismatches"].as_u64() >= Some(1)),
    ("NotSticky", |r| rule(r).contains("err_tlast_o stays low")),
    ("Hang", |r| r["deadlock"]["pass"] == "full" && r["mismatches"].as_u64() > Some(0)),
];

fn first(report: &Value) -> &Value {
    &report["first_mismatches"][0]
}

fn differ_by_one(mismatch: &Value) -> bool {
    mismatch["found"].as_i64().unwrap() - mismatch["expected"].as_i64().unwrap() == 1
}

fn rule(report: &Value) -> &str {
    report["first_protocol_errors"][0]["rule"].as_str().unwrap_or("")
}

#[test]
fn verilator_finds_every_planted_fault() {
    for (index, (name, holds)) in FAULTS.into_iter().enumerate() {
        let dir = design(index + 1);
        let (code, report, stderr) = sim(dir.path(), &["--images", "20", "--stall", "0.3"]);
        assert_eq!(code, Some(1), "{name}: {stderr}");
        assert_eq!(report["passed"], false, "{name}");
        assert!(holds(&report), "{name}: {report:#}");
    }
}

#[test]
fn icarus_finds_every_planted_fault() {
    for (index, (name, _)) in FAULTS.into_iter().enumerate() {
        let dir = design(index + 1);
        let (code, report, stderr) = sim(dir.path(), &["--images", "20", "--stall", "0.3", "--simulator", "icarus"]);
        assert_eq!(code, Some(1), "{name}: {stderr}");
        let message = report["messages"][0].as_str().unwrap_or_default();
        assert!(message.contains(':'), "{name}: {report:#}");
    }
}

#[test]
fn the_first_wrong_layer_is_named() {
    let dir = design(1);
    let (code, report, stderr) = sim(dir.path(), &["--images", "20", "--trace-layers"]);
    assert_eq!(code, Some(1), "{stderr}");
    let layer = &report["first_wrong_layer"];
    assert_eq!((&layer["node"], &layer["image"], &layer["channel"]), (&"fc".into(), &0.into(), &1.into()));
    assert!(differ_by_one(layer));
}

#[test]
fn a_lint_warning_is_an_error() {
    let dir = design(0);
    let file = dir.path().join("rtl/tiny_top.v");
    let text =
        fs::read_to_string(&file).unwrap().replacen("    integer     k;", "    integer     k;\n    reg never_used;", 1);
    fs::write(&file, text).unwrap();
    let (code, _, stderr) = sim(dir.path(), &["--images", "2"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("never_used"), "{stderr}");
}

#[test]
fn wrong_inputs_end_with_status_two() {
    let dir = design(0);
    let path: PathBuf = dir.path().to_path_buf();
    let check = |args: &[&str], words: &[&str]| {
        let (code, _, stderr) = sim(&path, args);
        assert_eq!(code, Some(2), "{args:?}: {stderr}");
        assert!(words.iter().all(|word| stderr.contains(word)), "{args:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    };
    check(&["--stall", "1"], &["--stall", "below 1"]);
    check(&["--images", "0"], &["--images"]);
    check(&["--simulator", "modelsim"], &["verilator", "icarus"]);
    let manifest = path.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replacen('{', r#"{"network_sha256": "00ff","#, 1)).unwrap();
    check(&[], &["network_sha256", "00ff", "slimgate rtl"]);
    fs::write(&manifest, text.replace(r#""classes": 3"#, r#""classes": 4"#)).unwrap();
    check(&[], &["classes", "4", "3"]);
    fs::write(&manifest, text.replace(r#""height": 3"#, r#""height": 5"#)).unwrap();
    check(&[], &["input", "5"]);
    fs::write(&manifest, "{").unwrap();
    check(&[], &["manifest.json"]);
    fs::remove_file(&manifest).unwrap();
    check(&[], &["manifest.json", "slimgate rtl"]);
}

#[test]
fn without_data_the_runs_config_is_asked() {
    let dir = design(0);
    let run = || {
        let mut command = Command::cargo_bin("slimgate").unwrap();
        let output =
            command.arg("sim").arg(dir.path()).arg("--network").arg(dir.path().join("network")).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, stderr) = run();
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("config.toml") && stderr.contains("--data random"), "{stderr}");
    // One that names images of another shape.
    let images = dir.path().join("images");
    for part in ["train/a", "train/b", "train/c", "test/a", "test/b", "test/c"] {
        fs::create_dir_all(images.join(part)).unwrap();
        image::GrayImage::new(4, 4).save(images.join(part).join("0.png")).unwrap();
    }
    let example = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/fashion.toml")).unwrap();
    let line = example.lines().find(|line| line.starts_with("dir = ")).unwrap();
    let config = example.replace(line, &format!("dir = \"{}\"", images.display()));
    fs::write(dir.path().join("network/config.toml"), config).unwrap();
    let (code, stderr) = run();
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("as the network takes"), "{stderr}");
}

#[test]
fn a_missing_simulator_is_named() {
    let dir = design(0);
    let output = Command::cargo_bin("slimgate")
        .unwrap()
        .arg("sim")
        .arg(dir.path())
        .args(["--data", "random", "--network"])
        .arg(dir.path().join("network"))
        .env("PATH", dir.path())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("make setup"), "{stderr}");
}

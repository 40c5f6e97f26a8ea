//! `slimgate report` on a hand-made run: every figure of report.json, what is left out, and exit status 2 for what is
//! missing; and the hardware steps that feed it, with the real simulator.

mod tiny;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use serde_json::{Value, json};
use slimgate::config::RunConfig;
use slimgate::data::Images;
use slimgate::error::exit_status;
use slimgate::network::Network;
use slimgate::network::interp::Interpreter;
use slimgate::run::hardware::{design_folder, forget_lost_design, make_design, simulate};
use tempfile::TempDir;
use tiny::tiny;

const NAME: &str = "reported";

/// The float network has four channels where `tiny` has two.
const CONFIG: &str = r#"
name = "reported"
seed = 7
[data]
dir = "nowhere"
[network]
layers = [
  { op = "conv", out = 4, kernel = 3, padding = 1, batch_norm = true, relu = true },
  { op = "max_pool" },
  { op = "flatten", name = "flat" },
  { op = "dense", name = "fc", out = 3 },
]
[train]
threads = 2
[sim]
images = 20
"#;

fn line(key: &str, parent: &str, stage: &str, role: &str, accuracy: f64, stored: u64, accepted: bool) -> Value {
    json!({
        "key": key, "parent": parent, "stage": stage, "role": role, "ratio": if stage == "ns" { 0.5 } else { 0.0 },
        "val_accuracy": accuracy, "params_bits": stored / 2, "stored_bits": stored, "macs": 1000, "bops": 2000,
        "seconds": 1.5, "accepted": accepted, "why": "as it is",
    })
}

fn network() -> Network {
    Network { name: NAME.into(), ..tiny() }
}

/// `runs/reported` as training, search, lowering and evaluation leave it.
fn run_folder() -> (TempDir, PathBuf) {
    let root = TempDir::new().unwrap();
    let run = root.path().join("runs").join(NAME);
    network().save(&run).unwrap();
    fs::write(run.join("config.toml"), CONFIG).unwrap();
    let mut baseline = line("k0", "", "float", "baseline", 0.92, 2912, true);
    baseline["params_bits"] = json!(2688);
    let mut iq = line("k1", "k0", "iq", "candidate", 0.915, 728, true);
    iq["bits"] = json!({ "weights": { "conv1": 3, "fc": 5 }, "activations": { "conv1": 4 } });
    let lines = [
        baseline,
        iq,
        line("k2", "k1", "ns", "candidate", 0.911, 364, true),
        line("k3", "k1", "ns", "candidate", 0.80, 182, false),
        line("k4", "k2", "polish", "polish", 0.913, 155, true),
    ];
    let text: String = lines.iter().map(|l| format!("{l}\n")).collect();
    fs::write(run.join("search.jsonl"), text).unwrap();
    let measured =
        |key: &str, accuracy: f64, stored: u64| json!({ "key": key, "accuracy": accuracy, "stored_bits": stored });
    let stage = |name: &str, network: Value| json!({ "stage": name, "deepest": 1, "kept": 1, "network": network, "passing": [], "why": format!("{name} went so far") });
    let outcome = json!({
        "search": {
            "target": 0.91, "baseline": measured("k0", 0.92, 2912),
            "stages": [stage("iq", measured("k1", 0.915, 728)), stage("ns", measured("k2", 0.911, 364))],
        },
        "network": measured("k4", 0.913, 155), "met": true,
    });
    fs::write(run.join("search.json"), outcome.to_string()).unwrap();
    let accuracies = json!([["float", 0.93], ["iq", 0.925], ["ns", 0.92], ["final", 0.922]]);
    fs::write(run.join("accuracy.json"), json!({ "images": 500, "accuracies": accuracies }).to_string()).unwrap();
    fs::create_dir(run.join("steps")).unwrap();
    fs::write(run.join("steps/train"), "stamp\n12.500\n").unwrap();
    (root, run)
}

fn report(run: &Path) -> Command {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.arg("report").arg(run);
    command
}

fn json_of(run: &Path) -> Value {
    let output = report(run).arg("--json").assert().success().get_output().stdout.clone();
    let printed: Value = serde_json::from_slice(&output).unwrap();
    let written: Value = serde_json::from_slice(&fs::read(run.join("report.json")).unwrap()).unwrap();
    assert_eq!(printed, written);
    written
}

fn near(value: &Value, expected: f64) {
    let value = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
}

#[test]
fn every_figure_comes_from_its_file() {
    let (_root, run) = run_folder();
    let report = json_of(&run);
    assert_eq!(
        (&report["schema"], &report["version"], &report["name"]),
        (&json!("slimgate-report"), &json!(1), &json!(NAME))
    );
    let figures = |test: f64, val: f64, bits: [u64; 2], macs: u64, bops: u64| json!({ "test_accuracy": test, "val_accuracy": val, "params_bits": bits[0], "stored_bits": bits[1], "macs": macs, "bops": bops });
    assert_eq!(report["baseline"], figures(0.93, 0.92, [2688, 2912], 1000, 2000));
    // Counted from the network: see network_sizes.rs; 176 and 6 nonzero MACs, of 3 x 8 and 5 x 4 bits.
    assert_eq!(report["final"], figures(0.922, 0.913, [63, 155], 182, 176 * 24 + 6 * 20));
    near(&report["ratios"]["params_bits"], 2688.0 / 63.0);
    near(&report["ratios"]["stored_bits"], 2912.0 / 155.0);
    near(&report["ratios"]["test_accuracy_loss"], 0.93 - 0.922);

    let stages = report["stages"].as_array().unwrap();
    let names: Vec<&str> = stages.iter().map(|s| s["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["float", "iq", "ns", "polish"]);
    let tests: Vec<f64> = stages.iter().map(|s| s["test_accuracy"].as_f64().unwrap()).collect();
    assert_eq!(tests, [0.93, 0.925, 0.92, 0.922]);
    assert!(stages.iter().all(|s| s["accuracy"] == s["test_accuracy"]));
    assert_eq!((&stages[1]["stored_bits"], &stages[1]["why"]), (&json!(728), &json!("iq went so far")));
    near(&stages[2]["times_smaller"], 8.0);

    let search = &report["search"];
    assert_eq!(
        (&search["met"], &search["method"], &search["target_val_accuracy"]),
        (&json!(true), &json!("margin"), &json!(0.91))
    );
    near(&search["seconds"], 7.5);
    let kept: Vec<&Value> = search["candidates"].as_array().unwrap().iter().map(|c| &c["kept"]).collect();
    assert_eq!(kept, [&json!("float"), &json!("iq"), &json!("ns"), &Value::Null, &json!("polish")]);

    let conv = &report["layers"][0];
    assert_eq!((&conv["name"], &conv["op"]), (&json!("conv1"), &json!("conv")));
    for (key, value) in [
        ("channels_before", 4),
        ("channels", 2),
        ("weight_bits", 3),
        ("activation_bits", 4),
        ("weights", 18),
        ("nonzeros", 11),
        ("macs", 176),
        ("stored_bits", 88),
    ] {
        assert_eq!(conv[key], json!(value), "{key}");
    }
    let fc = &report["layers"][3];
    assert_eq!((&fc["channels_before"], &fc["activation_bits"]), (&json!(3), &Value::Null));

    let reproduce = &report["reproduce"];
    assert_eq!((&reproduce["seed"], &reproduce["threads"]), (&json!(7), &json!(2)));
    assert_eq!(reproduce["seconds"], json!({ "train": 12.5 }));
    assert_eq!(reproduce["sha256"]["network"], json!(network().sha256().unwrap()));
    assert!(report.get("rtl").is_none() && report.get("hardware").is_none(), "neither was made");
}

#[test]
fn two_runs_are_compared() {
    let ((_a, first), (_b, second)) = (run_folder(), run_folder());
    let accuracies = json!([["float", 0.93], ["iq", 0.925], ["ns", 0.92], ["final", 0.461]]);
    fs::write(second.join("accuracy.json"), json!({ "images": 500, "accuracies": accuracies }).to_string()).unwrap();
    let compare = |args: &[&str]| {
        let mut command = Command::cargo_bin("slimgate").unwrap();
        command.arg("compare").arg(&first).arg(&second).args(args).assert().success().get_output().stdout.clone()
    };
    let all: Value = serde_json::from_slice(&compare(&["--json"])).unwrap();
    let figure = |place: &str| all["figures"].as_array().unwrap().iter().find(|f| f["place"] == place).cloned();
    let accuracy = figure("final.test_accuracy").unwrap();
    assert_eq!(accuracy["values"], json!([0.922, 0.461]));
    near(&accuracy["ratio"], 0.5);
    assert_eq!(accuracy["source"], "measured: integer interpreter on the test set");
    assert_eq!(figure("final.stored_bits").unwrap()["ratio"], 1.0);
    assert_eq!(figure("rtl.cycles_per_image"), None, "neither run was simulated");
    assert_eq!(all["layers"][0]["name"], "conv1");
    let text = String::from_utf8(compare(&[])).unwrap();
    assert!(text.contains("92.20 %") && text.contains("46.10 %") && text.contains("0.500"), "{text}");
    fs::remove_file(second.join("search.json")).unwrap();
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.arg("compare").arg(&first).arg(&second).assert().code(2).stderr(contains("search.json"));
}

#[test]
fn people_get_tables() {
    let (_root, run) = run_folder();
    report(&run).assert().success().stdout(contains("92.20 %").and(contains("18.8 x smaller in stored_bits")));
    let text = fs::read_to_string(run.join("report.md")).unwrap();
    for part in [
        "| IQ, integer quantization | 91.50 % | 92.50 % |",
        "| conv1 | conv | 4 → 2 | 3 | 4 | 11 of 18 |",
        "| 4 | ns | 50.0 % removed | 80.00 % |",
        "| 2 | **iq** | w 3-5, a 4 |",
        "No Verilog yet.",
        "| train | 12.5 |",
        "-0.80 points",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn the_page_holds_everything_itself() {
    let (_root, run) = run_folder();
    report(&run).assert().success();
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    for part in ["<svg", "92.20 %", "18.8 x", "4 → 2", "11 of 18", "No Verilog yet.", "data:image/png;base64,"] {
        assert!(page.contains(part), "no {part:?} in the page");
    }
    // Four candidates and the baseline, each a point.
    assert_eq!(page.matches("<circle").count(), 5);
    for outside in ["<script", "<link", "<iframe", "@import", "url(", "src=\"http", "href=\"http"] {
        assert!(!page.contains(outside), "{outside:?} in the page");
    }
}

#[test]
fn a_missing_or_broken_file_is_named_with_the_command_that_makes_it() {
    for file in ["config.toml", "search.json", "search.jsonl", "accuracy.json", "network.json", "network.safetensors"] {
        let (_root, run) = run_folder();
        fs::remove_file(run.join(file)).unwrap();
        report(&run).assert().code(2).stderr(contains(file).and(contains("error: ")));
        assert!(!run.join("report.json").exists());
    }
    let (_root, run) = run_folder();
    fs::remove_file(run.join("search.json")).unwrap();
    report(&run).assert().code(2).stderr(contains("slimgate run"));
    for (file, text) in [("search.json", "{}"), ("accuracy.json", "[]"), ("rtl.json", "{}"), ("sim.json", "nonsense")] {
        let (_root, run) = run_folder();
        fs::write(run.join(file), text).unwrap();
        report(&run).assert().code(2).stderr(contains(file).and(contains("slimgate run")));
    }
    let (_root, run) = run_folder();
    fs::write(run.join("accuracy.json"), json!({ "images": 1, "accuracies": [["float", 0.5]] }).to_string()).unwrap();
    report(&run).assert().code(2).stderr(contains("accuracy.json").and(contains("`iq`")));
}

fn images(network: &Network, count: usize) -> Images {
    let shape = network.input.shape();
    let pixels = (0..count * shape.len()).map(|i| (i * 37 % 251) as u8).collect();
    Images { shape, pixels, labels: vec![0; count] }
}

#[test]
fn design_and_simulation_are_made_reported_and_checked() {
    let (root, run) = run_folder();
    let config = RunConfig::load(&run.join("config.toml")).unwrap();
    let dir = design_folder(&run, NAME);
    assert_eq!(dir, root.path().join("rtl_out").join(NAME));
    make_design(&config.hardware, &run, &dir).unwrap();
    let report = json_of(&run);
    assert!(report.get("rtl").is_none(), "not simulated yet");
    assert_eq!(report["hardware"]["device"], json!("xc7z020"));
    assert!(report["layers"][0]["engine"]["folding"]["in_par"].is_u64());
    assert_eq!(report["layers"][0]["engine"]["lane_utilisation"], Value::Null);

    // Fewer than the run file asks for.
    let images = images(&network(), 18);
    simulate(&config.sim, &run, &images, |_| {}).unwrap();
    let report = json_of(&run);
    let rtl = &report["rtl"];
    assert_eq!((&rtl["images"], &rtl["mismatches"], &rtl["passed"]), (&json!(18), &json!(0), &json!(true)));
    let planned = rtl["planned_cycles_per_image"].as_u64().unwrap();
    assert_eq!(json!(planned), report["hardware"]["planned_cycles_per_image"]);
    assert!((rtl["cycles_per_image"].as_f64().unwrap() / planned as f64 - 1.0).abs() < 0.5, "{rtl}");
    assert!(rtl["latency_cycles"].as_u64().unwrap() > 0);
    assert_eq!(rtl["lane_utilisation"]["conv1"], report["layers"][0]["engine"]["lane_utilisation"]);
    assert!(rtl["tool"].as_str().unwrap().starts_with("Verilator"), "{rtl}");

    the_timeline_keeps_the_pace(&report["layers"], planned);
    energies_are_reported(&run, &dir);

    // The same design again keeps its simulation; another one does not.
    make_design(&config.hardware, &run, &dir).unwrap();
    assert!(run.join("sim.json").exists());
    let few = RunConfig::parse(&format!("{CONFIG}[hardware]\nmax_lanes = 2")).unwrap().hardware;
    make_design(&few, &run, &dir).unwrap();
    assert!(!run.join("sim.json").exists());
    forget_lost_design(&run, &dir).unwrap();
    assert!(run.join("rtl.json").exists(), "it is there");
    fs::remove_dir_all(&dir).unwrap();
    forget_lost_design(&run, &dir).unwrap();
    assert!(!run.join("rtl.json").exists(), "its design is gone");
}

/// Images follow each other at the planned pace, and pass the engines in the order of the stream.
fn the_timeline_keeps_the_pace(layers: &Value, pace: u64) {
    let spans = layers.as_array().unwrap().iter().filter_map(|l| l["engine"].get("timeline")?.as_array()).map(|t| {
        let span = |image: usize| [0, 1].map(|end| t[image][end].as_u64().unwrap());
        [span(0), span(1), span(2)]
    });
    let spans: Vec<[[u64; 2]; 3]> = spans.collect();
    assert_eq!(spans.len(), 3, "conv1, max_pool, fc");
    for engine in &spans {
        assert!(engine.iter().all(|[first, last]| first < last), "{engine:?}");
        assert_eq!(engine[2][1] - engine[1][1], pace, "{engine:?}");
    }
    assert_eq!(spans[0].map(|[first, _]| first), [0, pace, 2 * pace]);
    let ordered = |a: &[[u64; 2]; 3], b: &[[u64; 2]; 3]| a[0][0] < b[0][0] && a[0][1] < b[0][1];
    assert!(spans.windows(2).all(|pair| ordered(&pair[0], &pair[1])), "{spans:?}");
}

/// `power.json` of the design and `ablation.json` of the run are in the report, every number with its source.
fn energies_are_reported(run: &Path, dir: &Path) {
    assert!(json_of(run).get("power").is_none(), "not estimated yet");
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.arg("power").arg(dir).args(["--data", "random", "--images", "2", "--network"]).arg(run).assert().success();
    let sha256 = lower_stages(run);
    let planned = &json_of(run)["ablation"]["rows"];
    assert!(
        planned
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["images"] == 0 && row["estimated"]["lut"].as_f64() > Some(0.0))
    );
    assert!(fs::read_to_string(run.join("report.html")).unwrap().contains("cycles an image (planned), equal lanes"));
    fs::write(run.join("ablation.json"), ablation(&sha256).to_string()).unwrap();
    let report = json_of(run);
    let estimate: Value = serde_json::from_slice(&fs::read(dir.join("power.json")).unwrap()).unwrap();
    assert_eq!((&report["power"], &report["ablation"]), (&estimate, &ablation(&sha256)));
    let sources = report["sources"].as_object().unwrap();
    for (place, word) in [
        ("final.test_accuracy", "interpreter"),
        ("rtl.cycles_per_image", "simulation"),
        ("hardware.estimated.lut", "estimated by the planner"),
        ("power.nanojoules", "estimated by the power model"),
        ("power.parts[].moved.register_toggles", "simulation"),
        ("ablation.rows[].energy.nanojoules", "estimated by the power model"),
        ("ablation.rows[].cycles_per_image", "simulation"),
    ] {
        assert!(sources[place].as_str().unwrap().contains(word), "{place}: {}", sources[place]);
    }
    let text = fs::read_to_string(run.join("report.md")).unwrap();
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    let total = format!("| energy an image, nJ | {:.1}", estimate["nanojoules"].as_f64().unwrap());
    let total = total.split_once('.').unwrap().0;
    for part in
        [total, "| equal lanes | iq | 91.20 % | 8 | 40.5 | 321 | 2 | 640 | 12.3 |", "estimated by the power model"]
    {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    // Two bars each of cycles, LUTs and energy.
    assert!(page.contains("cycles an image (measured by simulation), equal lanes"), "{page}");
    assert_eq!(page.matches("40.5 cycles").count(), 1);
    page_is_quiet(&run.join("report.html"));
    // The figures of another design are not this one's.
    let other = json!({ "manifest_sha256": "0" });
    let mut stale = estimate.as_object().unwrap().clone();
    stale.extend(other.as_object().unwrap().clone());
    fs::write(dir.join("power.json"), Value::Object(stale).to_string()).unwrap();
    assert!(json_of(run).get("power").is_none(), "of another design");
    fs::write(dir.join("power.json"), estimate.to_string()).unwrap();
}

/// The page loads nothing and, where there is a Chromium, says nothing on its console.
fn page_is_quiet(page: &Path) {
    let text = fs::read_to_string(page).unwrap();
    let loads = ["src=\"http", "href=\"http", "url(http", "@import"];
    assert_eq!(loads.map(|way| text.contains(way)), [false; 4]);
    let Some(chromium) = slimgate::tool::find("chromium") else {
        eprintln!("no chromium: the page's console was not looked at");
        return;
    };
    let profile = TempDir::new().unwrap();
    let mut command = Command::new(chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg(format!("file://{}", page.display()));
    let output = command.timeout(std::time::Duration::from_secs(120)).output().unwrap();
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && dom.contains("<svg") && dom.contains("Reproduce"), "{log}");
    assert!(!log.contains("CONSOLE"), "{log}");
}

/// The network twice, as `slimgate lower` leaves those of the stages; its SHA-256.
fn lower_stages(run: &Path) -> String {
    let network = Network::load(run).unwrap();
    let names = ["bits8", "iq"];
    names.iter().for_each(|name| network.save(&run.join("ablation").join(name)).unwrap());
    let variants = names.map(|name| json!({ "name": name, "figure": "final" }));
    fs::write(run.join("ablation/variants.json"), json!(variants).to_string()).unwrap();
    network.sha256().unwrap()
}

/// Two designs as `slimgate ablate --power` records them.
fn ablation(sha256: &str) -> Value {
    let row = |variant: &str, lut: f64, cycles: f64, energy: f64| {
        json!({
            "variant": variant, "rule": "equal_lanes", "network_sha256": sha256, "dir": format!("designs/{variant}"), "test_accuracy": 0.912,
            "params_bits": 700, "memory_bits": 900, "weight_bits": 640, "lanes": 8, "planned_cycles_per_image": 40,
            "cycles_per_image": cycles, "images": 4,
            "estimated": { "lut": lut, "ff": 300.0, "dsp": 2.0, "bram36": 0.0, "bram": 0.0, "bram_kind": "RAMB36E1" }, "synthesized": null,
            "energy": { "nanojoules": energy, "milliwatts": 1.5, "kinds": { "compute": energy - 2.0, "clock": 2.0 } },
            "lacks": null,
        })
    };
    json!({
        "version": 2, "name": NAME, "device": "xc7z020", "no_dsp": false, "tool": null,
        "power": {
            "technology": "ice40up5k", "clock_mhz": 100.0, "images": 4, "uncertainty_factor": 2.0, "uncertainty": "no layout",
            "sources": [{ "what": "change of a net", "value": 0.5, "unit": "pJ", "source": "a measurement" }],
        },
        "rows": [row("bits8", 500.0, 80.0, 25.5), row("iq", 321.0, 40.5, 12.3)],
    })
}

#[test]
fn hardware_that_differs_fails_and_a_stale_design_is_refused() {
    let (_root, run) = run_folder();
    let name = "reported_wrong";
    let mut wrong = Network { name: name.into(), ..tiny() };
    wrong.save(&run).unwrap();
    let config = RunConfig::load(&run.join("config.toml")).unwrap();
    make_design(&config.hardware, &run, &design_folder(&run, name)).unwrap();
    let right = Interpreter::new(&wrong).unwrap();
    wrong.params.get_mut("fc").unwrap().bias[1] += 1;
    wrong.save(&run).unwrap();
    let images = images(&wrong, 20);
    assert_ne!(right.scores(images.image(0)), Interpreter::new(&wrong).unwrap().scores(images.image(0)));
    report(&run).assert().code(2).stderr(contains("rtl.json").and(contains("slimgate run")));
    let error = simulate(&config.sim, &run, &images, |_| {}).unwrap_err();
    assert_eq!(exit_status(&error), 1, "{error:#}");
    assert!(error.to_string().contains("class 1"), "{error:#}");
    let simulated: Value = serde_json::from_slice(&fs::read(run.join("sim.json")).unwrap()).unwrap();
    assert!(simulated["mismatches"].as_u64().unwrap() >= 20, "{simulated}");
}

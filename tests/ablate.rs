//! `slimgate ablate` on a run folder made by hand: two networks, four designs, each bit-exact.

mod idx;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use idx::write_part;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use slimgate::ablate::{self, Ablation, Rule, Rules};
use slimgate::network::Network;
use slimgate::network::graph::Op;
use slimgate::plan::device::Device;
use slimgate::plan::goal::Target;

/// The example network, its weights as they are (4 bits and fewer) or in words of 8 bits.
fn network(bits: Option<u32>) -> Network {
    let mut network = Network::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/example-network")).unwrap();
    for node in &mut network.nodes {
        match &mut node.op {
            Op::Conv(op) => op.weight_bits = bits.unwrap_or(op.weight_bits),
            Op::Dense(op) => op.weight_bits = bits.unwrap_or(op.weight_bits),
            _ => {}
        }
    }
    network
}

/// 20 images of noise, as an MNIST-like data set.
fn write_data(folder: &Path) {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for part in ["train", "t10k"] {
        let mut pixels = vec![0; 20 * 64];
        rng.fill_bytes(&mut pixels);
        let labels: Vec<u8> = (0..20).map(|i| i % 4).collect();
        write_part(folder, part, 8, &pixels, &labels);
    }
}

fn write_run(run: &Path) {
    fs::create_dir_all(run).unwrap();
    let config = format!("name = 'small'\n[data]\ndir = '{}'\nvalidation = 5\n", run.display());
    fs::write(run.join("config.toml"), config).unwrap();
    write_data(run);
    network(Some(8)).save(&run.join("ablation/bits8")).unwrap();
    network(None).save(&run.join("ablation/iq")).unwrap();
    let variants = r#"[{"name": "bits8", "figure": "float"}, {"name": "iq", "figure": "final"}]"#;
    fs::write(run.join("ablation/variants.json"), variants).unwrap();
    fs::write(run.join("accuracy.json"), r#"{"images": 20, "accuracies": [["float", 0.5], ["final", 0.25]]}"#).unwrap();
}

fn ablate(run: &Path, out: &Path) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    let command = command.arg("ablate").arg(run).arg("--out").arg(out);
    command.args(["--device", "xc7a35t", "--power", "--json"]).assert()
}

#[test]
fn designs_of_a_run_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("small");
    write_run(&run);
    let output = ablate(&run, &folder.path().join("designs")).success().get_output().stdout.clone();
    let printed: Ablation = serde_json::from_slice(&output).unwrap();
    let kept: Ablation = serde_json::from_slice(&fs::read(run.join("ablation.json")).unwrap()).unwrap();
    assert_eq!(printed, kept);
    // A report takes what was measured as long as the networks are the same, else plans anew.
    assert_eq!(ablate::current(&run).unwrap(), Some(kept.clone()));
    let other = network(None);
    other.save(&run.join("ablation/bits8")).unwrap();
    let planned = ablate::current(&run).unwrap().unwrap();
    assert!(planned.rows.iter().all(|row| row.images == 0 && row.dir.is_none() && row.cycles_per_image.is_none()));

    let order: Vec<(Rule, &str)> = kept.rows.iter().map(|row| (row.rule, row.variant.as_str())).collect();
    let (throughput, lanes) = (Rule::EqualThroughput, Rule::EqualLanes);
    assert_eq!(order, [(throughput, "bits8"), (throughput, "iq"), (lanes, "bits8"), (lanes, "iq")]);
    let [wide, narrow, wide_lanes, narrow_lanes] = &kept.rows[..] else { panic!("{:?}", kept.rows) };
    assert!(wide.planned_cycles_per_image <= narrow.planned_cycles_per_image);
    assert!(wide_lanes.lanes <= narrow_lanes.lanes);
    // The same weights in wider words; under the other rule a layer made of constants may hold none.
    assert!(wide_lanes.weight_bits > narrow_lanes.weight_bits);
    assert_eq!((wide.test_accuracy, narrow.test_accuracy), (Some(0.5), Some(0.25)));
    assert_eq!(kept.power.as_ref().map(|p| (p.technology.as_str(), p.images)), Some(("ice40up5k", 4)));
    for row in &kept.rows {
        assert_eq!(row.images, 20);
        let dir = row.dir.as_ref().unwrap();
        let estimate: Value = serde_json::from_slice(&fs::read(dir.join("power.json")).unwrap()).unwrap();
        let energy = row.energy.as_ref().unwrap();
        assert_eq!(estimate["nanojoules"].as_f64(), Some(energy.nanojoules));
        assert!(energy.nanojoules > 0.0 && (energy.kinds.values().sum::<f64>() / energy.nanojoules - 1.0).abs() < 1e-9);
        assert!(row.cycles_per_image > Some(1.0) && dir.join("manifest.json").exists());
    }
}

#[test]
fn where_no_pace_is_asked_for_all_designs_of_equal_throughput_fit_the_device() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path());
    let mut wide = network(Some(8));
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for weight in wide.params.values_mut().flat_map(|params| &mut params.weight) {
        *weight = (i64::from(rng.next_u32() % 255) - 127) as i8;
    }
    wide.save(&folder.path().join("ablation/bits8")).unwrap();
    let rules = |target| Rules { device: Device::named("ice40hx8k").unwrap(), target, no_dsp: true };
    let rows = |target| {
        let rows = ablate::plan(folder.path(), rules(target)).unwrap().rows;
        rows.into_iter().filter(|row| row.rule == Rule::EqualThroughput).collect::<Vec<_>>()
    };
    let all = rows(Target::Fit);
    assert!(all.iter().all(|row| row.lacks.is_none()), "{all:?}");
    let pace = all.iter().map(|row| row.planned_cycles_per_image).max().unwrap();
    // The network of 8 bits sets it: that of fewer bits would fit in fewer cycles.
    let faster = rows(Target::Cycles(pace - 1));
    assert!(faster[0].lacks.is_some() && faster[1].lacks.is_none(), "{faster:?}");
}

#[test]
fn a_folder_without_its_networks_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = ablate(folder.path(), folder.path()).code(2).get_output().clone();
    assert!(output.stdout.is_empty() || serde_json::from_slice::<Value>(&output.stdout).is_err());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("variants.json") && error.contains("slimgate lower"), "{error}");
}

//! `slimgate eval` through the binary: the accuracy that a plain interpreter gives, and exit status 2 for wrong inputs.

mod plain;
mod tiny;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tiny::tiny;

/// `test/<class>/<n>.png`, 4 x `width`, noise; returns pixels and labels in the loader's order.
fn images(folder: &Path, width: u32) -> Vec<(Vec<u8>, usize)> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut all = Vec::new();
    for (label, class) in ["a", "b", "c"].into_iter().enumerate() {
        let class = folder.join("test").join(class);
        fs::create_dir_all(&class).unwrap();
        for n in 0..20 {
            let pixels: Vec<u8> = (0..4 * width).map(|_| rng.random()).collect();
            let image = image::GrayImage::from_raw(width, 4, pixels.clone()).unwrap();
            image.save(class.join(format!("{n:02}.png"))).unwrap();
            all.push((pixels, label));
        }
    }
    all
}

/// A folder with `network/` (tiny) and `data/` (60 images).
fn workplace() -> (TempDir, Vec<(Vec<u8>, usize)>) {
    let folder = TempDir::new().unwrap();
    tiny().save(&folder.path().join("network")).unwrap();
    let images = images(&folder.path().join("data"), 4);
    (folder, images)
}

fn eval(folder: &TempDir, more: &[&str]) -> Command {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.current_dir(folder.path()).args(["eval", "network", "--data", "data"]).args(more);
    command
}

fn json(folder: &TempDir, more: &[&str]) -> serde_json::Value {
    let output = eval(folder, more).arg("--json").assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

#[test]
fn accuracy_is_that_of_the_plain_interpreter() {
    let (folder, images) = workplace();
    let network = tiny();
    let right = |(pixels, label): &&(Vec<u8>, usize)| {
        let scores = plain::trace(&network, pixels).pop().unwrap().1;
        let best = *scores.iter().max().unwrap();
        scores.iter().position(|&score| score == best) == Some(*label)
    };
    let correct = images.iter().filter(right).count();
    assert!(correct > 0 && correct < images.len(), "{correct}");
    let found = json(&folder, &[]);
    assert_eq!((&found["images"], &found["correct"]), (&60.into(), &correct.into()));
    assert_eq!(found["accuracy"], correct as f64 / 60.0);
    assert_eq!((&found["stored_bits"], &found["params_bits"]), (&155.into(), &63.into()));

    let correct = images.iter().take(30).filter(right).count();
    let found = json(&folder, &["--images", "30"]);
    assert_eq!((&found["images"], &found["correct"]), (&30.into(), &correct.into()));
    eval(&folder, &[]).assert().success().stdout(contains("of 60 test images right"));
}

/// Exit status 2, one message with `wanted`, nothing on standard output.
#[track_caller]
fn refused(mut command: Command, wanted: &str) {
    let one_message = predicate::str::starts_with("error: ").and(contains(wanted));
    command.assert().code(2).stderr(one_message).stdout("");
}

#[test]
fn wrong_inputs_end_with_status_2() {
    let (folder, _) = workplace();
    refused(eval(&folder, &["--images", "61"]), "--images: found 61; expected 1 to 60");
    refused(eval(&folder, &["--images", "0"]), "--images: found 0");
    fs::remove_dir_all(folder.path().join("data")).unwrap();
    refused(eval(&folder, &[]), "data");
    images(&folder.path().join("data"), 5);
    refused(eval(&folder, &[]), "found images of [1, 4, 5] (channels, height, width); expected [1, 4, 4]");
}

#[test]
fn wrong_networks_end_with_status_2() {
    let (folder, _) = workplace();
    let json = folder.path().join("network/network.json");
    let tensors = folder.path().join("network/network.safetensors");
    let (text, bytes) = (fs::read_to_string(&json).unwrap(), fs::read(&tensors).unwrap());
    let changes = [
        ("\"version\": 1", "\"version\": 2", "network/network.json: version: found version 2; expected version 1"),
        ("\"classes\"", "\"labels\"", "unknown field `labels`"),
        (
            "\"out_channels\": 2",
            "\"out_channels\": 3",
            "tensor conv1.weight: found I8 [2, 1, 3, 3]; expected I8 [3, 1, 3, 3]",
        ),
        ("\"weight_bits\": 3", "\"weight_bits\": 2", "weight[4]: found -3 (and 6 more out of range); expected -1 to 1"),
    ];
    for (from, to, wanted) in changes {
        fs::write(&json, text.replacen(from, to, 1)).unwrap();
        refused(eval(&folder, &[]), wanted);
    }
    fs::write(&json, &text).unwrap();
    fs::write(&tensors, &bytes[..bytes.len() - 1]).unwrap();
    refused(eval(&folder, &[]), "network/network.safetensors: found");
    fs::remove_file(&json).unwrap();
    refused(eval(&folder, &[]), "network/network.json: found No such file");
}

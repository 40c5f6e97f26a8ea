//! Wrong inputs through the binary: exit status 2, one clear message, no panic, nothing on standard output.

mod idx;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use idx::{idx, write_part};
use tempfile::TempDir;

fn slimgate(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.args(args).env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
    command
}

/// Runs, expects status 2, and gives the message.
fn refused(args: &[&str]) -> String {
    let output = slimgate(args).assert().code(2).get_output().clone();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty(), "{args:?} printed a result");
    assert_eq!(message.matches("error: ").count(), 1, "{message}");
    for word in ["panicked", "backtrace", "internal fault"] {
        assert!(!message.contains(word), "{message}");
    }
    message
}

/// A data set of 40 training and 20 test images of 4x4, two classes, and a run file beside it.
fn project(more: &str) -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    for (part, count) in [("train", 40_u8), ("t10k", 20)] {
        let labels: Vec<u8> = (0..count).map(|i| i % 2).collect();
        let pixels: Vec<u8> = (0..usize::from(count) * 16).map(|i| i as u8).collect();
        write_part(dir.path(), part, 4, &pixels, &labels);
    }
    let config = dir.path().join("run.toml");
    let text = format!("name = 'tiny'\n[data]\ndir = '{}'\nvalidation = 10\n{more}\n", dir.path().display());
    fs::write(&config, text).unwrap();
    let config = config.display().to_string();
    (dir, config)
}

fn cut(file: &Path, bytes: usize) {
    let whole = fs::read(file).unwrap();
    fs::write(file, &whole[..whole.len() - bytes]).unwrap();
}

#[test]
fn a_right_run_file_is_described() {
    let (dir, config) = project("");
    let output = slimgate(&["check", &config, "--json"]).assert().success().get_output().stdout.clone();
    let value: serde_json::Value = serde_json::from_slice(&output).unwrap();
    assert_eq!(value["train_images"], 30);
    assert_eq!(value["validation_images"], 10);
    assert_eq!(value["layers"][6]["name"], "fc2");
    assert_eq!(value["layers"][6]["shape"]["c"], 2);

    let text = slimgate(&["check", &config, "--resolved"]).assert().success().get_output().stdout.clone();
    let again = dir.path().join("again.toml");
    fs::write(&again, text).unwrap();
    slimgate(&["check", again.to_str().unwrap()]).assert().success();

    let data = slimgate(&["data", dir.path().to_str().unwrap()]).assert().success().get_output().stdout.clone();
    assert!(String::from_utf8(data).unwrap().contains("40 training and 20 test images of 4x4"));
}

#[test]
fn wrong_run_files_are_refused_with_line_and_key() {
    let cases = [
        ("[train]\nepoch = 1", "run.toml: line 6: train.epoch: found unknown field `epoch`"),
        ("[train]\nepochs = 0", "run.toml: line 6: train.epochs: found 0; expected 1 to 10000"),
        ("[train", "run.toml: line 5"),
        ("[network]\nlayers = [{ op = 'dense' }]", "run.toml: layer fc1: found an input of 1x4x4"),
        (
            "[network]\nlayers = [{ op = 'conv', out = 4, kernel = 9 }, { op = 'flatten' }, { op = 'dense' }]",
            "run.toml: layer conv1: found a 9x9 window",
        ),
        (
            "[network]\nlayers = [{ op = 'flatten' }, { op = 'dense', out = 3 }]",
            "run.toml: layer fc1: found an output of 3x1x1 (channels x height x width); expected 2x1x1",
        ),
    ];
    for (more, message) in cases {
        let (_dir, config) = project(more);
        let found = refused(&["check", &config]);
        assert!(found.contains(message), "{more}\n  gave {found}\n  not  {message}");
    }
    assert!(refused(&["check", "nowhere.toml"]).contains("nowhere.toml: found No such file"));
}

#[test]
fn more_validation_images_than_images_are_refused() {
    let (_dir, config) = project("");
    let text = fs::read_to_string(&config).unwrap().replace("validation = 10", "validation = 40");
    fs::write(&config, text).unwrap();
    assert!(refused(&["check", &config]).contains("data.validation: found 40; expected fewer than the 40"));
}

#[test]
fn damaged_data_are_refused_with_file_and_place() {
    let (dir, config) = project("");
    let folder = dir.path().to_str().unwrap();
    cut(&dir.path().join("train-images-idx3-ubyte"), 5);
    for args in [["data", folder], ["check", &config]] {
        let message = refused(&args);
        assert!(message.contains("train-images-idx3-ubyte: byte 651 (end): found 635 bytes"), "{message}");
    }

    let (dir, _) = project("");
    let labels: Vec<u8> = (0..20).map(|i| if i == 7 { 9 } else { i % 2 }).collect();
    fs::write(dir.path().join("t10k-labels-idx1-ubyte"), idx(0x801, &[20], &labels)).unwrap();
    let message = refused(&["data", dir.path().to_str().unwrap()]);
    assert!(message.contains("t10k-labels-idx1-ubyte: label 7 (byte 15): found 9; expected 0 to 1"), "{message}");

    let (dir, _) = project("");
    fs::remove_file(dir.path().join("t10k-labels-idx1-ubyte")).unwrap();
    assert!(refused(&["data", dir.path().to_str().unwrap()]).contains("found no such file"));
    assert!(refused(&["data", "/nowhere"]).contains("/nowhere: found No such file"));
}

#[test]
fn usage_errors_are_status_2_and_help_is_0() {
    slimgate(&["--no-such-flag"]).assert().code(2);
    slimgate(&[]).assert().code(2);
    slimgate(&["--version"]).assert().success();
    for command in ["check", "data"] {
        let help = slimgate(&[command, "--help"]).assert().success().get_output().stdout.clone();
        assert!(String::from_utf8(help).unwrap().contains("Example: slimgate "), "{command} teaches by example");
    }
}

#[cfg(not(feature = "train"))]
#[test]
fn a_build_without_training_says_so() {
    for command in ["train", "search", "lower", "run"] {
        let message = refused(&[command, "examples/fashion.toml", "--resume"]);
        assert!(message.contains("no training") && message.contains("make setup"), "{message}");
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    use std::process::{Command, Stdio};
    // A pipe whose reader has surely gone: the standard input of a program that has ended.
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    let output = Command::new(assert_cmd::cargo::cargo_bin("slimgate"))
        .args(["check", "examples/fashion.toml", "--resolved"])
        .stdout(pipe)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn the_examples_are_valid_run_files() {
    let mut count = 0;
    for entry in fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "toml") {
            slimgate(&["check", path.to_str().unwrap(), "--resolved"]).assert().success();
            count += 1;
        }
    }
    assert!(count >= 3);
}

/// Keys of all tables in `value`, without their sections. Under `least` and `fewer` they are a network's layers.
fn keys(value: &serde_json::Value, into: &mut Vec<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        into.push(key.clone());
        if !["least", "fewer"].contains(&key.as_str()) {
            keys(value, into);
        }
    }
}

#[test]
fn every_key_of_the_run_file_is_documented() {
    let doc = fs::read_to_string("docs/run-file.md").unwrap();
    let args = ["check", "examples/cifar10-vgg16.toml", "--resolved", "--json"];
    let output = slimgate(&args).assert().success().get_output().stdout.clone();
    let mut all = Vec::new();
    keys(&serde_json::from_slice(&output).unwrap(), &mut all);
    assert!(all.len() > 40, "{all:?}");
    let missing: Vec<_> = all.iter().filter(|key| !doc.contains(key.as_str())).collect();
    assert!(missing.is_empty(), "docs/run-file.md lacks {missing:?}");
}

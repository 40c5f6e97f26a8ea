//! `slimgate train` and `slimgate lower` as a user calls them.
#![cfg(feature = "train")]

mod idx;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use idx::write_rows;
use slimgate::network::Network;
use slimgate::search::journal::{self, Entry, Role};
use slimgate::train::Model;

/// A run file, and the data set of [`write_rows`].
fn write_run(folder: &Path) -> PathBuf {
    write_rows(folder);
    let file = folder.join("rows.toml");
    let text = format!(
        "name = 'rows'\n[data]\ndir = '{}'\nvalidation = 30\n[network]\nwidth = 0.25\n\
         [train]\nepochs = 6\nbatch = 15\nthreads = 1\n",
        folder.display()
    );
    fs::write(&file, text).unwrap();
    file
}

fn slimgate(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("slimgate").unwrap();
    command.current_dir(folder);
    command
}

#[test]
fn a_baseline_is_trained_once_and_lowered_at_8_bits() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_run(folder.path());
    let output = slimgate(folder.path()).args(["train", "--json"]).arg(&config).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let trained: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(trained["training"]["epochs"].as_array().unwrap().len(), 6);
    assert_eq!(trained["training"]["threads"], 1);
    assert!(trained["training"]["epochs"][5]["validation_accuracy"].as_f64().unwrap() > 0.8, "{trained}");

    let run = folder.path().join("runs/rows");
    let before = fs::read(run.join("baseline.safetensors")).unwrap();
    let again = slimgate(folder.path()).arg("train").arg(&config).output().unwrap();
    assert!(String::from_utf8(again.stdout).unwrap().contains("already done"));
    assert_eq!(fs::read(run.join("baseline.safetensors")).unwrap(), before);
    assert!(Model::load(&run.join("baseline.safetensors")).unwrap().quant().is_none());

    let output = slimgate(folder.path()).args(["lower", "runs/rows", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lowered: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let network = Network::load(&run).unwrap();
    assert_eq!(network.name, "rows");
    assert_eq!(network.sizes().unwrap().total.stored_bits, lowered["stored_bits"].as_u64().unwrap());
}

/// At such a rate no fine-tuning holds.
#[test]
fn a_candidate_whose_training_diverges_is_rejected_and_the_search_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_run(folder.path());
    let search = "[search]\norder = ['iq']\niq = { ladder = [[8, 8], [6, 6]], fine_tune = { epochs = 4, learning_rate = 9 } }\n\
                  polish = { epochs = 1, learning_rate = 1e-4 }\n";
    let text = fs::read_to_string(&config)
        .unwrap()
        .replace("threads = 1", "threads = 1\noptimizer = 'sgd'\nlearning_rate = 0.05");
    fs::write(&config, text + search).unwrap();
    let output = slimgate(folder.path()).arg("search").arg(&config).output().unwrap();
    let entries = journal::read(folder.path().join("runs/rows/search.jsonl")).unwrap();
    let candidates: Vec<&Entry> = entries.iter().filter(|e| e.role == Role::Candidate).collect();
    assert!(!candidates.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(candidates.iter().all(|e| e.val_accuracy == 0.0 && !e.accepted), "{candidates:?}");
    assert!(entries.iter().any(|e| e.role == Role::Polish && e.val_accuracy > 0.8), "{entries:?}");
}

/// Another run that is trained, under `name`, on the data set of [`write_rows`] with every label changed by `label`.
fn train_another(folder: &Path, name: &str, seed: u64, label: fn(u8) -> u8) {
    let (data, file) = (folder.join(name), folder.join(format!("{name}.toml")));
    fs::create_dir(&data).unwrap();
    let text = fs::read_to_string(write_run(&data)).unwrap();
    for part in ["train", "t10k"] {
        let labels = data.join(format!("{part}-labels-idx1-ubyte"));
        let mut bytes = fs::read(&labels).unwrap();
        bytes[8..].iter_mut().for_each(|l| *l = label(*l));
        fs::write(&labels, bytes).unwrap();
    }
    fs::write(&file, text.replace("name = 'rows'", &format!("name = '{name}'\nseed = {seed}"))).unwrap();
    slimgate(folder).arg("train").arg(&file).assert().success();
}

/// A search of one candidate, trained for `epochs`, with the keys of `more`.
fn one_candidate(more: &str, epochs: usize) -> String {
    format!(
        "[search]\norder = ['iq']\n{more}\npolish = {{ epochs = 0, learning_rate = 1e-3 }}\n\
         iq = {{ ladder = [[8, 8]], fine_tune = {{ epochs = {epochs}, learning_rate = 5e-3 }} }}\n"
    )
}

/// The first candidate of a search anew.
fn searched(folder: &Path, config: &Path) -> Entry {
    let output = slimgate(folder).args(["search", "--fresh"]).arg(config).output().unwrap();
    let entries = journal::read(folder.join("runs/rows/search.jsonl")).unwrap();
    let candidate = entries.into_iter().find(|e| e.role == Role::Candidate);
    candidate.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_search_may_have_a_batch_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_run(folder.path());
    let text = fs::read_to_string(&config).unwrap();
    let candidate = |batch: &str| {
        fs::write(&config, format!("{text}{}", one_candidate(batch, 1))).unwrap();
        let key = searched(folder.path(), &config).key;
        (key, fs::read(folder.path().join("runs/rows/baseline.safetensors")).unwrap())
    };
    let [usual, same, small] = ["", "batch = 15", "batch = 3"].map(candidate);
    assert_eq!(usual, same);
    assert!(usual.0 != small.0 && usual.1 == small.1, "{} {}", usual.0, small.0);
}

/// Nothing is left to compute, so that a GPU is not needed to ask for one.
#[test]
fn a_run_goes_on_on_another_device() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_run(folder.path());
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}{}", one_candidate("", 1))).unwrap();
    searched(folder.path(), &config);
    let run = folder.path().join("runs/rows");
    let before = fs::read(run.join("search.jsonl")).unwrap();
    fs::remove_file(run.join("steps/search")).unwrap();
    let again = slimgate(folder.path()).args(["search", "--device", "cuda"]).arg(&config).output().unwrap();
    let stdout = String::from_utf8(again.stdout).unwrap();
    assert!(stdout.contains("train: already done") && stdout.contains("search: working"), "{stdout}");
    assert_eq!(fs::read(run.join("search.jsonl")).unwrap(), before, "{}", String::from_utf8_lossy(&again.stderr));
    assert!(run.join("steps/search").exists());
}

/// The teacher takes each class for the next one: whoever follows it alone does so too.
#[test]
fn another_runs_network_teaches_the_candidates() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_run(folder.path());
    let text = fs::read_to_string(&config).unwrap();
    train_another(folder.path(), "turned", 1, |l| (l + 1) % 3);
    let candidate = |teacher: &str| {
        let distill = format!("distill = {{ weight = 1, temperature = 2{teacher} }}");
        fs::write(&config, format!("{text}{}", one_candidate(&distill, 12))).unwrap();
        searched(folder.path(), &config)
    };
    let (own, taught) = (candidate(""), candidate(", teacher = 'runs/turned'"));
    assert!(own.val_accuracy > 0.8 && taught.val_accuracy < 0.2, "{own:?} {taught:?}");
    assert_ne!(own.key, taught.key);
}

#[test]
fn a_teacher_that_is_not_there_or_of_another_split_or_other_classes_is_a_wrong_input() {
    let folder = tempfile::tempdir().unwrap();
    let config = write_run(folder.path());
    let text = fs::read_to_string(&config).unwrap();
    train_another(folder.path(), "fewer", 1, |l| l.min(1));
    train_another(folder.path(), "other", 2, |l| l);
    for (teacher, commands, found) in [
        (
            "runs/other",
            &["check", "search"][..],
            "a run with seed = 2, data.validation = 30, no data.limit; expected one with seed = 1,",
        ),
        ("nowhere", &["check", "search"], "no file nowhere/baseline.safetensors"),
        (
            "runs/fewer",
            &["study"],
            "a run with seed = 1, data.validation = 30, no data.limit; expected one with seed = 2,",
        ),
        ("runs/fewer", &["search"], "a network for images of 1x8x8 and 2 classes; expected images of 1x8x8 and 3"),
    ] {
        let search = format!("[search]\ndistill = {{ weight = 0.5, temperature = 2, teacher = '{teacher}' }}\n");
        fs::write(&config, text.clone() + &search).unwrap();
        for command in commands {
            let output = slimgate(folder.path()).arg(command).arg(&config).output().unwrap();
            let message = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{message}");
            assert!(message.contains(&format!("search.distill.teacher: found {found}")), "{message}");
        }
    }
}

#[test]
fn lowering_without_a_trained_run_is_a_wrong_input() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("nothing")).unwrap();
    let config = write_run(folder.path());
    let untrained = folder.path().join("rows");
    fs::create_dir(&untrained).unwrap();
    fs::copy(config, untrained.join("config.toml")).unwrap();
    for (run, message) in [("nothing", "no config.toml"), ("absent", "no config.toml"), ("rows", "")] {
        let output = slimgate(folder.path()).args(["lower", run]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{run}: {stderr}");
        assert!(stderr.contains(message) && stderr.lines().count() < 12, "{stderr}");
    }
}

//! `slimgate study` as a user calls it, on a small generated data set: in jobs, killed, put together; and alone.
#![cfg(all(feature = "train", unix))]

mod idx;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use idx::write_rows;
use serde_json::Value;
use slimgate::search::journal::{self, Entry};

/// A run file, and the data set of [`write_rows`].
fn write_run(folder: &Path) -> PathBuf {
    write_rows(folder);
    let file = folder.join("rows.toml");
    let tune = "fine_tune = { epochs = 1, learning_rate = 2e-3 }";
    let text = format!(
        "name = 'rows'\n[data]\ndir = '{}'\nvalidation = 30\n[network]\nwidth = 0.25\n\
         [train]\nepochs = 4\nbatch = 15\nthreads = 1\n\
         [search]\ntarget = {{ drop = 0.2 }}\nwarm_start = 'stage'\npolish = {{ epochs = 1, learning_rate = 1e-3 }}\n\
         iq = {{ ladder = [[8, 8], [4, 4]], {tune} }}\n\
         ns = {{ ladder = [0.25], sparsity = {{ epochs = 1, learning_rate = 2e-3 }}, {tune} }}\n\
         dc = {{ ladder = [0, 0.5], {tune} }}\n\
         [study]\nseeds = [7]\norders = [['iq', 'ns', 'dc'], ['dc', 'iq', 'ns']]\n",
        folder.display()
    );
    fs::write(&file, text).unwrap();
    file
}

fn command(folder: &Path, root: &str, extra: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slimgate"));
    command.current_dir(folder).args(["study", "rows.toml", "--out-root", root]).args(extra);
    command.env("OMP_WAIT_POLICY", "PASSIVE").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn study(folder: &Path, root: &str, extra: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(folder, root, extra).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn lines(folder: &Path, root: &str) -> Vec<Entry> {
    let mut lines = journal::read(folder.join(root).join("rows/study/seed7/search.jsonl")).unwrap();
    lines.iter_mut().for_each(|line| line.seconds = 0.0);
    lines.sort_by(|a, b| a.key.cmp(&b.key));
    lines
}

/// Everything that does not depend on the clock or on the call.
fn timeless(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| key != "seconds" && key != "environment");
            map.values_mut().for_each(timeless);
        }
        Value::Array(values) => values.iter_mut().for_each(timeless),
        _ => {}
    }
}

#[test]
fn a_study_in_jobs_is_the_study_made_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_run(folder);
    let (code, stdout, stderr) = study(folder, "alone", &["--json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let mut alone: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((alone["searches"].as_array().unwrap().len(), &alone["grid"]["combinations"]), (2, &Value::from(4)));
    for file in ["study.json", "study.md", "orders.svg", "grid.svg"] {
        assert!(folder.join("alone/rows/study").join(file).exists(), "no {file}");
    }
    let before = fs::read(folder.join("alone/rows/study/seed7/search.jsonl")).unwrap();
    assert_eq!(study(folder, "alone", &[]).0, Some(0));
    assert_eq!(fs::read(folder.join("alone/rows/study/seed7/search.jsonl")).unwrap(), before, "nothing is repeated");

    in_jobs(folder);
    let (code, stdout, stderr) = study(folder, "shared", &["--json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let mut shared: Value = serde_json::from_str(&stdout).unwrap();
    timeless(&mut alone);
    timeless(&mut shared);
    assert_eq!(shared, alone);
    assert_eq!(lines(folder, "shared"), lines(folder, "alone"));
    assert!(!folder.join("shared/rows/study/seed7/jobs").exists());
}

/// Level by level: one job by its key, one killed, the rest in two shares at once.
fn in_jobs(folder: &Path) {
    let (_, stdout, stderr) = study(folder, "shared", &["--jobs"]);
    let (key, what) = stdout.trim().split_once(' ').expect(&stderr);
    assert_eq!(what, "seed 7: the baseline");
    let (code, _, stderr) = study(folder, "shared", &["--job", key]);
    assert_eq!(code, Some(0), "{stderr}");
    let (code, _, stderr) = study(folder, "shared", &["--job", key]);
    assert_eq!(code, Some(2), "it is finished: {stderr}");
    assert!(stderr.contains("--jobs"), "{stderr}");

    let mut killed = command(folder, "shared", &["--job-index", "0", "--of", "1"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(400));
    killed.kill().unwrap();
    killed.wait().unwrap();
    for level in 0.. {
        let (_, stdout, stderr) = study(folder, "shared", &["--jobs", "--json"]);
        let jobs: Value = serde_json::from_str(&stdout).expect(&stderr);
        if jobs["ready"].as_array().unwrap().is_empty() {
            break;
        }
        assert!(level < jobs["levels"].as_u64().unwrap(), "{stdout}");
        let shares = ["0", "1"].map(|i| command(folder, "shared", &["--job-index", i, "--of", "2"]).spawn().unwrap());
        for share in shares {
            let output = share.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn a_wrong_section_or_share_is_a_wrong_input_and_a_new_seed_voids_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = write_run(folder);
    let (code, _, stderr) = study(folder, "runs", &["--job-index", "2", "--of", "2"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--job-index") && stderr.contains("0 to 1"), "{stderr}");

    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("seeds = [7]", "seeds = [7, 8]")).unwrap();
    let (code, stdout, stderr) = study(folder, "runs", &["--jobs"]);
    assert_eq!((code, stdout.lines().count()), (Some(0), 2), "a baseline a seed: {stdout}{stderr}");

    fs::write(&file, text.replace("seeds = [7]", "seed = [7]")).unwrap();
    let (code, _, stderr) = study(folder, "runs", &["--jobs"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("study") && stderr.contains("seed"), "{stderr}");
}

//! `slimgate run`, killed with SIGKILL at random moments and run again, on a small generated data set.
#![cfg(all(feature = "train", unix))]

mod idx;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use idx::write_part;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::run::steps;
use slimgate::search::journal::{self, Entry};

const SIDE: usize = 12;
const CLASSES: usize = 4;

/// Bright squares in one of four corners, on noise: easy, but not trivial for three bits.
fn write_data(folder: &Path) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for (name, count) in [("train", 900), ("t10k", 100)] {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for i in 0..count {
            let class = i % CLASSES;
            labels.push(class as u8);
            let (top, left) = (6 * (class / 2) + rng.random_range(0..3), 6 * (class % 2) + rng.random_range(0..3));
            for y in 0..SIDE {
                for x in 0..SIDE {
                    let inside = (top..top + 4).contains(&y) && (left..left + 4).contains(&x);
                    pixels.push(rng.random_range(0..160) + if inside { 80 } else { 0 });
                }
            }
        }
        write_part(folder, name, SIDE as u32, &pixels, &labels);
    }
}

fn write_config(folder: &Path) -> PathBuf {
    let file = folder.join("tiny.toml");
    let tune = "fine_tune = { epochs = 1, learning_rate = 2e-3 }";
    let text = format!(
        "name = 'tiny'\n[data]\ndir = '{}'\nvalidation = 200\n\
         [network]\nfamily = 'small'\nwidth = 0.25\n\
         [train]\nepochs = 4\nbatch = 32\nthreads = 1\n\
         [search]\ntarget = {{ drop = 0.05 }}\n\
         iq = {{ ladder = [[8, 8], [4, 4], [3, 3], [2, 2]], {tune} }}\n\
         ns = {{ ladder = [0.2, 0.4, 0.6], sparsity = {{ epochs = 2, learning_rate = 2e-3 }}, {tune} }}\n\
         dc = {{ ladder = [0.5, 0.7, 0.8, 0.9, 0.95], {tune} }}\n\
         polish = {{ epochs = 3, learning_rate = 2e-3 }}\n",
        folder.display()
    );
    fs::write(&file, text).unwrap();
    file
}

fn start(config: &Path, root: &Path, extra: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slimgate"));
    command.arg("run").arg(config).arg("--out-root").arg(root).args(extra);
    command.env("OMP_WAIT_POLICY", "PASSIVE").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn finish(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn journal_of(root: &Path) -> Vec<Entry> {
    journal::read(root.join("tiny/search.jsonl")).unwrap_or_default()
}

#[test]
fn a_run_killed_at_random_moments_ends_as_an_undisturbed_one() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path());
    let config = write_config(folder.path());

    let quiet = folder.path().join("quiet");
    let began = Instant::now();
    let (code, stdout, stderr) = finish(start(&config, &quiet, &[]));
    // Without the simulator's build, which the other run finds done.
    let simulation = steps::seconds(&quiet.join("tiny"), "sim").unwrap();
    let whole = began.elapsed().saturating_sub(Duration::from_secs_f64(simulation));
    assert_eq!(code, Some(0), "{stdout}{stderr}");

    let seed = rand::random();
    println!("seed {seed}; undisturbed {whole:?}\n{stdout}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let disturbed = folder.path().join("disturbed");
    let (mut seconds, mut kills) = (Vec::<(String, f64)>::new(), 0);
    // Long enough each time that loading the program does not eat all of it.
    let mut pause = || Duration::from_secs_f64(whole.as_secs_f64() * rng.random_range(0.1..0.4));
    loop {
        let mut child = start(&config, &disturbed, &[]);
        if kills < 6 {
            std::thread::sleep(pause());
        }
        if kills == 6 || child.try_wait().unwrap().is_some() {
            let (code, stdout, stderr) = finish(child);
            assert_eq!(code, Some(0), "after {kills} kills: {stdout}{stderr}");
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        // A finished candidate keeps its line, seconds included: had it been repeated, they would differ.
        let now: Vec<(String, f64)> = journal_of(&disturbed).into_iter().map(|e| (e.key, e.seconds)).collect();
        assert_eq!(now[..seconds.len()], seconds[..]);
        seconds = now;
    }
    assert!(kills >= 2, "only {kills} kills hit a run that takes {whole:?}");

    let (a, b) = (journal_of(&quiet), journal_of(&disturbed));
    let keys: HashSet<&String> = b.iter().map(|e| &e.key).collect();
    assert_eq!(keys.len(), b.len(), "a candidate was repeated");
    let without_time =
        |entries: Vec<Entry>| entries.into_iter().map(|e| Entry { seconds: 0.0, ..e }).collect::<Vec<_>>();
    assert_eq!(without_time(a), without_time(b.clone()));
    for file in ["baseline.safetensors", "search.json", "network.json", "network.safetensors", "accuracy.json"] {
        let [a, b] = [&quiet, &disturbed].map(|root| fs::read(root.join("tiny").join(file)).unwrap());
        assert!(a == b, "{file} differs after {kills} kills (seed {seed})");
    }

    // Again: nothing is left to do, and nothing is done.
    let (code, stdout, _) = finish(start(&config, &disturbed, &[]));
    assert_eq!(code, Some(0));
    for step in ["train", "search", "lower", "eval", "rtl", "sim", "report"] {
        assert!(stdout.contains(&format!("{step}: already done")), "{stdout}");
    }
    assert_eq!(journal_of(&disturbed), b);
    refuses_another_configuration(&config, &disturbed);
}

fn refuses_another_configuration(config: &Path, root: &Path) {
    let text = fs::read_to_string(config).unwrap();
    fs::write(config, text.replace("drop = 0.05", "drop = 0.06")).unwrap();
    let (code, _, stderr) = finish(start(config, root, &[]));
    assert_eq!(code, Some(2), "{stderr}");
    for part in ["config.toml", "search.target.drop", "0.05", "0.06", "--fresh"] {
        assert!(stderr.contains(part), "no {part} in: {stderr}");
    }
    assert!(root.join("tiny/network.json").exists(), "a refused run is left as it was");
}

//! Runs the built testbench: the image list in chunks, a process a core, one result.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, Output, Stdio};

use anyhow::{Context, bail};
use rayon::prelude::*;
use serde::Deserialize;

use super::harness;
use super::manifest::Manifest;
use super::report::{Deadlock, Mismatch, ProtocolError};
use super::vectors::Vectors;
use super::{Options, Simulator, Wave};
use crate::error::InputError;

/// What one testbench process printed: see `testbench/result.h`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Outcome {
    /// Images whose scores were expected, over all passes.
    pub images: u64,
    /// Those that did not come out right.
    pub mismatches: u64,
    /// Output beats with a wrong score, tlast or tuser, or too many.
    pub wrong_beats: u64,
    /// Broken AXI4-Stream rules.
    pub protocol_errors: u64,
    /// First pixel accepted to last score taken, one image in an idle design; -1 where not measured.
    pub latency_cycles: i64,
    /// First tlast to last tlast without stalls ...
    pub interval_cycles: u64,
    /// ... and the image intervals in it.
    pub interval_images: u64,
    /// Cycles simulated.
    pub cycles: u64,
    /// Seconds that took, over all processes (Verilator only).
    #[serde(default)]
    pub seconds: f64,
    /// The first differences.
    #[serde(default)]
    pub listed: Vec<Mismatch>,
    /// The first broken rules.
    #[serde(default)]
    pub listed_protocol: Vec<ProtocolError>,
    /// Where no beat moved any more.
    #[serde(default)]
    pub deadlock: Option<Deadlock>,
    /// Icarus: a deadlock happened; its place is in [`Outcome::messages`].
    #[serde(default)]
    pub deadlocked: u8,
    /// Lines the testbench printed for people (Icarus).
    #[serde(skip)]
    pub messages: Vec<String>,
}

impl Outcome {
    /// Nothing was wrong.
    pub fn passed(&self) -> bool {
        let counts = self.mismatches + self.wrong_beats + self.protocol_errors + u64::from(self.deadlocked);
        counts == 0 && self.deadlock.is_none()
    }

    /// Adds another process's findings; the first differences stay first.
    fn merge(mut self, other: Self) -> Self {
        self.images += other.images;
        self.mismatches += other.mismatches;
        self.wrong_beats += other.wrong_beats;
        self.protocol_errors += other.protocol_errors;
        self.latency_cycles = self.latency_cycles.max(other.latency_cycles);
        self.interval_cycles += other.interval_cycles;
        self.interval_images += other.interval_images;
        self.cycles += other.cycles;
        self.seconds += other.seconds;
        self.listed.extend(other.listed);
        self.listed_protocol.extend(other.listed_protocol);
        self.deadlock = self.deadlock.or(other.deadlock);
        self.deadlocked |= other.deadlocked;
        self.messages.extend(other.messages);
        self
    }
}

/// One testbench process: which images, and whether it also measures and tests robustness.
#[derive(Debug, Clone, Copy)]
pub struct Job {
    /// First image of the vector file.
    pub first: usize,
    /// Images from there on.
    pub count: usize,
    /// Leave out the measurements.
    pub main_only: bool,
    /// Also reset in mid-image and place tlast wrongly.
    pub robustness: bool,
}

/// Simulates the design in `dir` on all of `vectors`; `done(images)` is called as they finish.
///
/// # Errors
/// When the simulation cannot be built or run. A difference is no error here: see [`Outcome::passed`].
pub fn simulate(
    dir: &Path,
    manifest: &Manifest,
    vectors: &Vectors,
    options: &Options,
    done: impl Fn(usize) + Sync,
) -> anyhow::Result<Outcome> {
    let file = write_vectors(dir, vectors)?;
    let binary = harness::build(dir, &file, options, false)?;
    let jobs = jobs(vectors.images(), options);
    let outcomes: Vec<Outcome> = jobs
        .into_par_iter()
        .map(|job| {
            let outcome = run(dir, &binary, &file, manifest, options, job)?;
            done(job.count);
            Ok(outcome)
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(outcomes.into_iter().reduce(Outcome::merge).unwrap_or_default())
}

/// Equal chunks, whatever the number of cores; the first one also measures. A waveform needs one process.
fn jobs(images: usize, options: &Options) -> Vec<Job> {
    let chunk = match (options.simulator, options.wave) {
        (_, Some(_)) => images,
        (Simulator::Verilator, None) => images.div_ceil(64).max(64),
        (Simulator::Icarus, None) => 4,
    };
    (0..images)
        .step_by(chunk.max(1))
        .map(|first| {
            let main_only = options.brief || first > 0;
            let count = chunk.min(images - first);
            Job { first, count, main_only, robustness: options.robustness && !main_only }
        })
        .collect()
}

/// Writes `dir/sim/vectors.bin` aside and renames it, so that a simulation that still reads the old one is not hurt.
pub fn write_vectors(dir: &Path, vectors: &Vectors) -> anyhow::Result<PathBuf> {
    let folder = dir.join("sim");
    let expected = "a design folder that can be written (vectors and waveforms go into its sim/)";
    fs::create_dir_all(&folder).map_err(|err| InputError::io(&folder, &err, expected))?;
    let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(|err| InputError::io(&folder, &err, expected))?;
    let mut writer = std::io::BufWriter::new(&mut file);
    vectors
        .write(&mut writer)
        .and_then(|()| writer.flush())
        .with_context(|| format!("cannot write in {}", folder.display()))?;
    drop(writer);
    let path = folder.join("vectors.bin");
    file.persist(&path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Runs one process in the design's folder, where its memories are found.
///
/// # Errors
/// When it cannot be started or prints no result. A difference is no error: see [`Outcome::passed`].
pub fn run(
    dir: &Path,
    binary: &Path,
    vectors: &Path,
    manifest: &Manifest,
    options: &Options,
    job: Job,
) -> anyhow::Result<Outcome> {
    let trace =
        options.wave.map(|wave| Ok::<_, anyhow::Error>(wave_file(&harness::absolute(dir)?, wave))).transpose()?;
    let mut command = command(binary, vectors, manifest, options, job, trace.as_deref())?;
    let output = command.current_dir(dir).output().with_context(|| format!("cannot start {}", binary.display()))?;
    outcome(&output).with_context(|| String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// Like [`run`] with a VCD waveform, which goes through a pipe to `read` while it is written and never lies on a disk.
///
/// # Errors
/// As [`run`], and as `read` gives them.
pub fn stream<T>(
    dir: &Path,
    binary: &Path,
    vectors: &Path,
    manifest: &Manifest,
    options: &Options,
    job: Job,
    read: impl FnOnce(&mut BufReader<ChildStderr>) -> anyhow::Result<T>,
) -> anyhow::Result<(Outcome, T)> {
    let options = Options { wave: Some(Wave::Vcd), ..options.clone() };
    // Standard error is the pipe: a simulator writes there only when it fails. Icarus wants a name that ends in .vcd.
    let folder = tempfile::tempdir()?;
    let pipe = folder.path().join("wave.vcd");
    std::os::unix::fs::symlink("/dev/stderr", &pipe)?;
    let mut command = command(binary, vectors, manifest, &options, job, Some(&pipe))?;
    command.current_dir(dir).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {}", binary.display()))?;
    let mut waveform = BufReader::with_capacity(1 << 20, child.stderr.take().context("no standard error")?);
    if waveform.fill_buf()?.first() != Some(&b'$') {
        let mut message = String::new();
        waveform.read_to_string(&mut message)?;
        child.wait()?;
        bail!("the simulation of {} gives no waveform: {}", dir.display(), message.trim());
    }
    let seen = read(&mut waveform);
    // What is left unread would hold the simulator up for ever.
    io::copy(&mut waveform, &mut io::sink())?;
    let outcome = outcome(&child.wait_with_output()?)?;
    Ok((outcome, seen.with_context(|| format!("the waveform of {}", dir.display()))?))
}

/// One testbench process, to be started in the design's folder.
fn command(
    binary: &Path,
    vectors: &Path,
    manifest: &Manifest,
    options: &Options,
    job: Job,
    trace: Option<&Path>,
) -> anyhow::Result<Command> {
    // A deep pipeline is silent for about its latency; what stays silent much longer hangs.
    let timeout = options.timeout.unwrap_or(100_000 + 40 * manifest.cycles_per_image);
    let mut values = vec![
        ("vectors", harness::absolute(vectors)?.display().to_string()),
        ("stall", options.stall.to_string()),
        // Every chunk its own stalls.
        ("seed", options.seed.wrapping_add(job.first as u64).to_string()),
        ("timeout", timeout.to_string()),
        ("first", job.first.to_string()),
        ("count", job.count.to_string()),
    ];
    values.extend(trace.map(|file| ("trace", file.display().to_string())));
    values.extend(options.select.map(|select| ("sel", select.to_string())));
    let flags = [(job.main_only, "main"), (job.robustness, "reset"), (job.robustness, "tlast")];
    let flags = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name);
    Ok(match options.simulator {
        Simulator::Verilator => {
            let mut command = Command::new(binary);
            command.args(values.iter().flat_map(|(name, value)| [format!("--{name}"), value.clone()]));
            command
                .args(flags.map(|name| if name == "main" { "--main-only".into() } else { format!("--{name}-test") }));
            command
        }
        Simulator::Icarus => {
            let mut command = Command::new("vvp");
            command.arg("-n").arg(binary).arg(if options.wave == Some(Wave::Fst) { "-fst" } else { "-vcd" });
            command.args(values.iter().map(|(name, value)| format!("+{name}={value}")));
            command.args(flags.map(|name| if name == "main" { "+main_only".into() } else { format!("+{name}_test") }));
            command
        }
    })
}

fn outcome(output: &Output) -> anyhow::Result<Outcome> {
    parse(&String::from_utf8_lossy(&output.stdout))
        .with_context(|| format!("the testbench ended with {}", output.status))
}

/// Where the waveform goes.
pub fn wave_file(dir: &Path, wave: Wave) -> PathBuf {
    dir.join("sim").join(match wave {
        Wave::Fst => "wave.fst",
        Wave::Vcd => "wave.vcd",
    })
}

/// The one JSON line among what the testbench printed, and its messages.
fn parse(stdout: &str) -> anyhow::Result<Outcome> {
    let Some(json) = stdout.lines().find(|line| line.starts_with('{')) else {
        bail!("it printed no result:\n{}", stdout.trim_end());
    };
    let mut outcome: Outcome = serde_json::from_str(json)?;
    outcome.messages = stdout.lines().filter_map(|line| line.strip_prefix("tb: ")).map(str::to_owned).collect();
    Ok(outcome)
}

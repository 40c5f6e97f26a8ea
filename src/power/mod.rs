//! Power: what a design's activity on real images costs in a technology. Estimates, and called so.
//!
//! [`activity`] counts toggles in a simulation, [`parts`] sorts them by layer and kind, [`technology`] gives them energies,
//! [`library`] reads a standard-cell library, and [`gates`] checks the estimate against the design made of its cells.

pub mod activity;
pub mod gates;
pub mod library;
pub mod parts;
pub mod technology;

use std::fs;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use self::activity::Activity;
use crate::sim::manifest::Manifest;
use crate::sim::run::{self, Job};
use crate::sim::vectors::Vectors;
use crate::sim::{Options, Simulator, Wave, harness};

/// Simulates the design in `dir` on `vectors`, back to back, and counts what moved. Bit-exactness is checked on the way.
///
/// # Errors
/// A simulation that cannot be built, or whose scores are wrong.
pub fn measure(dir: &Path, manifest: &Manifest, vectors: &Vectors, simulator: Simulator) -> Result<Activity> {
    let options = Options { simulator, wave: Some(Wave::Vcd), optimize: 0, robustness: false, ..Options::default() };
    let file = run::write_vectors(dir, vectors)?;
    let binary = harness::build(dir, &file, &options, false)?;
    let job = Job { first: 0, count: vectors.images(), main_only: true, robustness: false };
    let outcome = run::run(dir, &binary, &file, manifest, &options, job)?;
    ensure!(outcome.passed(), "{}: the hardware is not what the network says: {outcome:?}", dir.display());
    let wave = run::wave_file(dir, Wave::Vcd);
    let waveform = fs::File::open(&wave).with_context(|| wave.display().to_string())?;
    let activity = activity::read(BufReader::with_capacity(1 << 20, waveform))?;
    // Megabytes an image.
    fs::remove_file(&wave)?;
    Ok(activity)
}

//! Power: what a design's activity on real images costs in a technology. Estimates, and called so.
//!
//! [`activity`] counts toggles in a simulation, [`parts`] sorts them by layer and kind, [`model`] says what they amount to
//! in a mapped design, [`technology`] gives energies ([`library`] reads a standard-cell library), and [`estimate`] is what
//! comes out: `power.json`. [`gates`] checks an estimate against the design made of a library's cells. `docs/power.md`
//! has the model, its sources and how far it may be off.

pub mod activity;
pub mod estimate;
pub mod gates;
pub mod library;
pub mod model;
pub mod parts;
pub mod technology;

use std::path::Path;

use anyhow::{Context, Result, ensure};

use self::activity::Activity;
use crate::sim::manifest::Manifest;
use crate::sim::run::{self, Job};
use crate::sim::vectors::Vectors;
use crate::sim::{Options, Simulator, Wave, harness};

/// A simulation's activity.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Every net and how often it changed.
    pub activity: Activity,
    /// Images that went through, back to back.
    pub images: usize,
    /// Cycles between them.
    pub cycles_per_image: f64,
}

/// Simulates the design in `dir` on `vectors` (two images at least), back to back, and counts what moved. Bit-exactness is
/// checked on the way. `build_dir` is where the simulator is built, by default `sim/build/NAME`.
///
/// # Errors
/// A simulation that cannot be built, or whose scores are wrong.
pub fn measure(
    dir: &Path,
    manifest: &Manifest,
    vectors: &Vectors,
    simulator: Simulator,
    build_dir: Option<&Path>,
) -> Result<Measured> {
    let build_dir = build_dir.map(Path::to_path_buf);
    let wave = Some(Wave::Vcd);
    // Few images: the build takes longer than the run.
    let options = Options { simulator, wave, optimize: 0, robustness: false, build_dir, ..Options::default() };
    let file = run::write_vectors(dir, vectors)?;
    let binary = harness::build(dir, &file, &options, false)?;
    let job = Job { first: 0, count: vectors.images(), main_only: true, robustness: false };
    let (outcome, activity) = run::stream(dir, &binary, &file, manifest, &options, job, |wave| activity::read(wave))?;
    ensure!(outcome.passed(), "{}: the hardware is not what the network says: {outcome:?}", dir.display());
    let intervals = Some(outcome.interval_images).filter(|n| *n > 0).context("the pace takes two images at least")?;
    let cycles_per_image = outcome.interval_cycles as f64 / intervals as f64;
    Ok(Measured { activity, images: vectors.images(), cycles_per_image })
}

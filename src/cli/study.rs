//! `slimgate study`: the orders of the stages and the brute-force grid, on one network.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Output;
use super::search::Opening;
use crate::error::InputError;
use crate::run::folder::Access;
use crate::study::jobs::Job;
use crate::study::text;

/// Compare the orders of the stages with several seeds, and the margin search with brute force.
///
/// Reads a run file (TOML) and its section [study]. Fills runs/<name>/study/: a folder a seed with its baseline, search.jsonl
/// and checkpoints; study.json, study.md, orders.svg, grid.svg. Killed at any moment, the same command goes on. --jobs,
/// --job and --job-index share the work among programs and machines; the command without them puts it together.
/// docs/study.md says what is counted.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  slimgate study examples/study.toml\n  \
                        slimgate study examples/study.toml --job-index 0 --of 4   a quarter of what is ready")]
pub struct StudyArgs {
    #[command(flatten)]
    opening: Opening,

    /// List the jobs that are ready: key, and what it makes.
    #[arg(long, conflicts_with = "fresh")]
    jobs: bool,

    /// Make one job that is ready.
    #[arg(long, value_name = "KEY", conflicts_with_all = ["jobs", "fresh"])]
    job: Option<String>,

    /// Make a share of the jobs that are ready: number I of N, counted from 0.
    #[arg(long, value_name = "I", requires = "of", conflicts_with_all = ["jobs", "job", "fresh"])]
    job_index: Option<u64>,

    /// Number of shares.
    #[arg(long, value_name = "N", requires = "job_index", value_parser = clap::value_parser!(u64).range(1..))]
    of: Option<u64>,
}

/// What `--jobs --json` prints.
#[derive(Debug, Serialize)]
struct Jobs {
    /// The study's folder.
    folder: PathBuf,
    /// Most levels of jobs that wait for one another.
    levels: usize,
    ready: Vec<Job>,
}

/// What a share prints under `--json`.
#[derive(Debug, Serialize)]
struct Made {
    made: usize,
}

/// Runs the study, lists its jobs, or makes some of them.
pub fn run(args: &StudyArgs, out: &Output) -> anyhow::Result<()> {
    if args.jobs {
        return list(args, out);
    }
    if let Some(key) = &args.job {
        return one(args, key, out);
    }
    if let (Some(index), Some(of)) = (args.job_index, args.of) {
        return share(args, index, of, out);
    }
    let run = args.opening.study(Access::Own, out)?;
    let study = run.run(|line| out.text(line))?;
    out.result(&study, || format!("{}\n{}", text::markdown(&study), run.path().display()))
}

fn list(args: &StudyArgs, out: &Output) -> anyhow::Result<()> {
    let run = args.opening.study(Access::Shared, out)?;
    let (ready, levels) = run.ready()?;
    let jobs = Jobs { folder: run.path(), levels, ready };
    let line = |job: &Job| format!("{} {}\n", job.key, job.what);
    if jobs.ready.is_empty() && !out.json {
        return Ok(()); // nothing is ready: no line
    }
    out.result(&jobs, || jobs.ready.iter().map(line).collect())
}

fn one(args: &StudyArgs, key: &str, out: &Output) -> anyhow::Result<()> {
    let made = args.opening.study(Access::Shared, out)?.make(|job| job.key == key, |what| out.text(what))?;
    if made == 0 {
        let expected = "a key that `slimgate study CONFIG --jobs` lists: finished ones and those that wait are not";
        return Err(InputError::new("--job", key, expected).into());
    }
    out.result(&Made { made }, || format!("{made} job made"))
}

fn share(args: &StudyArgs, index: u64, of: u64, out: &Output) -> anyhow::Result<()> {
    if index >= of {
        return Err(InputError::new("--job-index", index.to_string(), format!("0 to {}", of - 1)).into());
    }
    let run = args.opening.study(Access::Shared, out)?;
    let made = run.make(|job| job.falls_to(index, of), |what| out.text(what))?;
    out.result(&Made { made }, || format!("{made} jobs made"))
}

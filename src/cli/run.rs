//! `slimgate run`: the whole flow, step after step.

use clap::Args;

use super::Output;
use super::search::{Opening, summary};
use crate::run::session::Session;
use crate::run::steps::{self, Step};

/// Train, compress, lower and evaluate: everything from data to a finished network, resumable.
///
/// Reads a run file (TOML). Fills runs/<name>/: config.toml as resolved, search.jsonl, checkpoints, search.json,
/// network.json with network.safetensors, accuracy.json. Killed at any moment, the same command goes on where it stopped;
/// finished steps and candidates are not repeated.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate run examples/fashion.toml --threads 2")]
pub struct RunArgs {
    #[command(flatten)]
    opening: Opening,
}

/// The flow, in order. To add a step: a function here, and a line with the sections it reads and the files it leaves.
pub const STEPS: &[Step<Session>] = &[TRAIN, SEARCH, LOWER, EVAL];

/// The baseline's training.
pub const TRAIN: Step<Session> = Step {
    name: "train",
    sections: &["seed", "data", "network", "train"],
    outputs: &["baseline.safetensors"],
    work: Session::train,
};

const SEARCH: Step<Session> =
    Step { name: "search", sections: &["search"], outputs: &["search.json", "search.jsonl"], work: Session::search };

const LOWER: Step<Session> = Step {
    name: "lower",
    sections: &["name"],
    outputs: &["network.json", "network.safetensors"],
    work: Session::lower,
};

const EVAL: Step<Session> = Step { name: "eval", sections: &[], outputs: &["accuracy.json"], work: Session::eval };

/// Runs every step that is not finished, then prints a summary.
pub fn run(args: &RunArgs, out: &Output) -> anyhow::Result<()> {
    let mut session = args.opening.open(out)?;
    go(&mut session, STEPS, out)?;
    summary(&session, out)
}

/// The steps of `slimgate search`.
pub const SEARCH_STEPS: &[Step<Session>] = &[TRAIN, SEARCH];

/// Runs `steps`, telling a person what is done.
pub fn go(session: &mut Session, steps: &[Step<Session>], out: &Output) -> anyhow::Result<()> {
    let folder = session.folder.clone();
    steps::run(&folder, steps, session, |name, done| {
        out.text(format!("{name}: {}", if done { "already done" } else { "working" }))
    })
}

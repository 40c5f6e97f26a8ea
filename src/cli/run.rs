//! `slimgate run`: the whole flow, step after step.

use clap::Args;

use super::Output;
use super::search::Opening;
use crate::report;
use crate::run::hardware::forget_lost_design;
use crate::run::record::{ENVIRONMENT, Environment, write_json};
use crate::run::session::Session;
use crate::run::steps::{self, Step};

/// Train, compress, lower, evaluate, generate Verilog, simulate, report: everything, resumable.
///
/// Reads a run file (TOML). Fills runs/<name>/: config.toml as resolved, search.jsonl, checkpoints, search.json,
/// network.json with network.safetensors, accuracy.json, rtl.json, sim.json, report.html, report.md, report.json; and, beside runs/,
/// rtl_out/<name>/ with the Verilog. Killed at any moment, the same command goes on where it stopped; finished steps
/// and candidates are not repeated. A changed section [hardware] or [sim] redoes what depends on it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate run examples/fashion.toml --threads 2")]
pub struct RunArgs {
    #[command(flatten)]
    opening: Opening,
}

/// The flow, in order. To add a step: a function here, and a line with the sections it reads and the files it leaves.
pub const STEPS: &[Step<Session>] = &[TRAIN, SEARCH, LOWER, EVAL, RTL, SIM, REPORT];

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
    outputs: &["network.json", "network.safetensors", "ablation/variants.json"],
    work: Session::lower,
};

const EVAL: Step<Session> = Step { name: "eval", sections: &[], outputs: &["accuracy.json"], work: Session::eval };

const RTL: Step<Session> = Step { name: "rtl", sections: &["hardware"], outputs: &["rtl.json"], work: Session::rtl };

const SIM: Step<Session> = Step { name: "sim", sections: &["sim"], outputs: &["sim.json"], work: Session::sim };

const REPORT: Step<Session> = Step {
    name: "report",
    sections: &[],
    outputs: &["report.json", "report.md", "report.html"],
    work: Session::report,
};

/// Runs every step that is not finished, then prints the report's summary; a target that was missed is a failure.
pub fn run(args: &RunArgs, out: &Output) -> anyhow::Result<()> {
    let mut session = args.opening.open(out)?;
    forget_lost_design(session.folder.path(), &session.design())?;
    go(&mut session, STEPS, out)?;
    let report = report::build(session.folder.path())?;
    out.result(&report, || report::summary(&report, session.folder.path()))?;
    session.outcome()?.check_met()
}

/// The steps of `slimgate search`.
pub const SEARCH_STEPS: &[Step<Session>] = &[TRAIN, SEARCH];

/// Runs `steps`, telling a person what is done.
pub fn go(session: &mut Session, steps: &[Step<Session>], out: &Output) -> anyhow::Result<()> {
    let folder = session.folder.clone();
    steps::run(&folder, steps, session, |name, done| {
        if !done {
            write_json(&folder.join(ENVIRONMENT), &Environment::here())?;
        }
        out.text(format!("{name}: {}", if done { "already done" } else { "working" }))
    })
}

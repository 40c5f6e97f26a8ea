//! The command line: one file a command, each with `XArgs` and `run(&XArgs, &Output) -> anyhow::Result<()>`.
//!
//! To add a command, write `src/cli/x.rs`, declare the module, add a variant to [`Command`] and a line to
//! [`dispatch`]. Commands that need libtorch stand behind the feature `train`; a build without it keeps their names
//! and says how to get them ([`no_training`]).

mod ablate;
mod check;
mod compare;
mod data;
mod eval;
#[cfg(feature = "train")]
mod lower;
#[cfg(not(feature = "train"))]
mod no_training;
mod output;
pub mod plan;
pub mod power;
mod report;
pub mod rtl;
#[cfg(feature = "train")]
mod run;
#[cfg(feature = "train")]
mod search;
pub mod sim;
mod stimulus;
#[cfg(feature = "train")]
mod study;
pub mod synth;
#[cfg(feature = "train")]
mod train;

pub use output::Output;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{EXIT_WRONG_INPUT, exit_status};

/// From a CNN and a target accuracy to the smallest bit-exact streaming Verilog.
///
/// slimgate trains a convolutional network, compresses it by a margin search (integer quantization, network slimming,
/// deep compression), turns the result into plain Verilog, proves that Verilog bit-exact in simulation and reports
/// accuracy, sizes, cycles and resources.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true, after_long_help = AFTER_HELP)]
pub struct Cli {
    /// Print one JSON value on standard output instead of text (for scripts).
    #[arg(long, global = true)]
    pub json: bool,

    /// Log more: -v what is done, -vv details, -vvv everything (RUST_LOG, where set, decides instead).
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Start here:
  slimgate run examples/fashion.toml      everything, resumable: runs/fashion/ and rtl_out/fashion/
  slimgate help COMMAND                   what a command reads and writes, with an example

Exit status: 0 done, 1 the work failed (a mismatch, a target missed), 2 the input is wrong.";

/// The commands, in the order of the flow.
#[derive(Debug, Subcommand)]
pub enum Command {
    Check(check::CheckArgs),
    Data(data::DataArgs),
    #[cfg(feature = "train")]
    Run(run::RunArgs),
    #[cfg(feature = "train")]
    Train(train::TrainArgs),
    #[cfg(feature = "train")]
    Search(search::SearchArgs),
    #[cfg(feature = "train")]
    Study(study::StudyArgs),
    #[cfg(feature = "train")]
    Lower(lower::LowerArgs),
    /// Everything from data to report (needs a build with training).
    #[cfg(not(feature = "train"))]
    Run(no_training::NoTraining),
    /// Train the float baseline (needs a build with training).
    #[cfg(not(feature = "train"))]
    Train(no_training::NoTraining),
    /// Compress by margin search (needs a build with training).
    #[cfg(not(feature = "train"))]
    Search(no_training::NoTraining),
    /// Compare orders and brute force (needs a build with training).
    #[cfg(not(feature = "train"))]
    Study(no_training::NoTraining),
    /// Turn a run into an integer network (needs a build with training).
    #[cfg(not(feature = "train"))]
    Lower(no_training::NoTraining),
    Eval(eval::EvalArgs),
    Plan(plan::PlanArgs),
    Rtl(rtl::RtlArgs),
    Sim(sim::SimArgs),
    Synth(synth::SynthArgs),
    Power(power::PowerArgs),
    Report(report::ReportArgs),
    Compare(compare::CompareArgs),
    Ablate(ablate::AblateArgs),
}

fn dispatch(command: &Command, out: &Output) -> anyhow::Result<()> {
    match command {
        Command::Check(args) => check::run(args, out),
        Command::Data(args) => data::run(args, out),
        #[cfg(feature = "train")]
        Command::Run(args) => run::run(args, out),
        #[cfg(feature = "train")]
        Command::Train(args) => train::run(args, out),
        #[cfg(feature = "train")]
        Command::Search(args) => search::run(args, out),
        #[cfg(feature = "train")]
        Command::Study(args) => study::run(args, out),
        #[cfg(feature = "train")]
        Command::Lower(args) => lower::run(args, out),
        #[cfg(not(feature = "train"))]
        Command::Run(_) | Command::Train(_) | Command::Search(_) | Command::Study(_) | Command::Lower(_) => {
            no_training::run()
        }
        Command::Eval(args) => eval::run(args, out),
        Command::Plan(args) => plan::run(args, out),
        Command::Rtl(args) => rtl::run(args, out),
        Command::Sim(args) => sim::run(args, out),
        Command::Synth(args) => synth::run(args, out),
        Command::Power(args) => power::run(args, out),
        Command::Report(args) => report::run(args, out),
        Command::Compare(args) => compare::run(args, out),
        Command::Ablate(args) => ablate::run(args, out),
    }
}

/// Parses the arguments, runs the command, prints an error once and gives its exit status.
pub fn main() -> ExitCode {
    install_panic_message();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(err) => return usage(&err),
    };
    init_logging(cli.verbose);
    match dispatch(&cli.command, &Output { json: cli.json }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln_lossy(&format!("error: {err:#}"));
            ExitCode::from(exit_status(&err))
        }
    }
}

/// Prints help and version on standard output (status 0), a usage error on standard error (status 2).
fn usage(err: &clap::Error) -> ExitCode {
    // A closed pipe must not turn help into a panic.
    let _ = err.print();
    if err.use_stderr() { ExitCode::from(EXIT_WRONG_INPUT) } else { ExitCode::SUCCESS }
}

/// Logs go to standard error, so that `--json` on standard output stays clean.
fn init_logging(verbose: u8) {
    use tracing_subscriber::EnvFilter;
    let level = ["warn", "warn,slimgate=info", "warn,slimgate=debug", "trace"][usize::from(verbose.min(3))];
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi);
    // A second call (tests in one process) keeps the first subscriber.
    let _ = builder.without_time().with_target(false).try_init();
}

/// A panic is a bug: say so in one line, without a backtrace unless `RUST_BACKTRACE` asks for one.
fn install_panic_message() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|v| v != "0") {
            default(info);
        } else {
            eprintln_lossy(&format!("error: internal fault, please report it: {info}"));
        }
    }));
}

/// `eprintln!` that does not panic when standard error is closed.
fn eprintln_lossy(message: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{message}");
}

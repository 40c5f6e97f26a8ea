//! The commands of the libtorch front end in a build that leaves it out.

use std::ffi::OsString;

use clap::Args;

use crate::error::InputError;

/// Takes whatever the real command would take.
#[derive(Debug, Args)]
pub struct NoTraining {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _ignored: Vec<OsString>,
}

/// Says why the command is missing and how to get it.
pub fn run() -> anyhow::Result<()> {
    Err(InputError::new(
        "this build",
        "no training (it was built with --no-default-features)",
        "a build with libtorch: `make setup`, then `cargo build` (the feature `train` is on by default)",
    )
    .into())
}

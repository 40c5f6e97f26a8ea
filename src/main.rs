//! The `slimgate` binary: everything is in the library's [`slimgate::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    slimgate::cli::main()
}

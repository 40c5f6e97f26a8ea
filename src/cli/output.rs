//! What a command prints on standard output: text for people, one JSON value for machines.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use serde::Serialize;

/// How to print.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// `--json` was given: only [`Output::result`] prints.
    pub json: bool,
}

impl Output {
    /// The command's result: `value` as JSON under `--json`, else the lines of `text`.
    ///
    /// # Errors
    /// When standard output cannot be written (a reader that went away is no error).
    pub fn result<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json { write_line(&serde_json::to_string_pretty(value)?) } else { write_line(&text()) }
    }

    /// One line for people; nothing under `--json`.
    ///
    /// # Errors
    /// As [`Output::result`].
    pub fn text(&self, line: impl Display) -> anyhow::Result<()> {
        if self.json { Ok(()) } else { write_line(&line.to_string()) }
    }

    /// Whether to draw progress bars (they go to standard error): only for a person who watches.
    pub fn shows_progress(&self) -> bool {
        !self.json && io::stderr().is_terminal()
    }
}

/// Writes a line. A closed pipe (`slimgate … | head`) does not stop the work: the rest is dropped.
fn write_line(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{newline}").and_then(|()| stdout.flush()) {
        Err(err) if err.kind() != io::ErrorKind::BrokenPipe => Err(err).context("cannot write to standard output"),
        _ => Ok(()),
    }
}

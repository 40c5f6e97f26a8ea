//! What can go wrong, and the exit status it means.
//!
//! A wrong input ([`InputError`]) names the file, the place, what was found and what was expected, and ends the
//! program with status 2. Everything else that stops a command is work that failed: status 1.

use std::fmt;
use std::path::{Path, PathBuf};

/// Exit status of a command whose work failed (a mismatch, a target missed).
pub const EXIT_FAILED: u8 = 1;
/// Exit status of a command whose input is wrong.
pub const EXIT_WRONG_INPUT: u8 = 2;

/// A wrong input: one message a person can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    /// File or folder at fault, where there is one.
    pub file: Option<PathBuf>,
    /// Place in it: a key, a node, a byte offset, a command-line flag. May be empty.
    pub place: String,
    /// What stands there.
    pub found: String,
    /// What should stand there, or what to do.
    pub expected: String,
}

impl InputError {
    /// A wrong input at `place`, not (yet) tied to a file.
    pub fn new(place: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { file: None, place: place.into(), found: found.into(), expected: expected.into() }
    }

    /// A wrong input that is the file itself: missing, unreadable, truncated.
    pub fn file(file: impl AsRef<Path>, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new("", found, expected).in_file(file)
    }

    /// The same error, with the file named (the innermost file wins).
    pub fn in_file(mut self, file: impl AsRef<Path>) -> Self {
        self.file.get_or_insert_with(|| file.as_ref().to_path_buf());
        self
    }

    /// An error of the operating system on a file the user named.
    pub fn io(file: impl AsRef<Path>, err: &std::io::Error, expected: impl Into<String>) -> Self {
        Self::file(file, err.to_string(), expected)
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "found {}; expected {}", self.found, self.expected)
    }
}

impl std::error::Error for InputError {}

/// Several wrong inputs found in one pass, so that the first does not hide the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputErrors(pub Vec<InputError>);

impl InputErrors {
    /// `Ok` when nothing was collected.
    pub fn into_result(self) -> Result<(), InputErrors> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Ties every error that names no file yet to `file`.
    pub fn in_file(self, file: impl AsRef<Path>) -> Self {
        Self(self.0.into_iter().map(|e| e.in_file(&file)).collect())
    }
}

impl fmt::Display for InputErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, e) in self.0.iter().enumerate() {
            write!(f, "{}{e}", if i == 0 { "" } else { "\n       " })?;
        }
        Ok(())
    }
}

impl std::error::Error for InputErrors {}

/// The exit status that `err` means: 2 where a wrong input is anywhere in its chain, else 1.
pub fn exit_status(err: &anyhow::Error) -> u8 {
    let wrong_input = err.chain().any(|e| e.is::<InputError>() || e.is::<InputErrors>());
    if wrong_input { EXIT_WRONG_INPUT } else { EXIT_FAILED }
}

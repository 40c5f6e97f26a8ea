//! One program at a time works on a run, or several that share it.

use std::fs::{File, OpenOptions};
use std::path::Path;

use fs4::{FileExt, TryLockError};

use crate::error::InputError;

/// The locked file, in the run's folder.
pub const LOCK: &str = "lock";

/// How a program works on a run's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Alone.
    Own,
    /// Beside others that do the same: each writes files of its own.
    Shared,
}

/// Locks a run's folder until the returned file is closed, which also a kill does.
///
/// # Errors
/// An [`InputError`] where another program works on the run, or where the folder cannot be written.
pub fn lock(folder: &Path, access: Access) -> Result<File, InputError> {
    let path = folder.join(LOCK);
    let wrong = |e: &std::io::Error| InputError::io(&path, e, "a file that can be written and locked");
    let options = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = options.map_err(|e| wrong(&e))?;
    let locked = match access {
        Access::Own => FileExt::try_lock(&file),
        Access::Shared => FileExt::try_lock_shared(&file),
    };
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let expected = "one at a time: wait for it, or give this run another name";
            Err(InputError::file(folder, "another slimgate at work on this run", expected))
        }
        Err(TryLockError::Error(e)) => Err(wrong(&e)),
    }
}

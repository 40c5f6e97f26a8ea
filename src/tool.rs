//! Programs of others that slimgate calls: found on `PATH`, or refused with the package that holds them.

use std::path::PathBuf;

use crate::error::InputError;

/// Where `program` is.
///
/// # Errors
/// [`InputError`] naming the Debian/Ubuntu or PyPI `package` to install.
pub fn require(program: &str, package: &str) -> Result<PathBuf, InputError> {
    find(program).ok_or_else(|| {
        InputError::new(program, "no such program on PATH", format!("{package} installed (`make setup` does it)"))
    })
}

/// Where `program` is on `PATH`, if anywhere.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

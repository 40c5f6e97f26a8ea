//! Files that are either the old ones or the new ones, never half of each.

use std::io::Write;
use std::path::Path;

use crate::error::InputError;

/// Writes `bytes` beside `path`, then renames: a killed program leaves the last good file.
///
/// The folder must exist; one that cannot be written is an [`InputError`].
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), InputError> {
    let wrong = |err: &std::io::Error| InputError::io(path, err, "a folder that can be written");
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666)); // the umask takes away what it should
    let mut file = builder.tempfile_in(folder).map_err(|e| wrong(&e))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(|e| wrong(&e))?;
    file.persist(path).map_err(|e| wrong(&e.error))?;
    Ok(())
}

/// Makes `folder` and its parents, where missing; one that cannot be made is an [`InputError`].
pub fn create_folder(folder: &Path) -> Result<(), InputError> {
    std::fs::create_dir_all(folder).map_err(|e| InputError::io(folder, &e, "a folder that can be made"))
}

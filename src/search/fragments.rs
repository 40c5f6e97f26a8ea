//! Lines of the journal as files of their own, so that several programs on one file system never append to one file.
//!
//! A job writes `<key>.json` (aside, then renamed) while it holds `<key>.lock`; [`merge`] takes the lines into the
//! journal once nobody else works in the folder.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::Path;

use anyhow::{Context, Result};
use fs4::FileExt;

use super::journal::{Entry, Journal, parse};
use crate::files::write_atomic;

/// Folder of the fragments, in the run's folder.
pub const JOBS: &str = "jobs";

const ENDING: &str = "json";

/// Waits until nobody else makes the key's network, then locks it until the returned file is closed.
///
/// # Errors
/// A folder that is not there, a file system without locks.
pub fn lock(folder: &Path, key: &str) -> Result<File> {
    let path = folder.join(key).with_extension("lock");
    let locked = || -> std::io::Result<File> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        FileExt::lock(&file)?;
        Ok(file)
    };
    locked().with_context(|| format!("locking {}", path.display()))
}

/// Writes one line, which ends with a newline.
pub(super) fn write(folder: &Path, key: &str, line: &[u8]) -> Result<()> {
    Ok(write_atomic(&folder.join(key).with_extension(ENDING), line)?)
}

/// The line of a key, where it is finished.
pub(super) fn read(folder: &Path, key: &str) -> Result<Option<Entry>> {
    let path = folder.join(key).with_extension(ENDING);
    if path.exists() { Ok(read_file(&path)?.pop()) } else { Ok(None) }
}

/// Every finished line, parents before what was made from them.
pub(super) fn read_all(folder: &Path) -> Result<Vec<Entry>> {
    let mut waiting = BTreeMap::new();
    for file in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            waiting.extend(read_file(&path)?.into_iter().map(|entry| (entry.key.clone(), entry)));
        }
    }
    let mut sorted = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = |entry: &Entry| !waiting.contains_key(&entry.parent);
        let keys: Vec<String> = waiting.values().filter(|entry| ready(entry)).map(|entry| entry.key.clone()).collect();
        anyhow::ensure!(!keys.is_empty(), "{}: networks made from one another in a circle", folder.display());
        sorted.extend(keys.iter().filter_map(|key| waiting.remove(key)));
    }
    Ok(sorted)
}

fn read_file(path: &Path) -> Result<Vec<Entry>> {
    parse(&std::fs::read(path).with_context(|| format!("reading {}", path.display()))?, path)
}

/// Appends every line in `folder` that the journal lacks, then removes the folder; nothing where there is none.
/// Nobody else may work in it.
///
/// # Errors
/// A line that cannot be read, a journal that cannot be written.
pub fn merge(folder: &Path, journal: &mut Journal) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in read_all(folder)? {
        if journal.get(&entry.key).is_none() {
            journal.append(entry)?;
        }
    }
    std::fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))
}

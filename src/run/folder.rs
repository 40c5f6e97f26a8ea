//! The folder of one run. It belongs to one resolved configuration, which it keeps as `config.toml`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use toml::{Table, Value};

pub use super::lock::Access;
use super::lock::{LOCK, lock};
use crate::config::RunConfig;
use crate::config::train::Device;
use crate::error::{InputError, InputErrors};
use crate::files::{create_folder, write_atomic};

/// The folder of one run.
#[derive(Debug, Clone)]
pub struct RunFolder {
    path: PathBuf,
    /// With the default device.
    config: Table,
    /// Nobody else works on the run as long as it is open.
    _lock: Arc<File>,
}

impl RunFolder {
    /// Opens `<root>/<name>`, or creates it. `config` is the resolved configuration.
    ///
    /// With `fresh`, what an earlier run left is removed first. Keys of the sections in `free` may differ from the
    /// earlier run's, since the steps that read them notice ([`super::steps`]). So may `train.device`: `config.toml`
    /// keeps the one that the run began on.
    ///
    /// # Errors
    /// [`InputErrors`] that name every other key in which the folder's `config.toml` differs; an [`InputError`] for a
    /// folder that cannot be written, that another program works on, or that holds something else than a run.
    pub fn open(root: &Path, name: &str, config: &Table, free: &[&str], fresh: bool) -> Result<Self> {
        let path = root.join(name);
        not_something_else(&path)?;
        create_folder(&path)?;
        let mut own = lock(&path, Access::Own)?;
        if fresh {
            remove(&path, &root.join(format!(".{name}.removed")))?;
            create_folder(&path)?;
            own = lock(&path, Access::Own)?;
        }
        Self::locked(path, own, config, free)
    }

    /// As [`RunFolder::open`], but others may have it open in the same way: each must write files of its own.
    ///
    /// # Errors
    /// Those of [`RunFolder::open`].
    pub fn share(root: &Path, name: &str, config: &Table, free: &[&str]) -> Result<Self> {
        let path = root.join(name);
        not_something_else(&path)?;
        create_folder(&path)?;
        let lock = lock(&path, Access::Shared)?;
        Self::locked(path, lock, config, free)
    }

    fn locked(path: PathBuf, lock: File, config: &Table, free: &[&str]) -> Result<Self> {
        let file = path.join("config.toml");
        let mut kept = config.clone();
        if file.exists() {
            let mut old = with_defaults(read_config(&file)?);
            if let (Some(first), Some(now)) = (device(&mut old), device(&mut kept)) {
                *now = first.clone();
            }
            same_config(&old, &kept, free).map_err(|e| e.in_file(&file))?;
        }
        write_atomic(&file, toml::to_string_pretty(&kept)?.as_bytes())?;
        Ok(Self { path, config: on_any_device(kept)?, _lock: Arc::new(lock) })
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// The configuration, with the default device whatever the run's is.
    pub fn config(&self) -> &Table {
        &self.config
    }
}

/// Removes a folder by way of `aside`, so that a kill in between leaves no half of a run under its name.
fn remove(path: &Path, aside: &Path) -> Result<(), InputError> {
    let wrong = |e: &std::io::Error| InputError::io(path, e, "a folder that can be removed");
    if aside.exists() {
        std::fs::remove_dir_all(aside).map_err(|e| wrong(&e))?;
    }
    std::fs::rename(path, aside).map_err(|e| wrong(&e))?;
    std::fs::remove_dir_all(aside).map_err(|e| wrong(&e))
}

/// A folder is a run's where it has a `config.toml`, or nothing but what a run begins with.
fn not_something_else(path: &Path) -> Result<(), InputError> {
    let is_run = || path.join("config.toml").exists();
    // Asked twice: another job may just have begun the run.
    if path.exists() && !is_run() && !is_empty(path)? && !is_run() {
        return Err(InputError::file(path, "no config.toml in it", "a run's folder, or none"));
    }
    Ok(())
}

/// Whether nothing is there but, at most, the lock of a run that was killed as it began, or the file of one that just
/// begins (see [`write_atomic`]).
fn is_empty(folder: &Path) -> Result<bool, InputError> {
    let entries = std::fs::read_dir(folder).map_err(|e| InputError::io(folder, &e, "a folder"))?;
    Ok(entries.flatten().all(|e| e.file_name() == LOCK || e.file_name().to_string_lossy().starts_with(".tmp")))
}

fn read_config(file: &Path) -> Result<Table> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    text.parse().map_err(|e: toml::de::Error| {
        InputError::file(file, e.message().to_string(), "the configuration of a run, or --fresh").into()
    })
}

/// A run's configuration with the keys that are newer than its folder, which have their defaults.
fn with_defaults(config: Table) -> Table {
    let complete = |config: RunConfig| config.to_toml().ok()?.parse().ok();
    config.clone().try_into().ok().and_then(complete).unwrap_or(config)
}

/// `train.device` of a run's configuration.
fn device(config: &mut Table) -> Option<&mut Value> {
    config.get_mut("train")?.get_mut("device")
}

/// A run's configuration with the default device: a run begun on a GPU may go on without one.
fn on_any_device(mut config: Table) -> Result<Table> {
    if let Some(device) = device(&mut config) {
        *device = Value::try_from(Device::default())?;
    }
    Ok(config)
}

/// Every key in which two configurations differ is an error, except in the sections `free`.
fn same_config(old: &Table, new: &Table, free: &[&str]) -> Result<(), InputErrors> {
    let mut faults = Vec::new();
    differences("", &Value::Table(old.clone()), &Value::Table(new.clone()), &mut faults);
    faults.retain(|f| !free.iter().any(|section| f.place.split('.').next() == Some(section)));
    InputErrors(faults).into_result()
}

fn differences(place: &str, old: &Value, new: &Value, faults: &mut Vec<InputError>) {
    if let (Value::Table(old), Value::Table(new)) = (old, new) {
        let keys: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            match (old.get(key), new.get(key)) {
                (Some(a), Some(b)) => differences(&place, a, b, faults),
                (a, b) => faults.push(difference(place, a, b)),
            }
        }
    } else if old != new {
        faults.push(difference(place.to_string(), Some(old), Some(new)));
    }
}

fn difference(place: String, old: Option<&Value>, new: Option<&Value>) -> InputError {
    let show = |v: Option<&Value>| v.map_or("nothing".to_string(), Value::to_string);
    let found = format!("{} in this unfinished or finished run, {} now", show(old), show(new));
    InputError::new(place, found, "the same configuration, another name, or --fresh to begin again")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::search::{Objective, SearchConfig};

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn a_run_is_created_reopened_and_begun_afresh() {
        let root = tempfile::tempdir().unwrap();
        let config = table("seed = 1\n[search]\ndrop = 0.1");
        let run = RunFolder::open(root.path(), "a", &config, &[], false).unwrap();
        std::fs::write(run.join("something"), "x").unwrap();
        drop(run);
        let again = RunFolder::open(root.path(), "a", &config, &[], false).unwrap();
        assert!(again.join("something").exists());
        drop(again);
        let other = table("seed = 2");
        let fresh = RunFolder::open(root.path(), "a", &other, &[], true).unwrap();
        assert!(!fresh.join("something").exists());
        assert_eq!(read_config(&fresh.join("config.toml")).unwrap(), other);
    }

    #[test]
    fn two_at_once_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let config = table("seed = 1");
        let first = RunFolder::open(root.path(), "a", &config, &[], false).unwrap();
        for fresh in [false, true] {
            let error = RunFolder::open(root.path(), "a", &config, &[], fresh).unwrap_err();
            assert!(error.downcast_ref::<InputError>().unwrap().found.contains("another slimgate"), "{error}");
            assert!(first.join("config.toml").exists());
        }
        drop(first);
        RunFolder::open(root.path(), "a", &config, &[], true).unwrap();
    }

    #[test]
    fn several_may_share_it_and_then_nobody_has_it_alone() {
        let root = tempfile::tempdir().unwrap();
        let config = table("seed = 1");
        let share = || RunFolder::share(root.path(), "a", &config, &[]);
        let jobs = [share().unwrap(), share().unwrap()];
        assert!(RunFolder::open(root.path(), "a", &config, &[], false).is_err());
        assert!(RunFolder::share(root.path(), "a", &table("seed = 2"), &[]).is_err());
        drop(jobs);
        let _own = RunFolder::open(root.path(), "a", &config, &[], false).unwrap();
        assert!(share().is_err());
    }

    #[test]
    fn a_changed_configuration_is_refused_key_by_key() {
        let root = tempfile::tempdir().unwrap();
        let old = table("seed = 1\n[search]\ndrop = 0.1\n[hardware]\nlanes = 4");
        RunFolder::open(root.path(), "a", &old, &[], false).unwrap();
        let new = table("[search]\ndrop = 0.2\nmore = true\n[hardware]\nlanes = 8");
        let error = RunFolder::open(root.path(), "a", &new, &["hardware"], false).unwrap_err();
        let faults = &error.downcast_ref::<InputErrors>().unwrap().0;
        let places: Vec<&str> = faults.iter().map(|f| f.place.as_str()).collect();
        assert_eq!(places, ["search.drop", "search.more", "seed"]);
        assert!(faults[0].to_string().contains("0.1 in this"), "{}", faults[0]);
        assert!(faults[0].to_string().contains("--fresh"));
        assert_eq!(crate::error::exit_status(&error), 2);
        assert_eq!(read_config(&root.path().join("a/config.toml")).unwrap(), old, "the run keeps its own");
    }

    #[test]
    fn a_free_section_may_change_and_is_rewritten() {
        let root = tempfile::tempdir().unwrap();
        RunFolder::open(root.path(), "a", &table("[hardware]\nlanes = 4"), &["hardware"], false).unwrap();
        let new = table("[hardware]\nlanes = 8");
        RunFolder::open(root.path(), "a", &new, &["hardware"], false).unwrap();
        assert_eq!(read_config(&root.path().join("a/config.toml")).unwrap(), new);
    }

    #[test]
    fn a_run_may_move_to_another_device() {
        let root = tempfile::tempdir().unwrap();
        let [gpu, cpu] = ["cuda", "cpu"].map(|device| table(&format!("[train]\nepochs = 4\ndevice = '{device}'")));
        let first = RunFolder::open(root.path(), "a", &gpu, &[], false).unwrap().config().clone();
        assert_eq!(read_config(&root.path().join("a/config.toml")).unwrap(), gpu);
        assert_eq!(RunFolder::open(root.path(), "a", &cpu, &[], false).unwrap().config(), &first);
        assert_eq!(read_config(&root.path().join("a/config.toml")).unwrap(), gpu, "where it began");
        assert!(RunFolder::open(root.path(), "a", &table("[train]\nepochs = 5\ndevice = 'cpu'"), &[], false).is_err());
    }

    #[test]
    fn a_key_newer_than_the_folder_has_its_default() {
        let root = tempfile::tempdir().unwrap();
        let now = RunConfig::parse("name = 'a'\n[data]\ndir = 'x'").unwrap();
        let mut old: Table = now.to_toml().unwrap().parse().unwrap();
        old["search"].as_table_mut().unwrap().remove("objective").unwrap();
        RunFolder::open(root.path(), "a", &old, &[], false).unwrap();
        let other = RunConfig {
            search: SearchConfig { objective: Objective::ParamsBits, ..now.search.clone() },
            ..now.clone()
        };
        let open = |config: &RunConfig| {
            RunFolder::open(root.path(), "a", &config.to_toml().unwrap().parse().unwrap(), &[], false)
        };
        let error = open(&other).unwrap_err();
        assert_eq!(error.downcast_ref::<InputErrors>().unwrap().0[0].place, "search.objective");
        open(&now).unwrap();
    }

    #[test]
    fn a_folder_of_something_else_is_not_touched() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("a")).unwrap();
        std::fs::write(root.path().join("a/thesis.txt"), "x").unwrap();
        for fresh in [false, true] {
            let error = RunFolder::open(root.path(), "a", &table("seed = 1"), &[], fresh).unwrap_err();
            assert!(error.is::<InputError>(), "{error}");
        }
        assert!(root.path().join("a/thesis.txt").exists());
    }
}

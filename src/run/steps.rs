//! Steps that are done once: each leaves a stamp, and is skipped where its stamp still holds.
//!
//! A stamp is the SHA-256 of the step's name, the sections of the configuration it reads and the stamp before it, so
//! a step runs again when anything it depends on has changed, and so do all after it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use super::folder::RunFolder;
use crate::files::{create_folder, write_atomic};
use crate::search::journal::key_of;

/// Folder of the stamps: a file a step, the stamp and the step's seconds.
const STAMPS: &str = "steps";

/// One step over a context `C` (what all steps share: configuration, data, folder).
pub struct Step<C> {
    /// Short name, also the stamp's file name.
    pub name: &'static str,
    /// Keys and sections of the configuration that the step reads, beyond those of the steps before it.
    pub sections: &'static [&'static str],
    /// Files the step leaves in the run's folder: where one is missing the step runs again.
    pub outputs: &'static [&'static str],
    /// The work. It must itself go on where a killed one stopped.
    pub work: fn(&mut C) -> Result<()>,
}

/// Runs the steps in order, skipping finished ones. `tell` is called before each: `(name, true where it is skipped)`.
///
/// # Errors
/// Those of the first step that fails, with its name.
pub fn run<C>(
    folder: &RunFolder,
    steps: &[Step<C>],
    context: &mut C,
    mut tell: impl FnMut(&str, bool) -> Result<()>,
) -> Result<()> {
    let stamps = folder.join(STAMPS);
    create_folder(&stamps)?;
    let mut before = key_of(&[env!("CARGO_PKG_VERSION")]);
    for step in steps {
        let stamp = stamp(folder, step, &before);
        let file = stamps.join(step.name);
        let done = holds(&file, &stamp) && step.outputs.iter().all(|o| folder.join(o).exists());
        tell(step.name, done)?;
        if !done {
            // Gone while the step works, so that a killed one cannot be taken for finished.
            let _ = std::fs::remove_file(&file);
            let began = Instant::now();
            (step.work)(context).with_context(|| format!("step {}", step.name))?;
            write_atomic(&file, format!("{stamp}\n{:.3}\n", began.elapsed().as_secs_f64()).as_bytes())?;
        }
        before = stamp;
    }
    Ok(())
}

fn stamp<C>(folder: &RunFolder, step: &Step<C>, before: &str) -> String {
    let mut parts = vec![before.to_string(), step.name.to_string()];
    for section in step.sections {
        parts.push(folder.config().get(*section).map_or_else(String::new, toml::Value::to_string));
    }
    key_of(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn holds(file: &Path, stamp: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.lines().next() == Some(stamp))
}

/// Wall-clock seconds of a finished step, its last go (what a killed one did before is not in it).
pub fn seconds(run: &Path, step: &str) -> Option<f64> {
    std::fs::read_to_string(run.join(STAMPS).join(step)).ok()?.lines().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[derive(Default)]
    struct Log {
        done: Vec<&'static str>,
        fail: bool,
        folder: PathBuf,
    }

    const STEPS: [Step<Log>; 3] = [
        Step { name: "one", sections: &["seed"], outputs: &[], work: |c| note(c, "one") },
        Step {
            name: "two",
            sections: &["search"],
            outputs: &["two.txt"],
            work: |c| {
                anyhow::ensure!(!c.fail, "no luck");
                std::fs::write(c.folder.join("two.txt"), "x")?;
                note(c, "two")
            },
        },
        Step { name: "three", sections: &[], outputs: &[], work: |c| note(c, "three") },
    ];

    fn note(log: &mut Log, name: &'static str) -> Result<()> {
        log.done.push(name);
        Ok(())
    }

    fn go(folder: &RunFolder, fail: bool) -> (Vec<&'static str>, Result<()>) {
        let mut log = Log { fail, folder: folder.path().to_path_buf(), ..Log::default() };
        let result = run(folder, &STEPS, &mut log, |_, _| Ok(()));
        (log.done, result)
    }

    #[test]
    fn finished_steps_are_skipped_and_changed_ones_repeated_with_all_after() {
        let root = tempfile::tempdir().unwrap();
        let open =
            |text: &str| RunFolder::open(root.path(), "a", &text.parse().unwrap(), &["search", "seed"], false).unwrap();
        {
            let folder = open("seed = 1\n[search]\ndrop = 1");
            let (done, result) = go(&folder, true);
            assert_eq!((done, format!("{:#}", result.unwrap_err())), (vec!["one"], "step two: no luck".into()));
            assert_eq!(go(&folder, false).0, ["two", "three"]);
            assert_eq!(go(&folder, false).0, [""; 0]);
            assert!(seconds(folder.path(), "two").is_some_and(|s| (0.0..60.0).contains(&s)));
            assert_eq!(seconds(folder.path(), "four"), None);
            std::fs::remove_file(folder.join("two.txt")).unwrap();
            assert_eq!(go(&folder, false).0, ["two"]);
        }
        assert_eq!(go(&open("seed = 1\n[search]\ndrop = 2"), false).0, ["two", "three"]);
        assert_eq!(go(&open("seed = 3\n[search]\ndrop = 2"), false).0, ["one", "two", "three"]);
    }
}

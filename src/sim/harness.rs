//! Builds a simulator for a design through `sim/Makefile`, which a user can call by hand as well.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::{Options, Simulator, Wave};
use crate::error::InputError;
use crate::tool;

/// The makefile and what it compiles, so that an installed binary works without the source tree.
const FILES: [(&str, &str); 8] = [
    ("sim/Makefile", include_str!("../../sim/Makefile")),
    ("testbench/tb.cpp", include_str!("../../testbench/tb.cpp")),
    ("testbench/bench.cpp", include_str!("../../testbench/bench.cpp")),
    ("testbench/bench.h", include_str!("../../testbench/bench.h")),
    ("testbench/ports.h", include_str!("../../testbench/ports.h")),
    ("testbench/result.h", include_str!("../../testbench/result.h")),
    ("testbench/vectors.h", include_str!("../../testbench/vectors.h")),
    ("testbench/tb.sv", include_str!("../../testbench/tb.sv")),
];
const PROBE: (&str, &str) = ("templates/cells/sg_probe.v", include_str!("../../templates/cells/sg_probe.v"));

/// Builds the testbench for the design in `dir` (a no-op when nothing changed) and gives the path of what to run.
///
/// # Errors
/// [`InputError`] when a tool is missing; else what the simulator's compiler said, lint warnings included.
pub fn build(dir: &Path, vectors: &Path, options: &Options, probes: bool) -> anyhow::Result<PathBuf> {
    require_tools(options.simulator)?;
    let mut make = Command::new("make");
    make.arg("-s").arg("-C").arg(makefile_dir(dir)?).arg("build");
    make.arg(variable("DESIGN", &absolute(dir)?)).arg(variable("VECTORS", &absolute(vectors)?));
    if let Some(build_dir) = &options.build_dir {
        fs::create_dir_all(build_dir).map_err(|err| InputError::io(build_dir, &err, "a writable folder"))?;
        make.arg(variable("BUILD_DIR", &absolute(build_dir)?));
    }
    make.arg(match options.simulator {
        Simulator::Verilator => "SIMULATOR=verilator",
        Simulator::Icarus => "SIMULATOR=iverilog",
    });
    make.arg(match options.wave.or(options.traceable) {
        None => "TRACE=0",
        Some(Wave::Fst) => "TRACE=fst",
        Some(Wave::Vcd) => "TRACE=vcd",
    });
    make.arg(format!("PROBES={}", u8::from(probes))).arg(format!("OPTIMIZE={}", options.optimize));
    // A make above this one (make test) must not hand its flags down.
    make.env_remove("MAKEFLAGS").env_remove("MAKELEVEL").env_remove("MFLAGS");
    let output = make.output().context("cannot start make")?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        bail!("the simulation of {} does not build:\n{}", dir.display(), log.trim_end());
    }
    let stdout = String::from_utf8_lossy(&output.stdout);
    let built = stdout.lines().last().context("make build printed no path")?;
    Ok(PathBuf::from(built))
}

/// `NAME=path` for make's command line.
fn variable(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// The absolute form of `path`, which make's rules can hold only without white space.
pub(super) fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    let absolute = std::path::absolute(path)?;
    if absolute.to_string_lossy().contains(char::is_whitespace) {
        return Err(InputError::file(&absolute, "a path with white space", "a path that make can take").into());
    }
    Ok(absolute)
}

fn require_tools(simulator: Simulator) -> Result<(), InputError> {
    tool::require("make", "the package make")?;
    match simulator {
        Simulator::Verilator => {
            tool::require("verilator", "the package verilator")?;
            tool::require("g++", "the package g++")?;
        }
        Simulator::Icarus => {
            tool::require("iverilog", "the package iverilog")?;
        }
    }
    Ok(())
}

/// The folder with the makefile: the source tree's where it stands, else a copy beside the design's results.
fn makefile_dir(design: &Path) -> anyhow::Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    if source.join("sim/Makefile").is_file() {
        return Ok(source.join("sim"));
    }
    let copy = absolute(design)?.join("sim/harness");
    for (name, text) in FILES.into_iter().chain([PROBE]) {
        let file = copy.join(name);
        fs::create_dir_all(file.parent().unwrap_or(&copy))?;
        if fs::read_to_string(&file).ok().as_deref() != Some(text) {
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(copy.join("sim"))
}

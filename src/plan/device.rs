//! The devices a design can be planned for, with their data sheets' figures.

use serde::Serialize;

use super::pack::Block;
use crate::error::InputError;
use crate::synth::Target;

/// What one device offers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Device {
    /// Name on the command line.
    pub name: &'static str,
    /// What to synthesize for.
    pub family: Target,
    /// Device and package as place and route wants them: Vivado's part, or nextpnr's options. The smallest package that
    /// common boards carry; a design has no pins of its own.
    pub part: &'static str,
    /// Lookup tables (6 inputs on AMD, 4 on Lattice).
    pub lut: u32,
    /// Flip-flops.
    pub ff: u32,
    /// Multiplier blocks.
    pub dsp: u32,
    /// Block RAM in kbit.
    pub bram_kbit: u32,
    /// Data sheet.
    pub source: &'static str,
}

/// Every known device.
pub const DEVICES: &[Device] = &[
    device("xc7z020", Target::Xc7, "xc7z020clg400-1", [53_200, 106_400, 220, 5_040], "AMD DS190, Zynq-7000 overview"),
    device("xc7a35t", Target::Xc7, "xc7a35tcpg236-1", [20_800, 41_600, 90, 1_800], "AMD DS180, 7 series overview"),
    device("xc7a100t", Target::Xc7, "xc7a100tcsg324-1", [63_400, 126_800, 240, 4_860], "AMD DS180, 7 series overview"),
    device(
        "xczu3eg",
        Target::Xcup,
        "xczu3eg-sbva484-1-e",
        [70_560, 141_120, 360, 7_776],
        "AMD DS891, Zynq UltraScale+ overview",
    ),
    device(
        "xczu7ev",
        Target::Xcup,
        "xczu7ev-fbvb900-1-e",
        [230_400, 460_800, 1_728, 11_232],
        "AMD DS891, Zynq UltraScale+ overview",
    ),
    device(
        "lfe5u-25f",
        Target::Ecp5,
        "--25k --package CABGA381",
        [24_288, 24_288, 28, 1_008],
        "Lattice FPGA-DS-02012, ECP5 family",
    ),
    device(
        "lfe5u-45f",
        Target::Ecp5,
        "--45k --package CABGA381",
        [43_848, 43_848, 72, 1_944],
        "Lattice FPGA-DS-02012, ECP5 family",
    ),
    device(
        "lfe5u-85f",
        Target::Ecp5,
        "--85k --package CABGA756",
        [83_640, 83_640, 156, 3_744],
        "Lattice FPGA-DS-02012, ECP5 family",
    ),
    device(
        "ice40up5k",
        Target::Ice40,
        "--up5k --package sg48",
        [5_280, 5_280, 8, 120],
        "Lattice FPGA-DS-02008, iCE40 UltraPlus family",
    ),
    device(
        "ice40hx8k",
        Target::Ice40,
        "--hx8k --package ct256",
        [7_680, 7_680, 0, 128],
        "Lattice FPGA-DS-02029, iCE40 LP/HX family",
    ),
];

const fn device(
    name: &'static str,
    family: Target,
    part: &'static str,
    [lut, ff, dsp, bram_kbit]: [u32; 4],
    source: &'static str,
) -> Device {
    Device { name, family, part, lut, ff, dsp, bram_kbit, source }
}

impl Device {
    /// Every known device, those of `family` first, and of those the smallest first.
    pub fn by_size(family: Target) -> Vec<Self> {
        let mut devices = DEVICES.to_vec();
        devices.sort_by_key(|device| (device.family != family, device.lut));
        devices
    }

    /// Its multiplier blocks.
    pub const fn block(&self) -> Block {
        Block { exists: self.dsp > 0, ..Block::of(self.family) }
    }

    /// The device called `name`.
    ///
    /// # Errors
    /// [`InputError`] that lists the known ones.
    pub fn named(name: &str) -> Result<Self, InputError> {
        let known = || DEVICES.iter().map(|d| d.name).collect::<Vec<_>>().join(", ");
        let found = DEVICES.iter().find(|d| d.name == name);
        found.copied().ok_or_else(|| InputError::new("device", format!("{name:?}"), format!("one of {}", known())))
    }
}

//! The devices a design can be planned for, with their data sheets' figures.

use serde::Serialize;

use crate::error::InputError;

/// What one device offers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Device {
    /// Name on the command line.
    pub name: &'static str,
    /// Synthesis target: `xc7`, `xcup`, `ecp5` or `ice40`.
    pub family: &'static str,
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
    device("xc7z020", "xc7", [53_200, 106_400, 220, 5_040], "AMD DS190, Zynq-7000 overview"),
    device("xc7a35t", "xc7", [20_800, 41_600, 90, 1_800], "AMD DS180, 7 series overview"),
    device("xc7a100t", "xc7", [63_400, 126_800, 240, 4_860], "AMD DS180, 7 series overview"),
    device("xczu3eg", "xcup", [70_560, 141_120, 360, 7_776], "AMD DS891, Zynq UltraScale+ overview"),
    device("lfe5u-25f", "ecp5", [24_288, 24_288, 28, 1_008], "Lattice FPGA-DS-02012, ECP5 family"),
    device("lfe5u-45f", "ecp5", [43_848, 43_848, 72, 1_944], "Lattice FPGA-DS-02012, ECP5 family"),
    device("lfe5u-85f", "ecp5", [83_640, 83_640, 156, 3_744], "Lattice FPGA-DS-02012, ECP5 family"),
    device("ice40up5k", "ice40", [5_280, 5_280, 8, 120], "Lattice FPGA-DS-02008, iCE40 UltraPlus family"),
    device("ice40hx8k", "ice40", [7_680, 7_680, 0, 128], "Lattice FPGA-DS-02029, iCE40 LP/HX family"),
];

const fn device(
    name: &'static str,
    family: &'static str,
    [lut, ff, dsp, bram_kbit]: [u32; 4],
    source: &'static str,
) -> Device {
    Device { name, family, lut, ff, dsp, bram_kbit, source }
}

impl Device {
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

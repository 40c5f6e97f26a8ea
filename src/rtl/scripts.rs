//! What other tools need beside the Verilog: a FuseSoC core, and scripts for Vivado or for Yosys and nextpnr, with the
//! device and the clock that the design was planned for.

use std::path::Path;

use anyhow::Result;
use askama::Template;

use super::Artifact;
use crate::plan::device::Device;
use crate::synth::{Goal, Target, pnr, script};

/// The board a design is meant for.
#[derive(Debug, Clone, Copy)]
pub struct Board {
    /// FPGA.
    pub device: Device,
    /// Clock in MHz.
    pub clock_mhz: f64,
}

#[derive(Template)]
#[template(path = "scripts/fusesoc.core")]
struct Core<'a> {
    name: &'a str,
    top: &'a str,
    part: &'a str,
    vivado: bool,
    device: &'a str,
    /// FuseSoC's flow around nextpnr, and nextpnr's options for it.
    flow: &'a str,
    options: String,
    sources: &'a [&'a str],
    memories: &'a [&'a str],
}

#[derive(Template)]
#[template(path = "scripts/vivado.tcl")]
struct Vivado<'a> {
    top: &'a str,
    part: &'a str,
    mhz: f64,
    sources: &'a [&'a str],
}

#[derive(Template)]
#[template(path = "scripts/nextpnr.sh")]
struct Nextpnr<'a> {
    top: &'a str,
    device: &'a str,
    family: &'a str,
    program: &'a str,
    options: String,
    mhz: f64,
}

/// The scripts of the design `name`, whose other files are `files`, for `board`.
///
/// # Errors
/// A template that fails.
pub fn emit(name: &str, files: &[Artifact], board: &Board) -> Result<Vec<Artifact>> {
    let under = |folder: &str| files.iter().map(|f| f.path.as_str()).filter(|p| p.starts_with(folder)).collect();
    let (sources, memories): (Vec<&str>, Vec<&str>) = (under("rtl/"), under("mem/"));
    let top = format!("{name}_top");
    let (top, mhz, Device { name: device, family, part, .. }) = (top.as_str(), board.clock_mhz, board.device);
    let vivado = matches!(family, Target::Xc7 | Target::Xcup);
    let options = if vivado { Vec::new() } else { pnr::options(family, part)? };
    let flow = if family == Target::Ecp5 { "trellis" } else { "icestorm" };
    let core = Core {
        name,
        top,
        part,
        vivado,
        device,
        flow,
        options: options.join(", "),
        sources: &sources,
        memories: &memories,
    };
    let mut scripts = vec![
        Artifact::new(format!("{name}.core"), core.render()? + "\n"),
        Artifact::new(format!("synth/{}.ys", family.name()), script::of(&sources, top, Goal::Device(board.device))),
    ];
    if vivado {
        let tcl = Vivado { top, part, mhz, sources: &sources };
        scripts.push(Artifact::new("synth/vivado.tcl", tcl.render()? + "\n"));
        scripts.push(Artifact::new("synth/clock.xdc", clock(mhz)));
    } else {
        let (program, options) = (pnr::router(family)?.program, options.join(" "));
        let shell = Nextpnr { top, device, family: family.name(), program, options, mhz };
        scripts.push(Artifact::new("synth/nextpnr.sh", shell.render()? + "\n"));
    }
    Ok(scripts)
}

/// Whether a file in a design's folder is one that [`emit`] may have written for another board.
pub(super) fn is_ours(path: &Path) -> bool {
    path.ends_with("synth/vivado.tcl") || path.ends_with("synth/clock.xdc") || path.ends_with("synth/nextpnr.sh")
}

/// The clock as a Xilinx design constraint; the period is in nanoseconds.
fn clock(mhz: f64) -> String {
    format!("create_clock -name clk_i -period {:.3} [get_ports clk_i]\n", 1e3 / mhz)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts(device: &str) -> Vec<Artifact> {
        let files = ["rtl/a_top.v", "mem/a_w.hex", "filelist.f"].map(|path| Artifact::new(path, ""));
        let board = Board { device: Device::named(device).unwrap(), clock_mhz: 120.0 };
        emit("a", &files, &board).unwrap()
    }

    fn text<'a>(files: &'a [Artifact], path: &str) -> &'a str {
        &files.iter().find(|f| f.path == path).unwrap_or_else(|| panic!("no {path}")).text
    }

    #[test]
    fn amd_devices_get_vivado_with_part_clock_and_every_source() {
        let files = scripts("xczu3eg");
        let tcl = text(&files, "synth/vivado.tcl");
        assert!(tcl.contains("  rtl/a_top.v\n}") && tcl.contains("-part xczu3eg-sbva484-1-e"), "{tcl}");
        assert_eq!(text(&files, "synth/clock.xdc"), "create_clock -name clk_i -period 8.333 [get_ports clk_i]\n");
        let core = text(&files, "a.core");
        assert!(core.contains("- rtl/a_top.v\n") && core.contains("- mem/a_w.hex: {copyto: mem/a_w.hex}\n"), "{core}");
        assert!(text(&files, "synth/xcup.ys").contains("read_verilog -defer -D SG_DSP48E2 rtl/a_top.v\n"));
    }

    #[test]
    fn lattice_devices_get_yosys_and_nextpnr_with_device_and_clock() {
        for (device, flow, call) in [
            ("lfe5u-25f", "flow: trellis", "nextpnr-ecp5 --25k --package CABGA381 --lpf-allow-unconstrained"),
            ("ice40up5k", "flow: icestorm", "nextpnr-ice40 --up5k --package sg48 --pcf-allow-unconstrained"),
        ] {
            let files = scripts(device);
            let shell = text(&files, "synth/nextpnr.sh");
            assert!(shell.contains(call) && shell.contains("--freq 120 "), "{shell}");
            assert!(text(&files, "a.core").contains(flow));
            assert!(files.iter().all(|f| !f.path.ends_with(".tcl") && !f.path.ends_with(".xdc")));
        }
    }
}

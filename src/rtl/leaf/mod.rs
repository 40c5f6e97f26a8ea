//! Leaf cells: control described in rust-hdl, tested in its simulator, emitted as Verilog; storage in Verilog RAM cells.
//!
//! ```
//! let files = slimgate::rtl::leaf::fifo_files(4).unwrap();
//! assert!(files.iter().any(|f| f.path == "rtl/sg_fifo_a4.v"));
//! ```

mod emit;
pub mod fifo;
mod reg;
pub mod slice;

use anyhow::{Result, bail};
use askama::Template;

use super::Artifact;

/// Address bits of the shallowest and the deepest FIFO.
pub const FIFO_ADDR_BITS: std::ops::RangeInclusive<u32> = 1..=14;
/// Up to this many address bits a FIFO lies in LUT RAM (two RAM64M levels would start above it), beyond in block RAM.
pub const LUT_RAM_ADDR_BITS: u32 = 6;

const REG: &str = include_str!("../../../templates/cells/sg_reg.v");
const RAM_ASYNC: &str = include_str!("../../../templates/cells/sg_ram_async.v");
const RAM_SYNC: &str = include_str!("../../../templates/cells/sg_ram_sync.v");
const SLICE: &str = include_str!("../../../templates/cells/sg_slice.v");

#[derive(Template)]
#[template(path = "cells/sg_fifo.v")]
struct FifoTemplate {
    addr_bits: u32,
    addr_msb: u32,
    depth: u32,
    latency: &'static str,
    fetches: bool,
    ram: &'static str,
    read_address: &'static str,
}

/// Cycles from a word's acceptance to its offer in the FIFO of depth `2^addr_bits`: 1 in LUT RAM, 2 in block RAM.
pub fn fifo_latency(addr_bits: u32) -> u32 {
    if addr_bits <= LUT_RAM_ADDR_BITS { 1 } else { 2 }
}

/// The files of `sg_fifo_a<addr_bits>`, a FIFO of depth `2^addr_bits`, all it needs included.
///
/// Fails where `addr_bits` is outside [`FIFO_ADDR_BITS`].
pub fn fifo_files(addr_bits: u32) -> Result<Vec<Artifact>> {
    let (ctrl, fetch) = fifo_control(addr_bits)?;
    let fetches = fifo_latency(addr_bits) > 1;
    let ram = if fetches { "sg_ram_sync" } else { "sg_ram_async" };
    let wrapper = FifoTemplate {
        addr_bits,
        addr_msb: addr_bits - 1,
        depth: 1 << addr_bits,
        latency: if fetches { "two cycles" } else { "one cycle" },
        fetches,
        ram,
        read_address: if fetches { "fetch_addr" } else { "rd_addr" },
    };
    let mut files = vec![
        artifact(&format!("sg_fifo_a{addr_bits}"), wrapper.render()? + "\n"),
        artifact(&format!("sg_fifo_ctrl_a{addr_bits}"), ctrl),
        artifact("sg_reg", REG.into()),
        artifact(ram, if fetches { RAM_SYNC } else { RAM_ASYNC }.into()),
    ];
    if fetches {
        files.push(artifact(&format!("sg_fifo_fetch_a{addr_bits}"), fetch));
    }
    Ok(files)
}

/// The files of `sg_slice`, a register slice, all it needs included.
pub fn slice_files() -> Result<Vec<Artifact>> {
    let about =
        "sg_slice_ctrl: flags of a register slice; the skid register takes the beat under way when the output stalls.";
    Ok(vec![
        artifact("sg_slice", SLICE.into()),
        artifact("sg_slice_ctrl", emit::verilog("sg_slice_ctrl", about, slice::SliceCtrl::default())?),
        artifact("sg_reg", REG.into()),
    ])
}

fn artifact(module: &str, text: String) -> Artifact {
    Artifact::new(format!("rtl/{module}.v"), text)
}

/// Verilog of both control blocks: const generics need one arm a depth.
fn fifo_control(addr_bits: u32) -> Result<(String, String)> {
    macro_rules! arms {
        ($($n:literal)*) => {
            match addr_bits {
                $($n => (
                    emit::verilog(&format!("sg_fifo_ctrl_a{}", $n), CTRL, fifo::FifoCtrl::<$n>::default())?,
                    emit::verilog(&format!("sg_fifo_fetch_a{}", $n), FETCH, fifo::FifoFetch::<$n>::default())?,
                ),)*
                _ => bail!("a FIFO of depth 2^{addr_bits}: address bits must be in {FIFO_ADDR_BITS:?}"),
            }
        };
    }
    const CTRL: &str = "Pointers and flags of a first-word-fall-through FIFO.\n\
        Both flags are registers, so that no path begins at a comparison of pointers.";
    const FETCH: &str = "Reads a FIFO's block RAM one cycle ahead, so that the front word waits at the RAM's output.";
    Ok(arms!(1 2 3 4 5 6 7 8 9 10 11 12 13 14))
}

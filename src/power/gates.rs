//! The same design as gates of a standard-cell library, simulated with the same images: each net's changes times what they cost.
//!
//! Memories stay black boxes with their RTL as the model; wires have no load of their own.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::activity::Activity;
use super::estimate::{Estimate, GateCheck};
use super::library::Library;
use super::measure;
use super::parts::Kind;
use super::technology::Technology;
use crate::sim::Simulator;
use crate::sim::manifest::Manifest;
use crate::sim::vectors::Vectors;
use crate::synth::yosys::Yosys;

/// What the gates of a design cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gates {
    /// Cells.
    pub cells: u64,
    /// Registers among them.
    pub registers: u64,
    /// Sum of the cells' areas, in the library's unit.
    pub area: f64,
    /// Energy of all changes of nets over the simulation, the clock apart, in J.
    pub logic_joules: f64,
    /// Energy of the clock's pins over the simulation, in J.
    pub clock_joules: f64,
    /// In W.
    pub leakage_watts: f64,
}

/// Cells that stay what they are: memories.
const BLACK_BOXES: [&str; 4] = ["sg_rom", "sg_ram", "sg_ram_sync", "sg_ram_async"];

/// Yosys' netlist, as far as it is read.
#[derive(Deserialize)]
struct Netlist {
    modules: BTreeMap<String, Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    cells: BTreeMap<String, Instance>,
    #[serde(default)]
    netnames: BTreeMap<String, NetName>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(rename = "type")]
    cell: String,
    connections: BTreeMap<String, Vec<serde_json::Value>>,
}

#[derive(Deserialize)]
struct NetName {
    bits: Vec<serde_json::Value>,
}

/// Maps the design in `dir` to the cells of `liberty`: a folder like a design's, `dir/power/gates`, to be simulated.
///
/// # Errors
/// A design or library that Yosys refuses.
pub fn map(dir: &Path, top: &str, liberty: &Path) -> Result<PathBuf> {
    let folder = dir.join("power/gates");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let sources = fs::read_to_string(dir.join("filelist.f")).context("the design's filelist.f")?;
    let is_box = |file: &str| BLACK_BOXES.iter().any(|cell| file.ends_with(&format!("/{cell}.v")));
    let (boxes, logic): (Vec<&str>, Vec<&str>) =
        sources.lines().map(str::trim).filter(|l| l.ends_with(".v")).partition(|file| is_box(file));
    let liberty = std::path::absolute(liberty)?;
    write_stubs(dir, &boxes)?;
    let script = script(&logic, top, &liberty);
    let yosys = Yosys::find()?;
    yosys.call(dir, "power/gates/yosys.log", &["-q", "-p", &script])?;
    for file in &boxes {
        fs::copy(dir.join(file), folder.join(file.rsplit('/').next().unwrap_or(file)))?;
    }
    waive(&folder.join("gates.v"))?;
    waive(&folder.join("cells.v"))?;
    let list: String = boxes.iter().map(|file| format!("{}\n", file.rsplit('/').next().unwrap_or(file))).collect();
    fs::write(folder.join("filelist.f"), format!("cells.v\ngates.v\n{list}"))?;
    fs::copy(dir.join("manifest.json"), folder.join("manifest.json"))?;
    copy_memories(&dir.join("mem"), &folder.join("mem"))?;
    Ok(folder)
}

/// The memories' headers, without what is inside.
fn write_stubs(dir: &Path, boxes: &[&str]) -> Result<()> {
    let mut stubs = String::new();
    for file in boxes {
        let text = fs::read_to_string(dir.join(file)).with_context(|| file.to_string())?;
        let header = text.split_inclusive("\n);\n").next().unwrap_or_default();
        stubs += &format!(
            "{}\nendmodule\n`default_nettype wire\n",
            header.replace("module sg_", "(* blackbox *)\nmodule sg_")
        );
    }
    Ok(fs::write(dir.join("power/gates/stubs.v"), stubs)?)
}

// Without `opt` between the two, Yosys 0.23 hands abc a netlist that comes back as another circuit. Registers start at 0: in gates,
// an X would pass a reset that is one input of several.
fn script(logic: &[&str], top: &str, liberty: &Path) -> String {
    let read: String = logic.iter().map(|file| format!("read_verilog -defer {file}; ")).collect();
    let liberty = liberty.display();
    format!(
        "{read}read_verilog power/gates/stubs.v; synth -flatten -top {top}; setattr -unset init w:*; dfflibmap -liberty {liberty}; opt; \
         abc -liberty {liberty}; splitnets; opt_clean -purge; rename -hide w:*; rename -enumerate -pattern n% w:*; \
         write_verilog -noattr power/gates/gates.v; write_json power/gates/gates.json; \
         design -reset; read_liberty {liberty}; proc; setattr -set init 1'0 t:$_DFF* t:$_DLATCH* %u %co1 w:* %i; write_verilog -noattr power/gates/cells.v"
    )
}

/// Machine-made Verilog is not written for a linter.
fn waive(file: &Path) -> Result<()> {
    const RULES: [&str; 8] =
        ["UNUSEDSIGNAL", "UNDRIVEN", "DECLFILENAME", "MULTITOP", "PINMISSING", "WIDTH", "UNOPTFLAT", "PINCONNECTEMPTY"];
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let rules: String = RULES.iter().map(|rule| format!("/* verilator lint_off {rule} */\n")).collect();
    Ok(fs::write(file, rules + &text)?)
}

fn copy_memories(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Maps the design in `dir` to the cells of the Liberty file `liberty`, simulates it on `vectors` and sets it beside `estimate`,
/// which was made of the same images with `technology`.
///
/// # Errors
/// A library that cannot be read, a design that Yosys refuses, a netlist whose scores are wrong.
pub fn check(
    (dir, manifest): (&Path, &Manifest),
    vectors: &Vectors,
    liberty: &Path,
    (technology, estimate): (&Technology, &Estimate),
    build_dir: Option<&Path>,
) -> Result<GateCheck> {
    let library = Library::load(liberty)?;
    let folder = map(dir, &manifest.top, liberty)?;
    let measured = measure(&folder, manifest, vectors, Simulator::Icarus, build_dir)?;
    let gates = cost(&folder, &manifest.top, &library, &measured.activity)?;
    let images = measured.images as f64;
    let moved = estimate.parts.iter().filter_map(|part| part.moved);
    let estimated_logic: f64 = moved.map(|m| technology.logic_joules(&m)).sum::<f64>() / images;
    let clock = gates.clock_joules / measured.activity.cycles as f64 * measured.cycles_per_image;
    let logic_nanojoules = gates.logic_joules / images * 1e9;
    let nanojoules = logic_nanojoules + clock * 1e9;
    let estimated_nanojoules = estimated_logic * 1e9 + estimate.kinds[&Kind::Clock];
    Ok(GateCheck {
        cells: gates.cells,
        registers: gates.registers,
        area: gates.area,
        nanojoules,
        logic_nanojoules,
        leakage_nanowatts: gates.leakage_watts * 1e9,
        estimated_nanojoules,
        estimated_logic_nanojoules: estimated_logic * 1e9,
        ratio: nanojoules / estimated_nanojoules,
        source: format!("netlist of {} in Icarus, the same images, the library's energies", Yosys::find()?.version()?),
    })
}

/// Sums what the changes in `activity`, of the netlist in `folder`, cost.
///
/// # Errors
/// A netlist that cannot be read.
pub fn cost(folder: &Path, top: &str, library: &Library, activity: &Activity) -> Result<Gates> {
    let file = folder.join("gates.json");
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let netlist: Netlist = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
    let module = netlist.modules.get(top).with_context(|| format!("{}: no module {top}", file.display()))?;
    let toggles = by_bit(module, activity);
    let mut gates = Gates::default();
    for instance in module.cells.values() {
        let Some(cell) = library.cells.get(&instance.cell) else { continue };
        gates.cells += 1;
        gates.registers += u64::from(cell.pins.values().any(|pin| pin.clock));
        gates.area += cell.area;
        gates.leakage_watts += cell.leakage_watts;
        for (name, bits) in &instance.connections {
            let Some(pin) = cell.pins.get(name) else { continue };
            let change = library.change(pin);
            if pin.clock {
                gates.clock_joules += 2.0 * activity.cycles as f64 * change;
            } else {
                let moves: u64 = bits.iter().filter_map(|bit| toggles.get(&bit.as_u64()?)).sum();
                gates.logic_joules += moves as f64 * change;
            }
        }
    }
    Ok(gates)
}

/// Changes of every bit of the netlist that has a name of its own.
fn by_bit(module: &Module, activity: &Activity) -> HashMap<u64, u64> {
    // The netlist is flat: its nets are all in one scope.
    let Some(scope) = activity.scopes.iter().max_by_key(|scope| scope.names.len()) else { return HashMap::new() };
    let one = |(name, net): (&String, &NetName)| match net.bits.as_slice() {
        [bit] => Some((bit.as_u64()?, activity.nets[*scope.names.get(name)?].toggles)),
        _ => None,
    };
    module.netnames.iter().filter_map(one).collect()
}

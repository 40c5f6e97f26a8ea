//! What one change, access or clock edge costs in a technology, and who says so.

use std::path::Path;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::library::{Cell, Library};
use super::model::{GATES, LUTS, Logic};
use super::parts::Moved;
use crate::error::InputError;

/// Technologies whose energies are built in; any other comes as a standard-cell library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Lattice iCE40 UltraPlus 5K, an FPGA in 40 nm at 1.2 V, measured on a board.
    Ice40up5k,
}

/// One coefficient and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Which energy or power.
    pub what: String,
    /// In pJ, or in nW for leakage.
    pub value: f64,
    /// `pJ` or `nW`.
    pub unit: String,
    /// Published measurement, library or calculation.
    pub source: String,
}

/// Energies in J, leakage in W.
#[derive(Debug, Clone, PartialEq)]
pub struct Technology {
    /// Name.
    pub name: String,
    /// Supply, in V.
    pub volts: f64,
    /// An estimate may be this many times too low or too high.
    pub factor: f64,
    /// Why.
    pub uncertainty: String,
    /// Nets of the mapped design that change for what the RTL shows.
    pub logic: Logic,
    /// A change of one net of the mapped design, with the cell behind it.
    pub net_toggle: f64,
    /// A change of a bit of a product in a multiplier block; 0 where products are made of logic.
    pub product_toggle: f64,
    /// A register's clock, a cycle.
    pub register_clock: f64,
    /// The clock's trunk, a cycle.
    pub clock_base: f64,
    /// A bit read from or written into a memory.
    pub memory_bit: f64,
    /// Leakage of a register with its share of the logic.
    pub register_leakage: f64,
    /// Leakage of the whole device, used or not.
    pub base_leakage: f64,
    /// Where the energies come from.
    pub sources: Vec<Source>,
}

/// J a bit of a 64-bit access to 8 kB of SRAM in 45 nm at 0.9 V.
const SRAM_BIT: f64 = 10e-12 / 64.0;
const SRAM_NM: f64 = 45.0;
const SRAM_VOLTS: f64 = 0.9;
const SRAM: &str =
    "M. Horowitz, ISSCC 2014: 10 pJ for 64 bits of an 8 kB cache in 45 nm at 0.9 V (tabled in PMC8934428)";
const BOARD: &str = "ice40_power, currents measured by tinyVision.ai on a UP5K breakout board, core at 1.219 V, 12 MHz";

/// J a bit of SRAM in a process of `nm` nanometres at `volts`: C V^2, the capacitance in proportion to the feature size.
fn sram_bit(nm: f64, volts: f64) -> f64 {
    SRAM_BIT * (nm / SRAM_NM) * (volts / SRAM_VOLTS).powi(2)
}

impl Technology {
    /// The built-in technology called `name`.
    pub fn named(name: Name) -> Self {
        match name {
            Name::Ice40up5k => ice40up5k(),
        }
    }

    /// The standard cells of the Liberty file `file`, memories as SRAM of a process of `nm` nanometres.
    ///
    /// # Errors
    /// [`InputError`] for a file that is no such library.
    pub fn cells(file: &Path, nm: Option<f64>) -> Result<Self, InputError> {
        let library = Library::load(file)?;
        let (Some(register), Some(gate)) = (library.register(), library.gate()) else {
            return Err(InputError::file(
                file,
                "no plain flip-flop, or no gate of two inputs",
                "a standard-cell library",
            ));
        };
        Ok(standard_cells(&library, register, gate, file, nm))
    }

    /// Dynamic energy of what moved, the clock apart, in J.
    pub fn joules(&self, moved: &Moved) -> f64 {
        self.logic_joules(moved) + (moved.read_bits + moved.written_bits) as f64 * self.memory_bit
    }

    /// [`Technology::joules`] without memories.
    pub fn logic_joules(&self, moved: &Moved) -> f64 {
        self.logic.toggles(moved) * self.net_toggle + moved.product_toggles as f64 * self.product_toggle
    }

    /// Leakage of `moved`'s registers and their logic, in W.
    pub fn leakage_watts(&self, moved: &Moved) -> f64 {
        self.registers(moved) * self.register_leakage
    }

    /// Energy of the clock of `moved`'s registers, in J a cycle.
    pub fn clock_joules(&self, moved: &Moved) -> f64 {
        self.registers(moved) * self.register_clock
    }

    /// Registers that are left of the RTL's.
    fn registers(&self, moved: &Moved) -> f64 {
        moved.register_bits as f64 * self.logic.registers
    }
}

/// One [`Source`] in pJ.
fn picojoules(what: &str, joules: f64, source: impl Into<String>) -> Source {
    Source { what: what.into(), value: joules * 1e12, unit: "pJ".into(), source: source.into() }
}

/// One [`Source`] in nW.
fn nanowatts(what: &str, watts: f64, source: impl Into<String>) -> Source {
    Source { what: what.into(), value: watts * 1e9, unit: "nW".into(), source: source.into() }
}

/// See `docs/power.md` for how each figure follows from the measured currents.
fn ice40up5k() -> Technology {
    let (volts, hertz) = (1.219, 12e6);
    let a_cycle = |microamperes: f64| microamperes * 1e-6 * volts / hertz;
    // 32 cells, then 196 more of the same counter: nearly nothing but clocked registers.
    let register_clock = a_cycle(641.3 - 613.5) / 196.0;
    // Two 8-bit counters and their product in LUTs, over the counter alone: 70.46 more nets change a cycle, 16 more registers.
    let net_toggle = (a_cycle(996.0 - 645.0) - 16.0 * register_clock) / 70.46;
    // The same with the product in a block: 26.00 nets outside it; 7.59 of the product's bits change a cycle.
    let product_toggle = (a_cycle(882.0 - 645.0) - 16.0 * register_clock - 26.0 * net_toggle) / 7.59;
    let clock_base = a_cycle(613.5 - 85.6) - 32.0 * register_clock;
    let base_leakage = 85.6e-6 * volts;
    let memory_bit = sram_bit(40.0, volts);
    let sources = vec![
        picojoules(
            "change of a net",
            net_toggle,
            format!(
                "{BOARD}: 996 against 645 uA for 70.46 changes a cycle, counted without glitches in a netlist of Yosys"
            ),
        ),
        picojoules(
            "change of a product's bit in a multiplier block",
            product_toggle,
            format!("{BOARD}: 882 against 645 uA for 7.59 changes a cycle"),
        ),
        picojoules(
            "clock of a register, a cycle",
            register_clock,
            format!("{BOARD}: 641.3 against 613.5 uA for 196 cells"),
        ),
        picojoules("clock trunk, a cycle", clock_base, format!("{BOARD}: 613.5 against 85.6 uA")),
        picojoules(
            "bit of a memory access",
            memory_bit,
            format!("{SRAM}, scaled to 40 nm and 1.219 V; block RAM was not measured"),
        ),
        nanowatts("leakage of the device", base_leakage, format!("{BOARD}: 85.6 uA for a blank design")),
    ];
    Technology {
        name: "ice40up5k".into(),
        volts,
        factor: 2.0,
        uncertainty: "one board at room temperature; glitches only in the mean of the measured designs; memories scaled from another process"
            .into(),
        logic: LUTS,
        net_toggle,
        product_toggle,
        register_clock,
        clock_base,
        memory_bit,
        register_leakage: 0.0,
        base_leakage,
        sources,
    }
}

fn standard_cells(library: &Library, register: &Cell, gate: &Cell, file: &Path, nm: Option<f64>) -> Technology {
    let name = file.file_name().map_or_else(|| library.name.clone(), |name| name.to_string_lossy().into_owned());
    let nm = nm.unwrap_or_else(|| assumed_nm(library.volts));
    // A clock rises and falls in every cycle.
    let register_clock = 2.0 * register.pins.values().filter(|p| p.clock).map(|p| library.change(p)).sum::<f64>();
    // Every net is an output and the input of the next cell.
    let outputs = gate.pins.values().filter(|p| p.output).map(|p| library.change(p)).sum::<f64>();
    let inputs: Vec<f64> = gate.pins.values().filter(|p| !p.output).map(|p| library.change(p)).collect();
    let net_toggle = outputs + inputs.iter().sum::<f64>() / inputs.len().max(1) as f64;
    let register_leakage = register.leakage_watts + GATES.gates * gate.leakage_watts;
    let memory_bit = sram_bit(nm, library.volts);
    let from = |what: &str| format!("{name}: {what}");
    let sources = vec![
        picojoules(
            "change of a net",
            net_toggle,
            from("internal and switching energy of the smallest gate of two inputs"),
        ),
        picojoules(
            "clock of a register, a cycle",
            register_clock,
            from("internal and switching energy of the smallest flip-flop's clock pin"),
        ),
        picojoules(
            "bit of a memory access",
            memory_bit,
            format!("{SRAM}, scaled to {nm:.0} nm and {} V", library.volts),
        ),
        nanowatts(
            "leakage of a register with its logic",
            register_leakage,
            from("cell_leakage_power; memories' leakage is not counted"),
        ),
    ];
    Technology {
        name,
        volts: library.volts,
        factor: 2.0,
        uncertainty: "no wires, no clock tree, no glitches; logic by a model that is within 30 % of gate-level simulation on small designs; \
                      memories scaled from another process, their leakage not counted"
            .into(),
        logic: GATES,
        net_toggle,
        product_toggle: 0.0,
        register_clock,
        clock_base: 0.0,
        memory_bit,
        register_leakage,
        base_leakage: 0.0,
        sources,
    }
}

/// The process that a supply stands for: 180 nm at 1.8 V, 250 nm at 2.5 V; below 1.5 V that of [`SRAM`].
fn assumed_nm(volts: f64) -> f64 {
    if volts >= 1.5 { 100.0 * volts } else { SRAM_NM }
}

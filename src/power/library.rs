//! A standard-cell library in the Liberty format: what a change of a pin costs in each cell.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use liberty_parser::Value;
use liberty_parser::liberty::Group;

use crate::error::InputError;

/// One pin of a cell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pin {
    /// True for an output.
    pub output: bool,
    /// True for the clock of a register.
    pub clock: bool,
    /// Load that it puts on its net, in pF.
    pub picofarads: f64,
    /// Energy inside the cell for a change of this pin, in pJ: the mean over rise, fall and related pins, at the library's
    /// middle load and its second smallest input slope.
    pub picojoules: f64,
}

/// One cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// In the library's unit, mostly square micrometres.
    pub area: f64,
    /// In W.
    pub leakage_watts: f64,
    /// True where it is triggered by the rising edge.
    pub flip_flop: bool,
    /// By name.
    pub pins: BTreeMap<String, Pin>,
}

/// A library.
#[derive(Debug, Clone, PartialEq)]
pub struct Library {
    /// Its own name.
    pub name: String,
    /// Supply, in V.
    pub volts: f64,
    /// By name.
    pub cells: BTreeMap<String, Cell>,
}

impl Library {
    /// Reads a Liberty file.
    ///
    /// # Errors
    /// [`InputError`] for a file that cannot be read, or has no supply or unit of load.
    pub fn load(file: &Path) -> Result<Self, InputError> {
        let expected = "a standard-cell library in the Liberty format (.lib)";
        let text = fs::read_to_string(file).map_err(|err| InputError::io(file, &err, expected))?;
        let parsed = liberty_parser::parse_lib(&text);
        let wrong = |found: String| InputError::file(file, found, expected);
        let libraries = parsed.map_err(|err| wrong(format!("{err}").lines().take(2).collect::<Vec<_>>().join(" ")))?;
        let group = libraries.0.first().ok_or_else(|| wrong("no library".into()))?;
        let volts = number(group, "nom_voltage").filter(|v| *v > 0.0).ok_or_else(|| wrong("no nom_voltage".into()))?;
        let load = picofarads(group).ok_or_else(|| wrong("no capacitive_load_unit".into()))?;
        let leakage = watts(group);
        let cells = group.iter_cells().map(|c| (c.name.clone(), cell(c, load, leakage))).collect();
        Ok(Self { name: group.name.clone(), volts, cells })
    }

    /// What a change of `pin` costs, in J: the energy inside the cell, and C V^2 / 2 of the load that it is.
    pub fn change(&self, pin: &Pin) -> f64 {
        (pin.picojoules + pin.picofarads * self.volts.powi(2) / 2.0) * 1e-12
    }

    /// The smallest flip-flop with one data input and no set or reset.
    pub fn register(&self) -> Option<&Cell> {
        let plain = |c: &&Cell| {
            let inputs = c.pins.values().filter(|p| !p.output);
            let (clocks, data): (Vec<&Pin>, Vec<&Pin>) = inputs.partition(|p| p.clock);
            c.flip_flop && clocks.len() == 1 && data.len() == 1
        };
        self.cells.values().filter(plain).min_by(|a, b| a.area.total_cmp(&b.area))
    }

    /// The smallest gate of two inputs and one output: the library's unit.
    pub fn gate(&self) -> Option<&Cell> {
        let two = |c: &&Cell| {
            let inputs = c.pins.values().filter(|p| !p.output && !p.clock).count();
            inputs == 2 && c.pins.len() == 3 && c.pins.values().all(|p| !p.clock)
        };
        self.cells.values().filter(two).min_by(|a, b| a.area.total_cmp(&b.area))
    }
}

fn cell(group: &Group, load: f64, leakage: f64) -> Cell {
    let pin = |p: &Group| (p.name.clone(), pin(p, load));
    Cell {
        area: number(group, "area").unwrap_or(0.0),
        leakage_watts: number(group, "cell_leakage_power").unwrap_or(0.0) * leakage,
        flip_flop: group.iter_subgroups_of_type("ff").any(rising),
        pins: group.iter_pins().map(pin).collect(),
    }
}

fn rising(flip_flop: &Group) -> bool {
    flip_flop.simple_attribute("clocked_on").is_some_and(|clock| !words(clock).contains(['!', '\'']))
}

fn pin(group: &Group, load: f64) -> Pin {
    let is = |name: &str, value: &str| group.simple_attribute(name).is_some_and(|v| words(v) == value);
    let energies: Vec<f64> = group.iter_subgroups_of_type("internal_power").flat_map(tables).collect();
    Pin {
        output: is("direction", "output"),
        clock: is("clock", "true"),
        picofarads: number(group, "capacitance").unwrap_or(0.0) * load,
        // An energy's unit is the load's times V^2.
        picojoules: energies.iter().sum::<f64>() / energies.len().max(1) as f64 * load,
    }
}

/// What the rise and the fall table of a power group say.
fn tables(group: &Group) -> Vec<f64> {
    let table = |name| group.iter_subgroups_of_type(name).filter_map(middle);
    table("rise_power").chain(table("fall_power")).collect()
}

/// The middle row (load), second column (slope); of a table of one row, the second value.
fn middle(table: &Group) -> Option<f64> {
    let rows: Vec<Vec<f64>> = table.complex_attribute("values")?.iter().map(numbers).collect();
    let row = rows.get(rows.len() / 2)?;
    row.get(1.min(row.len().saturating_sub(1))).copied()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::FloatGroup(all) => all.clone(),
        Value::Float(one) => vec![*one],
        other => words(other).split(',').filter_map(|n| n.trim().parse().ok()).collect(),
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::String(text) | Value::Expression(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::FloatGroup(_) => String::new(),
    }
}

fn number(group: &Group, name: &str) -> Option<f64> {
    group.simple_attribute(name).and_then(|value| match value {
        Value::Float(number) => Some(*number),
        other => words(other).trim().parse().ok(),
    })
}

/// pF of the library's unit of load: `capacitive_load_unit (1, pf)`.
fn picofarads(group: &Group) -> Option<f64> {
    let unit = group.complex_attribute("capacitive_load_unit")?;
    let [count, name] = unit.as_slice() else { return None };
    let scale = match words(name).to_lowercase().as_str() {
        "ff" => 1e-3,
        "pf" => 1.0,
        _ => return None,
    };
    numbers(count).first().map(|count| count * scale)
}

/// W of the library's unit of leakage: `leakage_power_unit : "1nW"`; nW where it says none.
fn watts(group: &Group) -> f64 {
    let unit = group.simple_attribute("leakage_power_unit").map_or_else(|| "1nW".into(), words).to_lowercase();
    let digits = unit.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unit.len());
    let scale = match &unit[digits..] {
        "mw" => 1e-3,
        "uw" => 1e-6,
        "pw" => 1e-12,
        "w" => 1.0,
        _ => 1e-9,
    };
    unit[..digits].parse().unwrap_or(1.0) * scale
}

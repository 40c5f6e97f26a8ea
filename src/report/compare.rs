//! Two runs side by side: `slimgate compare`.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use super::model::{Layer, Report};
use super::show;
use super::terminal::table;

/// Name of the format.
pub const SCHEMA: &str = "slimgate-compare";
/// Version of the format: it grows when a key changes its meaning or goes.
pub const VERSION: u32 = 1;

/// How a figure is written for people.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Unit {
    Percent,
    Bits,
    Count,
    Digits,
}

/// What is compared: its name, its place in `report.json`, its unit.
const FIGURES: [(&str, &str, Unit); 20] = [
    ("float test accuracy", "baseline.test_accuracy", Unit::Percent),
    ("test accuracy", "final.test_accuracy", Unit::Percent),
    ("validation accuracy", "final.val_accuracy", Unit::Percent),
    ("params_bits", "final.params_bits", Unit::Bits),
    ("stored_bits", "final.stored_bits", Unit::Bits),
    ("times smaller, params_bits", "ratios.params_bits", Unit::Digits),
    ("times smaller, stored_bits", "ratios.stored_bits", Unit::Digits),
    ("MACs an image", "final.macs", Unit::Count),
    ("BOPs an image", "final.bops", Unit::Count),
    ("search, seconds", "search.seconds", Unit::Digits),
    ("lanes", "hardware.lanes", Unit::Count),
    ("memory, bits", "hardware.memory_bits", Unit::Bits),
    ("LUT", "hardware.estimated.lut", Unit::Digits),
    ("FF", "hardware.estimated.ff", Unit::Digits),
    ("DSP", "hardware.estimated.dsp", Unit::Digits),
    ("cycles an image, planned", "hardware.planned_cycles_per_image", Unit::Count),
    ("cycles an image", "rtl.cycles_per_image", Unit::Count),
    ("latency, cycles", "rtl.latency_cycles", Unit::Count),
    ("nJ an image", "power.nanojoules", Unit::Digits),
    ("mW at the clock", "power.milliwatts", Unit::Digits),
];

/// Two runs.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// Names of the runs.
    pub runs: [String; 2],
    /// Figures that either has.
    pub figures: Vec<Figure>,
    /// Nodes of the final networks: those of the first in graph order, then those that only the second has.
    pub layers: Vec<LayerPair>,
}

/// A figure of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// In words.
    pub name: &'static str,
    /// Place in `report.json`.
    pub place: &'static str,
    /// The two values; null where a run lacks it.
    pub values: [Option<f64>; 2],
    /// Second / first; null where one is missing or the first is 0.
    pub ratio: Option<f64>,
    /// Where it comes from, as `report.json` says.
    pub source: &'static str,
    #[serde(skip)]
    unit: Unit,
}

/// A node of both runs, by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerPair {
    /// Node's name.
    pub name: String,
    /// The node in each run; null where a run has none of this name.
    pub layers: [Option<Layer>; 2],
}

/// Puts two reports side by side.
///
/// # Errors
/// A report that cannot be written as JSON.
pub fn compare(first: &Report, second: &Report) -> Result<Comparison> {
    let both = [serde_json::to_value(first)?, serde_json::to_value(second)?];
    let figures = FIGURES.iter().filter_map(|&(name, place, unit)| {
        let values = [0, 1].map(|run: usize| at(&both[run], place));
        let [a, b] = values;
        let source = [first, second].iter().find_map(|report| report.sources.get(place).copied())?;
        let ratio = a.zip(b).filter(|(a, _)| *a != 0.0).map(|(a, b)| b / a);
        (a.is_some() || b.is_some()).then_some(Figure { name, place, values, ratio, source, unit })
    });
    Ok(Comparison {
        schema: SCHEMA,
        version: VERSION,
        runs: [first.name.clone(), second.name.clone()],
        figures: figures.collect(),
        layers: pairs(&first.layers, &second.layers),
    })
}

/// The number at a place of a report.
fn at(report: &Value, place: &str) -> Option<f64> {
    place.split('.').try_fold(report, |value, key| value.get(key))?.as_f64()
}

fn pairs(first: &[Layer], second: &[Layer]) -> Vec<LayerPair> {
    let named = |layers: &[Layer], name: &str| layers.iter().find(|layer| layer.name == name).cloned();
    let only_second = second.iter().filter(|layer| named(first, &layer.name).is_none());
    let names = first.iter().chain(only_second).map(|layer| &layer.name);
    names.map(|name| LayerPair { name: name.clone(), layers: [named(first, name), named(second, name)] }).collect()
}

impl Comparison {
    /// Two tables for a terminal: figures with their sources, layers.
    pub fn text(&self) -> String {
        let [a, b] = &self.runs;
        let mut figures = table(&["", a, b, "second / first", "source"], 1..4);
        for figure in &self.figures {
            let [first, second] = figure.values.map(|value| show::or_dash(value.map(|v| figure.unit.show(v))));
            let ratio = show::or_dash(figure.ratio.map(show::three_digits));
            figures.add_row([figure.name.to_string(), first, second, ratio, figure.source.to_string()]);
        }
        let mut layers = table(&["layer", a, b], 1..1);
        for pair in &self.layers {
            let [first, second] = [0, 1].map(|run: usize| show::or_dash(pair.layers[run].as_ref().map(words)));
            layers.add_row([pair.name.clone(), first, second]);
        }
        format!("{figures}\n{layers}\n")
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Unit::Percent => show::percent(value),
            Unit::Bits => show::kilobytes(value as u64),
            Unit::Count => show::count(value.round() as u64),
            Unit::Digits => show::three_digits(value),
        }
    }
}

/// `16 channels, w 4, a 4, 1.20 k of 4.61 k weights, sparse`.
fn words(layer: &Layer) -> String {
    let mut text = format!("{} channels", layer.channels);
    for (what, bits) in [("w", layer.weight_bits), ("a", layer.activation_bits)] {
        text += &bits.map_or(String::new(), |bits| format!(", {what} {bits}"));
    }
    if layer.weights > 0 {
        text += &format!(", {} of {} weights", show::count(layer.nonzeros), show::count(layer.weights));
    }
    text + &layer.engine.as_ref().map_or(String::new(), |engine| format!(", {}", engine.kind))
}

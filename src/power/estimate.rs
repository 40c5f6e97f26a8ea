//! The estimate: activity times energies, by layer and by kind. [`Estimate`] is `power.json`; `docs/power.md` has its keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Measured;
use super::parts::{self, Kind, Moved};
use super::technology::{Source, Technology};
use crate::sim::manifest::Manifest;

/// File in the design's folder.
pub const FILE: &str = "power.json";
/// Name of the format.
pub const SCHEMA: &str = "slimgate-power";
/// Version of the format: it grows when a key changes its meaning or goes.
pub const VERSION: u32 = 1;

/// Layer of what belongs to the whole device: the clock's trunk, the device's leakage.
pub const DEVICE: &str = "device";

/// One design in one technology.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// [`SCHEMA`].
    pub schema: String,
    /// [`VERSION`].
    pub version: u32,
    /// The design's name.
    pub design: String,
    /// SHA-256 of its `manifest.json`.
    pub manifest_sha256: String,
    /// Technology.
    pub technology: String,
    /// Supply, in V.
    pub volts: f64,
    /// Clock, in MHz.
    pub clock_mhz: f64,
    /// Images simulated, back to back, all bit-exact.
    pub images: usize,
    /// Which: a data set's folder, or `random`.
    pub data: String,
    /// Cycles between images; simulation.
    pub cycles_per_image: f64,
    /// Images a second at the clock, without a pause.
    pub images_per_second: f64,
    /// Nanojoules an image, leakage over its time included; estimated.
    pub nanojoules: f64,
    /// The same without leakage.
    pub dynamic_nanojoules: f64,
    /// Average power at that pace, in mW; estimated.
    pub milliwatts: f64,
    /// Leakage in it, in mW; estimated.
    pub leakage_milliwatts: f64,
    /// Nanojoules an image by kind; estimated.
    pub kinds: BTreeMap<Kind, f64>,
    /// The same by layer and kind.
    pub parts: Vec<Part>,
    /// An estimate may be this many times too low or too high ...
    pub uncertainty_factor: f64,
    /// ... and why.
    pub uncertainty: String,
    /// Every coefficient and its source.
    pub sources: Vec<Source>,
    /// The same design at gate level, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gates: Option<GateCheck>,
}

/// What the design costs as gates of the library, memories apart, beside what was estimated for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateCheck {
    /// Cells, and the registers among them; synthesis.
    pub cells: u64,
    /// Registers; synthesis.
    pub registers: u64,
    /// Sum of the cells' areas, in the library's unit; synthesis.
    pub area: f64,
    /// Nanojoules an image of logic and clock; gate-level simulation.
    pub nanojoules: f64,
    /// Of logic alone; gate-level simulation.
    pub logic_nanojoules: f64,
    /// Leakage in nW, from the cells; synthesis.
    pub leakage_nanowatts: f64,
    /// What was estimated for logic and clock.
    pub estimated_nanojoules: f64,
    /// For logic alone.
    pub estimated_logic_nanojoules: f64,
    /// Gate level / estimate, logic and clock.
    pub ratio: f64,
    /// How the gate level was measured.
    pub source: String,
}

/// One kind of one layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Node of the network, [`parts::STREAMS`] or [`DEVICE`].
    pub layer: String,
    /// Kind.
    pub kind: Kind,
    /// Nanojoules an image; estimated.
    pub nanojoules: f64,
    /// What moved over all images; simulation. Absent for clock and leakage.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub moved: Option<Moved>,
}

/// Where an estimate was made: what it says of itself beside its figures.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    /// The design.
    pub manifest: &'a Manifest,
    /// SHA-256 of its `manifest.json`.
    pub manifest_sha256: String,
    /// Which images.
    pub data: String,
    /// Clock, in MHz.
    pub clock_mhz: f64,
}

impl Estimate {
    /// What `measured` costs in `technology`.
    pub fn new(measured: &Measured, technology: &Technology, setting: &Setting) -> Self {
        let parts = parts(measured, technology, setting);
        let mut kinds: BTreeMap<Kind, f64> = Kind::ALL.map(|kind| (kind, 0.0)).into();
        parts.iter().for_each(|part| *kinds.entry(part.kind).or_default() += part.nanojoules);
        let nanojoules: f64 = kinds.values().sum();
        let leakage = kinds[&Kind::Leakage];
        let images_per_second = setting.clock_mhz * 1e6 / measured.cycles_per_image;
        Self {
            schema: SCHEMA.into(),
            version: VERSION,
            design: setting.manifest.name.clone(),
            manifest_sha256: setting.manifest_sha256.clone(),
            technology: technology.name.clone(),
            volts: technology.volts,
            clock_mhz: setting.clock_mhz,
            images: measured.images,
            data: setting.data.clone(),
            cycles_per_image: measured.cycles_per_image,
            images_per_second,
            nanojoules,
            dynamic_nanojoules: nanojoules - leakage,
            milliwatts: nanojoules * 1e-6 * images_per_second,
            leakage_milliwatts: leakage * 1e-6 * images_per_second,
            kinds,
            parts,
            uncertainty_factor: technology.factor,
            uncertainty: technology.uncertainty.clone(),
            sources: technology.sources.clone(),
            gates: None,
        }
    }

    /// Nanojoules an image of `kind` in `layer`.
    pub fn part(&self, layer: &str, kind: Kind) -> f64 {
        self.parts.iter().filter(|p| p.layer == layer && p.kind == kind).map(|p| p.nanojoules).sum()
    }

    /// Nanojoules an image of all kinds in `layer`.
    pub fn layer(&self, layer: &str) -> f64 {
        Kind::ALL.iter().map(|kind| self.part(layer, *kind)).sum()
    }

    /// The layers in the order of the stream, then what belongs to none.
    pub fn layers(&self) -> Vec<&str> {
        let mut layers: Vec<&str> = Vec::new();
        for part in &self.parts {
            if !layers.contains(&part.layer.as_str()) {
                layers.push(&part.layer);
            }
        }
        layers
    }
}

/// Layer by layer in the order of the stream: what data move, then clock and leakage.
fn parts(measured: &Measured, technology: &Technology, setting: &Setting) -> Vec<Part> {
    let nodes: Vec<String> = setting.manifest.layers.iter().map(|l| l.node.clone()).collect();
    let sorted = parts::sort(&measured.activity, &setting.manifest.top, &nodes);
    let seconds = measured.cycles_per_image / (setting.clock_mhz * 1e6);
    let part = |layer: &str, kind, joules: f64, moved| Part {
        layer: layer.into(),
        kind,
        nanojoules: joules * 1e9 + 0.0,
        moved,
    };
    let mut parts = Vec::new();
    for layer in nodes.iter().map(String::as_str).chain([parts::STREAMS]) {
        let moved: Vec<(Kind, Moved)> =
            sorted.iter().filter(|(at, _)| at.0 == layer).map(|(at, m)| (at.1, *m)).collect();
        let dynamic =
            moved.iter().map(|(kind, m)| part(layer, *kind, technology.joules(m) / measured.images as f64, Some(*m)));
        parts.extend(dynamic);
        let clock: f64 = moved.iter().map(|(_, m)| technology.clock_joules(m)).sum();
        parts.push(part(layer, Kind::Clock, clock * measured.cycles_per_image, None));
        let leakage: f64 = moved.iter().map(|(_, m)| technology.leakage_watts(m)).sum();
        parts.push(part(layer, Kind::Leakage, leakage * seconds, None));
    }
    parts.push(part(DEVICE, Kind::Clock, technology.clock_base * measured.cycles_per_image, None));
    parts.push(part(DEVICE, Kind::Leakage, technology.base_leakage * seconds, None));
    parts
}

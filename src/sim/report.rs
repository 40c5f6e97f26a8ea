//! What a simulation found, for people and for machines.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::layers::LayerDifference;
use super::manifest::Manifest;
use super::run::Outcome;
use super::{Options, Simulator};

/// One output beat that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// Which stretch of the testbench's stimulus.
    pub pass: String,
    /// Image in the vector file.
    pub image: u32,
    /// Class whose beat it is.
    pub class: u32,
    /// `score`, `tlast`, `tuser` or `extra beat`.
    pub signal: String,
    /// What the interpreter says.
    pub expected: i64,
    /// What the hardware gave.
    pub found: i64,
}

/// A broken AXI4-Stream rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolError {
    /// Which stretch of the stimulus.
    pub pass: String,
    /// Cycle since the start.
    pub cycle: u64,
    /// What was broken.
    pub rule: String,
}

/// Where the design stood when no beat moved any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlock {
    /// Which stretch of the stimulus.
    pub pass: String,
    /// Cycle since the start.
    pub cycle: u64,
    /// The next pixel to send: its image ...
    pub in_image: u32,
    /// ... and its place in it.
    pub in_pixel: u32,
    /// The next score to come: its image ...
    pub out_image: u32,
    /// ... and its class.
    pub out_class: u32,
}

/// The result of `slimgate sim`: the `rtl` object of `report.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SimReport {
    /// Name of the design.
    pub design: String,
    /// Which simulator.
    pub simulator: Simulator,
    /// Nothing was wrong: scores, AXI rules, no deadlock, recovery.
    pub passed: bool,
    /// Images asked for.
    pub images: usize,
    /// Images that did not come out right, over all passes of the testbench.
    pub mismatches: u64,
    /// Images that went through the design, those of measurements and of the robustness tests included.
    pub image_runs: u64,
    /// Wrong output beats.
    pub wrong_beats: u64,
    /// Broken AXI4-Stream rules.
    pub protocol_errors: u64,
    /// Initiation interval, in cycles: (last tlast - first tlast) / (N - 1), no stalls, at least 16 images.
    pub cycles_per_image: Option<f64>,
    /// What the plan promised.
    pub planned_cycles_per_image: u64,
    /// First pixel accepted to last score taken, one image in an idle design.
    pub latency_cycles: Option<u64>,
    /// By node with lanes: useful MACs / (lanes x measured cycles an image), at most 1.
    pub lane_utilisation: BTreeMap<String, f64>,
    /// The layer whose planned cycles are the most.
    pub bottleneck: Option<String>,
    /// That layer's lane utilisation.
    pub bottleneck_utilisation: Option<f64>,
    /// Probability of a stall, on each stream.
    pub stall: f64,
    /// Seed of the stalls.
    pub seed: u64,
    /// Cycles simulated.
    pub cycles: u64,
    /// Simulated cycles a second of one process.
    pub cycles_per_second: Option<f64>,
    /// The first wrong beats.
    pub first_mismatches: Vec<Mismatch>,
    /// The first broken rules.
    pub first_protocol_errors: Vec<ProtocolError>,
    /// Where it hangs.
    pub deadlock: Option<Deadlock>,
    /// What Icarus' testbench printed.
    pub messages: Vec<String>,
    /// `--trace-layers`: the first layer that differs.
    pub first_wrong_layer: Option<LayerDifference>,
}

/// Differences and broken rules listed in full.
const LISTED: usize = 10;

impl SimReport {
    /// The report on `outcome`.
    pub fn new(manifest: &Manifest, images: usize, options: &Options, mut outcome: Outcome) -> Self {
        outcome.listed.truncate(LISTED);
        outcome.listed_protocol.truncate(LISTED);
        let interval =
            (outcome.interval_images > 0).then(|| outcome.interval_cycles as f64 / outcome.interval_images as f64);
        let utilisation = interval.map(|cycles| lane_utilisation(manifest, cycles)).unwrap_or_default();
        let bottleneck = manifest.layers.iter().filter(|l| l.lanes > 0).max_by_key(|l| l.cycles_per_image);
        Self {
            design: manifest.name.clone(),
            simulator: options.simulator,
            passed: outcome.passed(),
            images,
            mismatches: outcome.mismatches,
            image_runs: outcome.images,
            wrong_beats: outcome.wrong_beats,
            protocol_errors: outcome.protocol_errors,
            cycles_per_image: interval,
            planned_cycles_per_image: manifest.cycles_per_image,
            latency_cycles: u64::try_from(outcome.latency_cycles).ok(),
            bottleneck: bottleneck.map(|l| l.node.clone()),
            bottleneck_utilisation: bottleneck.and_then(|l| utilisation.get(&l.node).copied()),
            lane_utilisation: utilisation,
            stall: options.stall,
            seed: options.seed,
            cycles: outcome.cycles,
            cycles_per_second: (outcome.seconds > 0.0).then(|| outcome.cycles as f64 / outcome.seconds),
            first_mismatches: outcome.listed,
            first_protocol_errors: outcome.listed_protocol,
            deadlock: outcome.deadlock,
            messages: outcome.messages,
            first_wrong_layer: None,
        }
    }

    /// The earliest image known to be wrong, or at which it hangs.
    pub fn first_wrong_image(&self) -> Option<usize> {
        let wrong = self.first_mismatches.iter().map(|m| m.image);
        let hung = self.deadlock.iter().map(|d| d.out_image);
        wrong.chain(hung).min().map(|image| image as usize)
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: {} images in {:?}, {} mismatches\n",
            self.design, self.images, self.simulator, self.mismatches
        );
        if let Some(cycles) = self.cycles_per_image {
            let planned = self.planned_cycles_per_image;
            let ratio =
                if planned > 0 { format!(" ({:.1} %)", 100.0 * cycles / planned as f64) } else { String::new() };
            let _ = writeln!(text, "  cycles an image  {cycles:.1}, planned {planned}{ratio}");
        }
        if let Some(latency) = self.latency_cycles {
            let _ = writeln!(text, "  latency          {latency} cycles");
        }
        if let (Some(node), Some(used)) = (&self.bottleneck, self.bottleneck_utilisation) {
            let _ = writeln!(text, "  lane utilisation {:.1} % in the busiest layer, {node}", 100.0 * used);
        }
        if let Some(speed) = self.cycles_per_second {
            let _ = writeln!(
                text,
                "  simulated        {} cycles, {:.2} million a second and process",
                self.cycles,
                speed / 1e6
            );
        }
        self.faults(&mut text);
        text
    }

    /// One line for each thing that is wrong.
    fn faults(&self, text: &mut String) {
        for m in &self.first_mismatches {
            let Mismatch { pass, image, class, signal, expected, found } = m;
            let _ = writeln!(
                text,
                "  wrong: image {image}, class {class}: {signal} is {found}, expected {expected} (pass: {pass})"
            );
        }
        for e in &self.first_protocol_errors {
            let _ = writeln!(text, "  broken rule: cycle {}: {} (pass: {})", e.cycle, e.rule, e.pass);
        }
        if let Some(d) = &self.deadlock {
            let _ = writeln!(
                text,
                "  deadlock: cycle {} (pass: {}); next in: image {}, pixel {}; next out: image {}, class {}",
                d.cycle, d.pass, d.in_image, d.in_pixel, d.out_image, d.out_class
            );
        }
        for message in &self.messages {
            let _ = writeln!(text, "  wrong: {message}");
        }
        if let Some(layer) = &self.first_wrong_layer {
            let _ = writeln!(text, "  first wrong layer: {layer}");
        }
    }
}

fn lane_utilisation(manifest: &Manifest, cycles: f64) -> BTreeMap<String, f64> {
    let with_lanes = manifest.layers.iter().filter(|layer| layer.lanes > 0);
    with_lanes.map(|layer| (layer.node.clone(), layer.useful_macs as f64 / (layer.lanes as f64 * cycles))).collect()
}

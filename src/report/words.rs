//! What both reports say of a layer, a candidate, a simulation.

use super::model::{Candidate, Layer};
use super::show;
use crate::ablate::{Ablation, Row, Rule};
use crate::search::journal::Role;
use crate::sim::report::SimReport;

/// Channels before and after: `32 → 20`, or `20` where they are the same.
pub fn channels(layer: &Layer) -> String {
    match layer.channels_before.filter(|before| *before != layer.channels) {
        Some(before) => format!("{before} → {}", layer.channels),
        None => layer.channels.to_string(),
    }
}

/// `12 of 40`, or a dash without weights.
pub fn nonzeros(layer: &Layer) -> String {
    if layer.weights == 0 { "-".into() } else { format!("{} of {}", layer.nonzeros, layer.weights) }
}

/// Engine, folding, lanes, planned cycles and measured utilisation.
pub fn engine(layer: &Layer) -> [String; 5] {
    let Some(engine) = &layer.engine else { return std::array::from_fn(|_| "-".to_string()) };
    let bound = if engine.bound { "≤ " } else { "" };
    let folding = show::folding(&engine.folding);
    let used = show::or_dash(engine.lane_utilisation.map(show::percent));
    [engine.kind.clone(), folding, engine.lanes.to_string(), format!("{bound}{}", engine.planned_cycles), used]
}

/// What a candidate reduces; a preparation or a polish reduces nothing.
pub fn reduction(candidate: &Candidate) -> String {
    match candidate.entry.role {
        Role::Preparation => "(preparation)".into(),
        Role::Polish => "(fine-tuning)".into(),
        Role::Baseline | Role::Candidate => show::reduction(&candidate.entry),
    }
}

/// Whether a candidate was accepted; others are not judged.
pub fn verdict(candidate: &Candidate) -> &'static str {
    match (candidate.entry.role, candidate.entry.accepted) {
        (Role::Baseline | Role::Preparation, _) => "-",
        (_, true) => "yes",
        (_, false) => "no",
    }
}

/// One decimal, or a dash.
pub fn decimal(value: &Option<f64>) -> String {
    show::or_dash(value.map(|value| format!("{value:.1}")))
}

/// `96.2 % (conv2)`.
pub fn busiest(report: &SimReport) -> String {
    let used = report.bottleneck_utilisation.map(show::percent);
    show::or_dash(used.map(|used| format!("{used} ({})", show::or_dash(report.bottleneck.as_ref()))))
}

/// Under which rule a design of an ablation was planned.
pub fn rule(row: &Row) -> &'static str {
    match row.rule {
        Rule::EqualThroughput => "equal throughput",
        Rule::EqualLanes => "equal lanes",
    }
}

/// Cycles an image, measured where they were.
pub fn cycles(row: &Row) -> String {
    row.cycles_per_image.map_or_else(|| row.planned_cycles_per_image.to_string(), |cycles| format!("{cycles:.1}"))
}

/// What the cycles of an ablation are, and what became of its images.
pub fn simulated(ablation: &Ablation) -> &'static str {
    if ablation.simulated() { "measured by simulation, all images bit-exact" } else { "planned; no design made yet" }
}

/// LUTs, synthesized where they were.
pub fn luts(row: &Row) -> String {
    row.synthesized.as_ref().map_or_else(|| format!("{:.0}", row.estimated.lut), |cost| cost.lut.to_string())
}

/// Multiplier blocks, synthesized where they were.
pub fn dsps(row: &Row) -> String {
    row.synthesized.as_ref().map_or_else(|| format!("{:.0}", row.estimated.dsp), |cost| cost.dsp.to_string())
}

/// Energy an image, or a dash.
pub fn nanojoules(row: &Row) -> String {
    show::or_dash(row.energy.as_ref().map(|e| show::three_digits(e.nanojoules)))
}

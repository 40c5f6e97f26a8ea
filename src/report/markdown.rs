//! `report.md`.

use anyhow::Result;
use askama::Template;

use super::model::{Candidate, Layer, Report};
use super::show;
use crate::search::journal::Role;
use crate::sim::report::SimReport;

#[derive(Template)]
#[template(path = "report.md", syntax = "verilog")]
struct Page<'a> {
    report: &'a Report,
}

/// The report as Markdown.
///
/// # Errors
/// Where the template cannot be filled.
pub fn text(report: &Report) -> Result<String> {
    Ok(Page { report }.render()? + "\n")
}

impl Page<'_> {
    /// Channels before and after: `32 → 20`, or `20` where they are the same.
    fn channels(&self, layer: &Layer) -> String {
        match layer.channels_before.filter(|before| *before != layer.channels) {
            Some(before) => format!("{before} → {}", layer.channels),
            None => layer.channels.to_string(),
        }
    }

    /// `12 of 40`, or a dash without weights.
    fn nonzeros(&self, layer: &Layer) -> String {
        if layer.weights == 0 { "-".into() } else { format!("{} of {}", layer.nonzeros, layer.weights) }
    }

    /// Engine, folding, lanes, planned cycles and measured utilisation, as cells of a table.
    fn engine(&self, layer: &Layer) -> String {
        let Some(engine) = &layer.engine else { return "- | - | - | - | -".into() };
        let bound = if engine.bound { "≤ " } else { "" };
        let folding = show::folding(&engine.folding);
        let used = show::or_dash(engine.lane_utilisation.map(show::percent));
        format!("{} | {folding} | {} | {bound}{} | {used}", engine.kind, engine.lanes, engine.planned_cycles)
    }

    /// What a candidate reduces; a preparation or a polish reduces nothing.
    fn reduction(&self, candidate: &Candidate) -> String {
        match candidate.entry.role {
            Role::Preparation => "(preparation)".into(),
            Role::Polish => "(fine-tuning)".into(),
            Role::Baseline | Role::Candidate => show::reduction(&candidate.entry),
        }
    }

    fn verdict(&self, candidate: &Candidate) -> &'static str {
        match (candidate.entry.role, candidate.entry.accepted) {
            (Role::Baseline | Role::Preparation, _) => "-",
            (_, true) => "yes",
            (_, false) => "no",
        }
    }

    fn decimal(&self, value: &Option<f64>) -> String {
        show::or_dash(value.map(|value| format!("{value:.1}")))
    }

    /// `96.2 % (conv2)`.
    fn busiest(&self, report: &SimReport) -> String {
        let used = report.bottleneck_utilisation.map(show::percent);
        show::or_dash(used.map(|used| format!("{used} ({})", show::or_dash(report.bottleneck.as_ref()))))
    }
}

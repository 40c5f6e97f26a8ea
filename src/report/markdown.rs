//! `report.md`.

use anyhow::Result;
use askama::Template;

use super::model::Report;
use super::{show, words};
use crate::power::parts::Kind;

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
    /// Every kind of energy and its name.
    fn kinds(&self) -> [(Kind, &'static str); 6] {
        Kind::ALL.map(|kind| (kind, kind.name()))
    }
}

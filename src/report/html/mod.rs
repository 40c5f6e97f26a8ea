//! `report.html`: one self-contained file, no script and nothing from the network.

mod plots;
mod sparsity;

use anyhow::Result;
use askama::Template;

use self::sparsity::Picture;
use super::model::{Layer, Report};
use super::{show, words};
use crate::network::Network;

#[derive(Template)]
#[template(path = "report.html", syntax = "verilog")]
struct Page<'a> {
    report: &'a Report,
    search_path: String,
    pictures: Vec<Picture>,
    /// Layers with an engine, for the pipeline.
    engines: Vec<&'a Layer>,
}

/// The report as HTML; `network` is the final one.
///
/// # Errors
/// Where a plot or the page cannot be made.
pub fn text(report: &Report, network: &Network) -> Result<String> {
    let page = Page {
        report,
        search_path: plots::search_path(report)?,
        pictures: sparsity::pictures(network)?,
        engines: report.layers.iter().filter(|l| l.engine.is_some()).collect(),
    };
    Ok(page.render()? + "\n")
}

impl Page<'_> {
    /// Colour of a stage as CSS has it.
    fn colour(&self, stage: &str) -> String {
        let c = plots::colour(stage);
        format!("#{:02x}{:02x}{:02x}", c.0, c.1, c.2)
    }

    /// Width of a bar in percent.
    fn share(&self, part: u64, whole: u64) -> String {
        format!("{:.1}", 100.0 * part as f64 / whole.max(1) as f64)
    }

    /// Planned cycles of a layer's engine.
    fn cycles(&self, layer: &Layer) -> u64 {
        layer.engine.as_ref().map_or(0, |e| e.planned_cycles)
    }

    /// Cycles an image of the whole design.
    fn pace(&self) -> u64 {
        self.report.hardware.as_ref().map_or(0, |h| h.planned_cycles_per_image)
    }

    /// Rows of a picture on the page: a narrow matrix is drawn higher, so that one sees something.
    fn picture_rows(&self, picture: &Picture) -> usize {
        picture.rows.max(picture.columns / 16)
    }

    fn most_stored(&self) -> u64 {
        self.report.layers.iter().map(|l| l.stored_bits).max().unwrap_or(0)
    }
}

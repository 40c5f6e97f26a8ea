//! `report.html`: one self-contained file, no script and nothing from the network.

mod bars;
mod gallery;
mod plots;
mod sparsity;
mod timeline;

use anyhow::Result;
use askama::Template;

use self::bars::Comparison;
use self::gallery::Gallery;
use self::sparsity::Picture;
use super::model::{Layer, Report};
use super::{show, words};
use crate::config::RunConfig;
use crate::network::Network;
use crate::power::parts::Kind;

#[derive(Template)]
#[template(path = "report.html", syntax = "verilog")]
struct Page<'a> {
    report: &'a Report,
    search_path: String,
    pictures: Vec<Picture>,
    /// Layers with an engine, for the pipeline.
    engines: Vec<&'a Layer>,
    /// When each of them works on the first images.
    timeline: Option<String>,
    /// Energy by layer, stacked by kind.
    energy: Option<String>,
    comparisons: Vec<Comparison>,
    gallery: Option<Gallery>,
}

/// The report as HTML; `network` is the final one, `config` says where its images are.
///
/// # Errors
/// Where a plot or the page cannot be made.
pub fn text(report: &Report, network: &Network, config: &RunConfig) -> Result<String> {
    let engines: Vec<&Layer> = report.layers.iter().filter(|l| l.engine.is_some()).collect();
    let pace = report.hardware.as_ref().map_or(0, |h| h.planned_cycles_per_image);
    let page = Page {
        report,
        timeline: timeline::timeline(&engines, pace)?,
        search_path: plots::search_path(report)?,
        pictures: sparsity::pictures(network)?,
        engines,
        energy: report.power.as_ref().map(bars::energy).transpose()?,
        comparisons: report.ablation.as_ref().map(bars::comparisons).transpose()?.unwrap_or_default(),
        gallery: gallery::gallery(config, network)?,
    };
    Ok(page.render()? + "\n")
}

impl Page<'_> {
    /// Colour of a stage as CSS has it.
    fn colour(&self, stage: &str) -> String {
        css(plots::colour(stage))
    }

    /// Colour and name of every kind of energy, for a legend.
    fn kinds(&self) -> [(String, &'static str); 6] {
        Kind::ALL.map(|kind| (css(bars::kind_colour(kind)), kind.name()))
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

fn css(colour: plotters::style::RGBColor) -> String {
    format!("#{:02x}{:02x}{:02x}", colour.0, colour.1, colour.2)
}

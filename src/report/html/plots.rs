//! The report's plots, as SVG. Colours that must follow the page's theme are placeholders, which its style sheet
//! replaces (`svg [fill="#101010"]`): SVG's own attributes rank below any rule.

use std::ops::Range;

use anyhow::{Result, anyhow};
use plotters::chart::ChartContext;
use plotters::coord::combinators::LogCoord;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::report::model::{Candidate, Report};
use crate::search::journal::Role;

/// Text.
pub const INK: RGBColor = RGBColor(0x10, 0x10, 0x10);
/// Axes and grid.
pub const LINE: RGBColor = RGBColor(0xd0, 0xd0, 0xd0);
/// The target.
const TARGET: RGBColor = RGBColor(0xd6, 0x27, 0x28);

const SIZE: (u32, u32) = (860, 380);

/// Colour of a stage, the same in plots and tables.
pub fn colour(stage: &str) -> RGBColor {
    match stage {
        "iq" => RGBColor(0x1f, 0x77, 0xb4),
        "ns" => RGBColor(0x2c, 0xa0, 0x2c),
        "dc" => RGBColor(0xff, 0x7f, 0x0e),
        "polish" | "final" => RGBColor(0x94, 0x67, 0xbd),
        _ => RGBColor(0x7f, 0x7f, 0x7f),
    }
}

/// Accuracy against size: a point for every network, filled where it was accepted, large where it left a stage; the line
/// joins the networks that were kept.
///
/// # Errors
/// Where the plot cannot be drawn.
pub fn search_path(report: &Report) -> Result<String> {
    let points = &report.search.candidates;
    let target = 100.0 * report.search.target_val_accuracy;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let (sizes, accuracies) = ranges(points, target);
        let mut chart = ChartBuilder::on(&root)
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(60)
            .build_cartesian_2d(sizes.clone().log_scale(), accuracies)
            .map_err(wrong)?;
        axes(&mut chart, "times smaller than the 32-bit float network (stored_bits)", "validation accuracy, %")?;
        let across = [(sizes.start, target), (sizes.end, target)];
        chart.draw_series(LineSeries::new(across, TARGET.stroke_width(1))).map_err(wrong)?;
        let kept = points.iter().filter(|c| c.kept.is_some()).map(place);
        chart.draw_series(LineSeries::new(kept, INK.stroke_width(2))).map_err(wrong)?;
        let dot = |c: &Candidate| {
            let colour = colour(&c.entry.stage);
            let refused = c.entry.role == Role::Candidate && !c.entry.accepted;
            let style = if refused { colour.stroke_width(2) } else { colour.filled() };
            Circle::new(place(c), if c.kept.is_some() { 7 } else { 4 }, style)
        };
        chart.draw_series(points.iter().map(dot)).map_err(wrong)?;
        root.present().map_err(wrong)?;
    }
    Ok(svg)
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<LogCoord<f64>, RangedCoordf64>>;

fn axes(chart: &mut Chart, x: &str, y: &str) -> Result<()> {
    let text = ("sans-serif", 14).into_font().color(&INK);
    let mut mesh = chart.configure_mesh();
    mesh.axis_style(LINE).bold_line_style(LINE).light_line_style(TRANSPARENT);
    mesh.label_style(text.clone()).axis_desc_style(text).x_desc(x).y_desc(y);
    // Labels of 1, 2, 3 and 5 in each decade: the others would touch.
    let times = |x: &f64| {
        let digit = (x / 10f64.powf((x.log10() + 1e-9).floor())).round() as u32;
        if [1, 2, 3, 5].contains(&digit) { format!("{x:.0} x") } else { String::new() }
    };
    mesh.x_label_formatter(&times).y_label_formatter(&|y| format!("{y:.1}"));
    mesh.draw().map_err(wrong)
}

/// Where a network stands: times smaller, validation accuracy in %.
fn place(candidate: &Candidate) -> (f64, f64) {
    (candidate.times_smaller, 100.0 * candidate.entry.val_accuracy)
}

/// Ranges of both axes, with a little room around the points and the target.
fn ranges(points: &[Candidate], target: f64) -> (Range<f64>, Range<f64>) {
    let (sizes, accuracies): (Vec<f64>, Vec<f64>) = points.iter().map(place).unzip();
    let most = sizes.iter().copied().fold(2.0, f64::max);
    let highest = accuracies.iter().copied().fold(target, f64::max);
    let lowest = accuracies.iter().copied().fold(target, f64::min);
    (0.9..most * 1.15, lowest - 0.1 * (highest - lowest).max(0.5)..highest + 0.1 * (highest - lowest).max(0.5))
}

/// What could not be drawn.
pub fn wrong(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("drawing the report's plot: {error}")
}

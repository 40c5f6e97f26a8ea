//! The study's pictures, as SVG.

use std::ops::Range;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::record::{GridFound, Study};
use super::search::Searched;
use crate::search::bench::Measured;

const SIZE: (u32, u32) = (860, 400);
const INK: RGBColor = RGBColor(0x10, 0x10, 0x10);
const LINE: RGBColor = RGBColor(0xd0, 0xd0, 0xd0);
const CLOUD: RGBColor = RGBColor(0x1f, 0x77, 0xb4);
const PATH: RGBColor = RGBColor(0xff, 0x7f, 0x0e);
const TARGET: RGBColor = RGBColor(0xd6, 0x27, 0x28);
/// Points of accuracy below the target down to which the grid is shown.
const SHOWN: f64 = 15.0;

/// Stored bits by order: a point a seed, a bar at the mean.
///
/// # Errors
/// Where the plot cannot be drawn.
pub fn orders(study: &Study) -> Result<String> {
    let kbit = |bits: f64| bits / 1e3;
    let most = study.orders.iter().map(|order| kbit(order.stored_bits.max)).fold(1.0, f64::max);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(wrong)?;
        let columns = study.orders.len() as f64;
        let mut chart = ChartBuilder::on(&root)
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(70)
            .build_cartesian_2d(-0.5..columns - 0.5, 0.0..1.1 * most)
            .map_err(wrong)?;
        let name = |x: &f64| {
            let order = study.orders.get(x.round() as usize).filter(|_| (x - x.round()).abs() < 1e-6 && *x >= 0.0);
            order.map_or_else(String::new, |order| order.order.join(", "))
        };
        let text = ("sans-serif", 14).into_font().color(&INK);
        let mut mesh = chart.configure_mesh();
        mesh.disable_x_mesh().axis_style(LINE).bold_line_style(LINE).light_line_style(TRANSPARENT);
        mesh.label_style(text.clone()).axis_desc_style(text);
        mesh.x_labels(2 * study.orders.len()).x_label_formatter(&name);
        mesh.x_desc("order of the stages").y_desc("stored, kbit (a point a seed; the line is their mean)");
        mesh.draw().map_err(wrong)?;
        for (i, order) in study.orders.iter().enumerate() {
            let x = i as f64;
            let mean = kbit(order.stored_bits.mean);
            let bar = [(x - 0.25, mean), (x + 0.25, mean)];
            chart.draw_series(LineSeries::new(bar, INK.stroke_width(2))).map_err(wrong)?;
            let of_order = study.searches.iter().filter(|search| search.order == order.order);
            let dot = |bits: f64, met: bool| {
                let style = if met { CLOUD.filled() } else { CLOUD.stroke_width(2) };
                Circle::new((x, kbit(bits)), 5, style)
            };
            let dots = of_order.map(|search| dot(search.found.stored_bits as f64, search.found.met));
            chart.draw_series(dots).map_err(wrong)?;
        }
        root.present().map_err(wrong)?;
    }
    Ok(svg)
}

/// Validation accuracy against stored bits: every combination of the grid, its best network, and a margin search: the
/// networks that left its stages, joined, and the final one. Combinations far below the target are left out.
///
/// # Errors
/// Where the plot cannot be drawn.
pub fn grid(cloud: &[Measured], best: &GridFound, margin: Option<&Searched>) -> Result<String> {
    let place = |bits: u64, accuracy: f64| (bits as f64 / 1e3, 100.0 * accuracy);
    let of = |network: &Measured| place(network.stored_bits, network.accuracy);
    let target = 100.0 * best.found.target_val_accuracy;
    let points: Vec<(f64, f64)> = cloud.iter().map(of).filter(|p| p.1 >= target - SHOWN).collect();
    let chosen = place(best.found.stored_bits, best.found.val_accuracy);
    let path: Vec<(f64, f64)> = margin.map_or_else(Vec::new, |searched| {
        let stages = searched.outcome.search.stages.iter().map(|stage| of(&stage.network));
        stages.chain([of(&searched.outcome.network)]).collect()
    });
    let all: Vec<(f64, f64)> = points.iter().chain(&path).chain([&chosen]).copied().collect();
    let (sizes, accuracies) = (range(all.iter().map(|p| p.0)), range(all.iter().map(|p| p.1)));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(wrong)?;
        let mut chart = ChartBuilder::on(&root)
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(60)
            .build_cartesian_2d(
                (0.9 * sizes.start..1.1 * sizes.end).log_scale(),
                accuracies.start..accuracies.end + 1.0,
            )
            .map_err(wrong)?;
        let text = ("sans-serif", 14).into_font().color(&INK);
        let mut mesh = chart.configure_mesh();
        mesh.axis_style(LINE).bold_line_style(LINE).light_line_style(TRANSPARENT);
        mesh.label_style(text.clone()).axis_desc_style(text);
        mesh.x_desc("stored, kbit: the grid (blue; its best: red ring), margin search (orange)");
        mesh.y_desc("validation accuracy, %").x_label_formatter(&|x| format!("{x:.0}"));
        mesh.draw().map_err(wrong)?;
        let across = [(0.9 * sizes.start, target), (1.1 * sizes.end, target)];
        chart.draw_series(LineSeries::new(across, TARGET.stroke_width(1))).map_err(wrong)?;
        chart.draw_series(points.iter().map(|&p| Circle::new(p, 2, CLOUD.mix(0.5).filled()))).map_err(wrong)?;
        chart.draw_series([Circle::new(chosen, 8, TARGET.stroke_width(2))]).map_err(wrong)?;
        chart.draw_series(LineSeries::new(path.clone(), PATH.stroke_width(2))).map_err(wrong)?;
        chart.draw_series(path.iter().map(|&p| Circle::new(p, 5, PATH.filled()))).map_err(wrong)?;
        root.present().map_err(wrong)?;
    }
    Ok(svg)
}

/// From the least to the most, never empty.
fn range(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    if least < most { least..most } else { 0.9 * least..1.1 * most + 1e-3 }
}

fn wrong(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("drawing the study's plot: {error}")
}

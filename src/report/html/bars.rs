//! Bars: one a row, stacked of parts, drawn as SVG.

use anyhow::Result;
use plotters::prelude::*;

use super::plots::{INK, LINE, wrong};
use crate::ablate::{Ablation, Row, Rule};
use crate::power::estimate::Estimate;
use crate::power::parts::Kind;

/// One row: its name, and lengths with their colours from left to right.
struct Bar {
    name: String,
    parts: Vec<(f64, RGBColor)>,
}

const WIDTH: i32 = 860;
const ROW: i32 = 26;
const LEFT: i32 = 150;
const RIGHT: i32 = 110;

/// Colour of a kind, the same in plots and legend.
pub fn kind_colour(kind: Kind) -> RGBColor {
    match kind {
        Kind::Compute => RGBColor(0x1f, 0x77, 0xb4),
        Kind::WeightMemory => RGBColor(0x2c, 0xa0, 0x2c),
        Kind::LineBuffers => RGBColor(0xff, 0x7f, 0x0e),
        Kind::Activations => RGBColor(0x94, 0x67, 0xbd),
        Kind::Clock => RGBColor(0x8c, 0x56, 0x4b),
        Kind::Leakage => RGBColor(0x7f, 0x7f, 0x7f),
    }
}

/// Energy an image: a bar a layer, stacked by kind.
///
/// # Errors
/// Where the plot cannot be drawn.
pub fn energy(estimate: &Estimate) -> Result<String> {
    let bar = |layer: &str| Bar {
        name: layer.into(),
        parts: Kind::ALL.map(|kind| (estimate.part(layer, kind), kind_colour(kind))).into(),
    };
    draw(&estimate.layers().into_iter().map(bar).collect::<Vec<_>>(), "nJ")
}

/// One figure of an ablation's designs, and where it comes from.
pub struct Comparison {
    /// What is compared, under which rule, from which source.
    pub title: String,
    /// The bars.
    pub svg: String,
    /// True where the bars are stacked by kind.
    pub by_kind: bool,
}

/// The designs of each rule beside each other: cycles, LUTs and, where it was estimated, energy.
///
/// # Errors
/// Where a plot cannot be drawn.
pub fn comparisons(ablation: &Ablation) -> Result<Vec<Comparison>> {
    let tool = ablation
        .tool
        .as_deref()
        .map_or("estimated by the planner's resource model".into(), |t| format!("measured by synthesis, {t}"));
    let mut all = Vec::new();
    for (rule, name) in [(Rule::EqualThroughput, "equal throughput"), (Rule::EqualLanes, "equal lanes")] {
        let rows: Vec<&Row> = ablation.rows.iter().filter(|row| row.rule == rule).collect();
        if rows.is_empty() {
            continue;
        }
        let one = |value: &dyn Fn(&Row) -> f64| -> Vec<Bar> {
            let bar =
                |row: &&Row| Bar { name: row.variant.clone(), parts: vec![(value(row), kind_colour(Kind::Compute))] };
            rows.iter().map(bar).collect()
        };
        let mut add = |what: String, bars: Vec<Bar>, unit: &str, by_kind: bool| -> Result<()> {
            all.push(Comparison { title: format!("{what}, {name}"), svg: draw(&bars, unit)?, by_kind });
            Ok(())
        };
        let source = if ablation.simulated() { "measured by simulation" } else { "planned" };
        add(format!("cycles an image ({source})"), one(&Row::cycles), "cycles", false)?;
        let luts = |row: &Row| row.synthesized.as_ref().map_or(row.estimated.lut, |cost| cost.lut as f64);
        add(format!("LUTs ({tool})"), one(&luts), "LUT", false)?;
        let stack = |row: &&Row| {
            let kinds = &row.energy.as_ref()?.kinds;
            let parts = Kind::ALL.map(|kind| (kinds.get(&kind).copied().unwrap_or(0.0), kind_colour(kind))).into();
            Some(Bar { name: row.variant.clone(), parts })
        };
        if let Some(bars) = rows.iter().map(stack).collect::<Option<Vec<Bar>>>().filter(|_| ablation.power.is_some()) {
            add("energy an image (estimated by the power model)".into(), bars, "nJ", true)?;
        }
    }
    Ok(all)
}

fn draw(bars: &[Bar], unit: &str) -> Result<String> {
    let most = bars.iter().map(Bar::total).fold(f64::MIN_POSITIVE, f64::max);
    let height = ROW * i32::try_from(bars.len())? + 8;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH as u32, height as u32)).into_drawing_area();
        let text = ("sans-serif", 14).into_font().color(&INK);
        let x = |value: f64| LEFT + (value / most * f64::from(WIDTH - LEFT - RIGHT)).round() as i32;
        root.draw(&PathElement::new([(LEFT, 0), (LEFT, height)], LINE)).map_err(wrong)?;
        for (bar, top) in bars.iter().zip((4..).step_by(ROW as usize)) {
            let mut from = 0.0;
            root.draw(&Text::new(bar.name.clone(), (4, top + 5), text.clone())).map_err(wrong)?;
            for (length, colour) in &bar.parts {
                let corners = [(x(from), top + 2), (x(from + length), top + ROW - 4)];
                root.draw(&Rectangle::new(corners, colour.filled())).map_err(wrong)?;
                from += length;
            }
            let figure = format!("{} {unit}", crate::report::show::three_digits(from));
            root.draw(&Text::new(figure, (x(from) + 6, top + 5), text.clone())).map_err(wrong)?;
        }
        root.present().map_err(wrong)?;
    }
    Ok(svg)
}

impl Bar {
    fn total(&self) -> f64 {
        self.parts.iter().map(|(length, _)| length).sum()
    }
}

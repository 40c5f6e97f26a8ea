//! The pipeline's timeline as SVG: a row an engine, a bar an image.

use anyhow::Result;
use plotters::prelude::*;

use super::plots::{INK, LINE, wrong};
use crate::report::model::Layer;
use crate::report::show;

const WIDTH: i32 = 860;
const ROW: i32 = 30;
const BAR: i32 = 7;
const LEFT: i32 = 150;
const RIGHT: i32 = 40;
const TOP: i32 = 22;
/// Of the images, in turn.
const COLOURS: [RGBColor; 3] = [RGBColor(0x1f, 0x77, 0xb4), RGBColor(0xff, 0x7f, 0x0e), RGBColor(0x2c, 0xa0, 0x2c)];

/// When each engine works on the first images; a line where each image enters, `pace` cycles apart. `None` without a design.
///
/// # Errors
/// Where the plot cannot be drawn.
pub fn timeline(layers: &[&Layer], pace: u64) -> Result<Option<String>> {
    let engines = layers.iter().filter_map(|layer| Some((layer.name.as_str(), &layer.engine.as_ref()?.timeline)));
    let rows: Vec<(&str, &Vec<[u64; 2]>)> = engines.filter(|(_, spans)| !spans.is_empty()).collect();
    let Some(last) = rows.iter().flat_map(|(_, spans)| spans.iter()).map(|span| span[1]).max() else {
        return Ok(None);
    };
    let height = TOP + ROW * i32::try_from(rows.len())? + 6;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH as u32, height as u32)).into_drawing_area();
        let text = ("sans-serif", 13).into_font().color(&INK);
        let x = |cycle: u64| LEFT + (cycle as f64 / last as f64 * f64::from(WIDTH - LEFT - RIGHT)).round() as i32;
        for image in 0..COLOURS.len() as u64 {
            let at = x(image * pace);
            root.draw(&PathElement::new([(at, TOP - 4), (at, height)], LINE)).map_err(wrong)?;
            root.draw(&Text::new(show::count(image * pace), (at + 2, 3), text.clone())).map_err(wrong)?;
        }
        for ((name, spans), top) in rows.iter().zip((TOP..).step_by(ROW as usize)) {
            root.draw(&Text::new((*name).to_string(), (4, top + 7), text.clone())).map_err(wrong)?;
            for ((span, colour), top) in spans.iter().zip(COLOURS).zip((top + 2..).step_by(BAR as usize + 1)) {
                let corners = [(x(span[0]), top), (x(span[1]).max(x(span[0]) + 1), top + BAR)];
                root.draw(&Rectangle::new(corners, colour.filled())).map_err(wrong)?;
            }
        }
        root.present().map_err(wrong)?;
    }
    Ok(Some(svg))
}

//! `--trace-layers`: every layer's output beats against the interpreter, to name the first that differs.
//!
//! The design is built with the macro `SLIMGATE_PROBES`; then a cell `sg_probe` on each layer's output writes
//! `trace/<node>.hex`, one line a beat.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::Options;
use super::harness;
use super::manifest::{Layer, Manifest, Stream};
use super::run::{self, Job};
use super::vectors::Vectors;
use crate::network::interp::Interpreter;

/// The first value of a layer that is not what the interpreter says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerDifference {
    /// Node of the network.
    pub node: String,
    /// Image in the vector file.
    pub image: usize,
    /// Row of the pixel.
    pub row: usize,
    /// Column of the pixel.
    pub column: usize,
    /// Channel.
    pub channel: usize,
    /// What the interpreter says.
    pub expected: i64,
    /// What the layer gave; none where the beat never came or held an X.
    pub found: Option<i64>,
}

impl fmt::Display for LayerDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, image, row, column, channel, expected, found } = self;
        let found = found.map_or("missing".to_owned(), |value| value.to_string());
        write!(f, "{node}: image {image}, row {row}, column {column}, channel {channel}: {found}, expected {expected}")
    }
}

/// Images before the one at fault that a probed run starts with.
const RUN_UP: usize = 7;

/// Runs the design with probes over the images up to `last` and gives the first layer, in stream order, that differs.
///
/// # Errors
/// When the simulation cannot be built or run, or a layer of the manifest is no node of the network.
pub fn first_difference(
    dir: &Path,
    manifest: &Manifest,
    interpreter: &Interpreter,
    vectors: &Vectors,
    options: &Options,
    last: usize,
) -> anyhow::Result<Option<LayerDifference>> {
    let last = last.min(vectors.images() - 1);
    let first = last.saturating_sub(RUN_UP);
    let file = run::write_vectors(dir, vectors)?;
    let options = Options { wave: None, ..options.clone() };
    let binary = harness::build(dir, &file, &options, true)?;
    let folder = dir.join("trace");
    fs::create_dir_all(&folder).with_context(|| format!("cannot write {}", folder.display()))?;
    let job = Job { first, count: last - first + 1, main_only: true, robustness: false };
    run::run(dir, &binary, &file, manifest, &options, job)?;
    let expected: Vec<BTreeMap<_, _>> =
        (first..=last).map(|image| interpreter.trace(vectors.image(image)).into_iter().collect()).collect();
    for layer in &manifest.layers {
        let path = folder.join(format!("{}.hex", layer.node));
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{}: the design has no probe on this layer", path.display()))?;
        let values = expected.iter().map(|trace| trace.get(&layer.node).map(Vec::as_slice));
        let values: Option<Vec<&[i32]>> = values.collect();
        let values =
            values.with_context(|| format!("layer {} of the manifest is no node of the network", layer.node))?;
        if let Some(mut difference) = compare(layer, &text, &values) {
            difference.image += first;
            return Ok(Some(difference));
        }
    }
    Ok(None)
}

/// Where the beats in `text` first differ from `expected` (an image each, HWC order).
fn compare(layer: &Layer, text: &str, expected: &[&[i32]]) -> Option<LayerDifference> {
    let Stream { lanes, bits, signed, channels, width, .. } = layer.out;
    let beats_a_pixel = channels.div_ceil(lanes);
    let mut beats = text.lines();
    for (image, values) in expected.iter().enumerate() {
        for (pixel, values) in values.chunks(channels).enumerate() {
            for beat in 0..beats_a_pixel {
                let line = beats.next().unwrap_or("");
                for (lane, &value) in values.iter().skip(beat * lanes).take(lanes).enumerate() {
                    let found = lane_value(line, lane, bits, signed);
                    if found != Some(i64::from(value)) {
                        return Some(LayerDifference {
                            node: layer.node.clone(),
                            image,
                            row: pixel / width,
                            column: pixel % width,
                            channel: beat * lanes + lane,
                            expected: i64::from(value),
                            found,
                        });
                    }
                }
            }
        }
    }
    None
}

/// The value of one lane in a beat's hexadecimal text; none where a digit is missing or X.
fn lane_value(line: &str, lane: usize, bits: u32, signed: bool) -> Option<i64> {
    let digits = line.trim().as_bytes();
    let bit = |at: usize| -> Option<u64> {
        let digit = char::from(*digits.get(digits.len().checked_sub(1 + at / 4)?)?).to_digit(16)?;
        Some(u64::from(digit >> (at % 4) & 1))
    };
    let start = lane * bits as usize;
    let mut value = 0;
    for i in 0..bits as usize {
        value |= bit(start + i)? << i;
    }
    let negative = signed && value >> (bits - 1) & 1 == 1;
    Some(if negative { value.wrapping_sub(1 << (bits - 1) << 1) as i64 } else { value as i64 })
}

/// Few images run with probes, so a quick build serves.
pub fn probe_options(options: &Options) -> Options {
    let optimize = options.optimize.min(1);
    Options { optimize, ..options.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(lanes: usize, bits: u32, signed: bool, channels: usize) -> Layer {
        let out = Stream { lanes, bits, signed, channels, height: 1, width: 2 };
        Layer { node: "n".into(), out, lanes: 1, useful_macs: 0, cycles_per_image: 0 }
    }

    #[test]
    fn lanes_are_cut_out_of_a_beat() {
        // Lanes of 5 bits, lane 0 lowest: 0b10111_00001.
        assert_eq!(lane_value("2e1", 0, 5, false), Some(1));
        assert_eq!(lane_value("2e1", 1, 5, false), Some(23));
        assert_eq!(lane_value("2e1", 1, 5, true), Some(-9));
        assert_eq!(lane_value("x1", 0, 5, false), None);
        assert_eq!(lane_value("", 0, 5, false), None);
        assert_eq!(lane_value("ffffffffffffffff", 0, 64, true), Some(-1));
    }

    #[test]
    fn the_first_difference_is_named() {
        // Two pixels of three channels, two lanes of four bits: beats 21, 03 | 54, 06.
        let layer = layer(2, 4, false, 3);
        let values: [i32; 6] = [1, 2, 3, 4, 5, 6];
        assert_eq!(compare(&layer, "21\n03\n54\n06\n", &[&values]), None);
        let wrong = compare(&layer, "21\n03\n74\n06\n", &[&values]).unwrap();
        assert_eq!((wrong.row, wrong.column, wrong.channel), (0, 1, 1));
        assert_eq!((wrong.expected, wrong.found), (5, Some(7)));
        let missing = compare(&layer, "21\n03\n54\n", &[&values]).unwrap();
        assert_eq!((missing.channel, missing.found), (2, None));
    }
}

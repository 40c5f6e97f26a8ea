//! What a design folder says about itself: the part of `manifest.json` that simulation reads.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::InputError;
use crate::network::graph::{InputSpec, Shape};

/// File in a design's folder.
pub const MANIFEST: &str = "manifest.json";

/// The stream a layer gives: raster order, `ceil(channels / lanes)` beats a pixel.
#[derive(Debug, Clone, Deserialize)]
pub struct Stream {
    /// Values in one beat, lane 0 in the low bits.
    pub lanes: usize,
    /// Bits of one value.
    pub bits: u32,
    /// Two's complement.
    pub signed: bool,
    /// Channels of a pixel.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// One engine of the design.
#[derive(Debug, Clone, Deserialize)]
pub struct Layer {
    /// Node of the network whose result this engine gives.
    pub node: String,
    /// Its output stream.
    pub out: Stream,
    /// Multiply-accumulate lanes; 0 for an engine without any.
    #[serde(default)]
    pub lanes: u64,
    /// Multiply-accumulates an image that the network asks for.
    #[serde(default)]
    pub useful_macs: u64,
    /// Planned cycles an image (a bound where skipped zeros decide).
    #[serde(default)]
    pub cycles_per_image: u64,
}

/// A generated design.
#[derive(Debug, Clone, Deserialize)]
pub struct Manifest {
    /// Name of the design and of the network.
    pub name: String,
    /// Top module.
    pub top: String,
    /// The image that enters.
    pub input: InputSpec,
    /// Scores an image.
    pub classes: usize,
    /// The network it was generated from, as the path was given.
    #[serde(default)]
    pub network: Option<PathBuf>,
    /// SHA-256 of that network's files.
    #[serde(default)]
    pub network_sha256: Option<String>,
    /// Planned cycles an image.
    #[serde(default)]
    pub cycles_per_image: u64,
    /// Engines, in the order of the stream.
    #[serde(default)]
    pub layers: Vec<Layer>,
}

impl Manifest {
    /// Reads `dir/manifest.json`.
    ///
    /// # Errors
    /// [`InputError`] when there is none or it is no manifest.
    pub fn load(dir: &Path) -> Result<Self, InputError> {
        let file = dir.join(MANIFEST);
        let expected = "the folder that `slimgate rtl` wrote, with its manifest.json";
        let text = fs::read_to_string(&file).map_err(|err| InputError::io(&file, &err, expected))?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|err| InputError::file(&file, err.to_string(), "a manifest as `slimgate rtl` writes it"))?;
        if manifest.classes == 0 {
            return Err(InputError::new("classes", "0", "at least one class").in_file(&file));
        }
        Ok(manifest)
    }

    /// `[C, H, W]` of the image that enters.
    pub fn shape(&self) -> Shape {
        Shape { c: self.input.channels, h: self.input.height, w: self.input.width }
    }
}

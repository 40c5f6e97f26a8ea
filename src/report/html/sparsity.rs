//! Pictures of weight matrices: a pixel a weight, so that one sees which columns and rows are left.

use std::io::Cursor;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{GrayAlphaImage, ImageFormat, LumaA};

use crate::network::Network;

/// One layer's picture.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Layer.
    pub node: String,
    /// Rows: outputs.
    pub rows: usize,
    /// Columns: inputs, times the kernel's cells in a convolution.
    pub columns: usize,
    /// Share of the weights that are not zero.
    pub density: f64,
    /// PNG as a data URI: opaque grey where a weight is not zero, transparent elsewhere.
    pub uri: String,
}

/// Pictures of the layers of `network` that hold zeros.
///
/// # Errors
/// Where a picture cannot be encoded.
pub fn pictures(network: &Network) -> Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    for node in network.nodes.iter().filter(|n| n.op.weight_bits().is_some()) {
        let params = network.params(&node.name);
        let rows = params.bias.len();
        if rows == 0 || params.weight.iter().all(|&w| w != 0) {
            continue;
        }
        let columns = params.weight.len() / rows;
        let nonzeros = params.weight.iter().filter(|&&w| w != 0).count();
        pictures.push(Picture {
            node: node.name.clone(),
            rows,
            columns,
            density: nonzeros as f64 / params.weight.len() as f64,
            uri: uri(&params.weight, columns, rows).with_context(|| format!("a picture of {}", node.name))?,
        });
    }
    Ok(pictures)
}

fn uri(weights: &[i8], columns: usize, rows: usize) -> Result<String> {
    let mut image = GrayAlphaImage::new(u32::try_from(columns)?, u32::try_from(rows)?);
    for (pixel, &weight) in image.pixels_mut().zip(weights) {
        *pixel = LumaA([128, if weight == 0 { 0 } else { 255 }]);
    }
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner())))
}

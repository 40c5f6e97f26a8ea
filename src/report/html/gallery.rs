//! Test images with what the network says of them: the first ones, and the first it gets wrong.

use std::io::Cursor;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage};

use crate::config::RunConfig;
use crate::data::{self, Images};
use crate::network::Network;
use crate::network::interp::{Interpreter, argmax};

/// Pictures of each sort.
const MOST: usize = 20;

/// One image.
#[derive(Debug, Clone)]
pub struct Picture {
    /// Its place in the test set, counted from 0.
    pub index: usize,
    /// PNG as a data URI.
    pub uri: String,
    /// Name of its class.
    pub label: String,
    /// Name of the class the network gives it.
    pub found: String,
}

impl Picture {
    /// True where the network is right.
    pub fn right(&self) -> bool {
        self.label == self.found
    }
}

/// Test images and what the integer network says of them.
#[derive(Debug, Clone, Default)]
pub struct Gallery {
    /// The first images.
    pub first: Vec<Picture>,
    /// The first that are wrong.
    pub wrong: Vec<Picture>,
    /// Images that were run.
    pub run: usize,
}

impl Gallery {
    /// Both sorts, each with its title.
    pub fn sections(&self) -> [(&'static str, &[Picture]); 2] {
        [("First", &self.first), ("Wrong", &self.wrong)]
    }
}

/// The gallery of a run; `None` where its data set is not on this machine.
///
/// # Errors
/// A data set that is there and not the network's, a picture that cannot be encoded.
pub fn gallery(config: &RunConfig, network: &Network) -> Result<Option<Gallery>> {
    let Some((_, test)) = config.data.folder().ok().and_then(|folder| data::load_test(&folder).ok()) else {
        return Ok(None);
    };
    let interpreter = Interpreter::new(network)?;
    interpreter.check(&test)?;
    let run = test.len().min(affordable(network)?);
    let mut gallery = Gallery::default();
    // Chunks, because the first few wrong ones come early.
    for chunk in (0..run).collect::<Vec<_>>().chunks(64) {
        if gallery.first.len() == MOST && gallery.wrong.len() == MOST {
            break;
        }
        let scores = interpreter.scores_all(&test.select(chunk).pixels, || ());
        for (&index, scores) in chunk.iter().zip(&scores) {
            let found = argmax(scores);
            if gallery.first.len() < MOST {
                gallery.first.push(picture(network, &test, index, found)?);
            }
            if found != usize::from(test.labels[index]) && gallery.wrong.len() < MOST {
                gallery.wrong.push(picture(network, &test, index, found)?);
            }
        }
        gallery.run += chunk.len();
    }
    Ok(Some(gallery))
}

/// Images that take the interpreter some seconds, and [`MOST`] at least.
fn affordable(network: &Network) -> Result<usize> {
    const MACS: u64 = 10_000_000_000;
    Ok(usize::try_from(MACS / network.sizes()?.total.macs.max(1))?.max(MOST))
}

fn picture(network: &Network, test: &Images, index: usize, found: usize) -> Result<Picture> {
    let name = |class: usize| network.classes.get(class).cloned().unwrap_or_else(|| class.to_string());
    let (label, found) = (name(usize::from(test.labels[index])), name(found));
    Ok(Picture { index, uri: uri(test, index)?, label, found })
}

/// Grey for one channel; red, green, blue for three; of others the first channel.
fn uri(test: &Images, index: usize) -> Result<String> {
    let (width, height) = (u32::try_from(test.shape.w)?, u32::try_from(test.shape.h)?);
    let pixels = test.image(index);
    let image: DynamicImage = if test.shape.c == 3 {
        RgbImage::from_raw(width, height, pixels.to_vec()).context("an image of three channels")?.into()
    } else {
        let first = pixels.iter().step_by(test.shape.c).copied().collect();
        GrayImage::from_raw(width, height, first).context("an image of one channel")?.into()
    };
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png.into_inner())))
}

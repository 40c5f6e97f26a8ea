//! Images in memory.

use crate::network::graph::Shape;

/// Labelled 8-bit images of one shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    /// Shape of every image.
    pub shape: Shape,
    /// `[N, H, W, C]`: images one after the other, raster order, channel fastest.
    pub pixels: Vec<u8>,
    /// Class of every image, counted from 0.
    pub labels: Vec<u16>,
}

/// A training and a test set with the names of their classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// `fashion-mnist`, `mnist`, `cifar10`, or the folder's name.
    pub name: String,
    /// Class names, class 0 first.
    pub classes: Vec<String>,
    /// Training images.
    pub train: Images,
    /// Test images: no decision may read them.
    pub test: Images,
}

impl Images {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True without images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Pixels of image `i`, `[H, W, C]`.
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.shape.len();
        &self.pixels[i * size..(i + 1) * size]
    }

    /// Copies of the images at `indices`, in that order.
    pub fn select(&self, indices: &[usize]) -> Images {
        let mut pixels = Vec::with_capacity(indices.len() * self.shape.len());
        indices.iter().for_each(|&i| pixels.extend_from_slice(self.image(i)));
        Images { shape: self.shape, pixels, labels: indices.iter().map(|&i| self.labels[i]).collect() }
    }
}

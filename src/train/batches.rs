//! Images as batches of tensors, shuffled and augmented by a generator that depends on seed and epoch alone.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::config::train::Augment;
use crate::data::Images;

/// Bytes `[N, H, W, C]` as floats `[N, C, H, W]` from 0 to 1, in channels-last memory order.
fn to_float(pixels: &[u8], images: &Images, device: Device) -> Tensor {
    let (s, n) = (images.shape, pixels.len() / images.shape.len());
    let size = [n, s.h, s.w, s.c].map(|d| d as i64);
    let bytes = Tensor::from_data_size(pixels, &size, Kind::Uint8).to_device(device);
    (bytes.to_kind(Kind::Float) / 255.0).permute([0, 3, 1, 2])
}

/// The images `range` as a tensor `[N, C, H, W]` from 0 to 1.
pub fn tensor(images: &Images, range: std::ops::Range<usize>, device: Device) -> Tensor {
    let size = images.shape.len();
    to_float(&images.pixels[range.start * size..range.end * size], images, device)
}

/// The labels `range` as a tensor `[N]`.
pub fn labels(images: &Images, range: std::ops::Range<usize>, device: Device) -> Tensor {
    let labels: Vec<i64> = images.labels[range].iter().map(|&l| i64::from(l)).collect();
    Tensor::from_slice(&labels).to_device(device)
}

/// One pass over the training images in random order, as `(images, labels)`. All batches have one size; the few
/// images that fill no batch wait for another epoch's order.
pub struct Epoch<'a> {
    images: &'a Images,
    augment: Augment,
    device: Device,
    batch: usize,
    order: Vec<usize>,
    next: usize,
    rng: ChaCha8Rng,
    pixels: Vec<u8>,
}

impl<'a> Epoch<'a> {
    /// The batches of epoch number `epoch`, the same for the same seed.
    pub fn new(images: &'a Images, batch: usize, augment: Augment, device: Device, seed: u64, epoch: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(epoch as u64 + 1);
        let mut order: Vec<usize> = (0..images.len()).collect();
        order.shuffle(&mut rng);
        let batch = batch.min(images.len());
        Self { images, augment, device, batch, order, next: 0, rng, pixels: Vec::new() }
    }

    /// Batches in the whole epoch.
    pub fn batches(&self) -> usize {
        self.order.len().checked_div(self.batch).unwrap_or(0)
    }
}

impl Iterator for Epoch<'_> {
    type Item = (Tensor, Tensor);

    fn next(&mut self) -> Option<Self::Item> {
        let chosen = self.order.get(self.next..self.next + self.batch).filter(|c| !c.is_empty())?;
        self.next += self.batch;
        self.pixels.clear();
        for &i in chosen {
            let s = i64::try_from(self.augment.shift).unwrap_or(0);
            let (dy, dx) = (self.rng.random_range(-s..=s), self.rng.random_range(-s..=s));
            let flip = self.augment.flip && self.rng.random();
            push_moved(&mut self.pixels, self.images, i, (dy as isize, dx as isize), flip);
        }
        let labels: Vec<i64> = chosen.iter().map(|&i| i64::from(self.images.labels[i])).collect();
        let pixels = to_float(&self.pixels, self.images, self.device);
        Some((pixels, Tensor::from_slice(&labels).to_device(self.device)))
    }
}

/// Appends image `i`, its content taken from `(dy, dx)` further on (0 outside), mirrored where `flip`.
fn push_moved(out: &mut Vec<u8>, images: &Images, i: usize, (dy, dx): (isize, isize), flip: bool) {
    let image = images.image(i);
    if !flip && (dy, dx) == (0, 0) {
        return out.extend_from_slice(image);
    }
    let (h, w, c) = (images.shape.h, images.shape.w, images.shape.c);
    let start = out.len();
    out.resize(start + image.len(), 0);
    for y in 0..h {
        let Some(row) = y.checked_add_signed(dy).filter(|&r| r < h) else { continue };
        for x in 0..w {
            let mirrored = if flip { w - 1 - x } else { x };
            let Some(column) = mirrored.checked_add_signed(dx).filter(|&s| s < w) else { continue };
            let (from, to) = ((row * w + column) * c, start + (y * w + x) * c);
            out[to..to + c].copy_from_slice(&image[from..from + c]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::graph::Shape;

    fn images() -> Images {
        let shape = Shape { c: 2, h: 2, w: 3 };
        Images { shape, pixels: (0..60).collect(), labels: (0..5).collect() }
    }

    #[test]
    fn shift_and_flip_move_pixels_and_fill_with_zero() {
        let mut out = Vec::new();
        push_moved(&mut out, &images(), 0, (0, 0), true);
        assert_eq!(out, [4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7]);
        out.clear();
        push_moved(&mut out, &images(), 0, (1, -1), false);
        assert_eq!(out, [0, 0, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn an_epoch_is_a_permutation_that_seed_and_number_decide() {
        let images = images();
        let augment = Augment { shift: 1, flip: true };
        let epoch = |seed, number| -> Vec<(Vec<i64>, Vec<f32>)> {
            let batches = Epoch::new(&images, 2, augment, Device::Cpu, seed, number);
            assert_eq!(batches.batches(), 2);
            let plain = |(x, y): (Tensor, Tensor)| (y.try_into().unwrap(), x.contiguous().view(-1).try_into().unwrap());
            batches.map(plain).collect()
        };
        assert_eq!(epoch(1, 0), epoch(1, 0));
        assert_ne!(epoch(1, 0), epoch(1, 1));
        assert_ne!(epoch(1, 0), epoch(2, 0));
        let mut seen: Vec<i64> = epoch(1, 0).into_iter().flat_map(|b| b.0).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn tensors_are_channel_first_from_0_to_1() {
        let x = tensor(&images(), 1..2, Device::Cpu);
        assert_eq!(x.size(), [1, 2, 2, 3]);
        assert!((x.double_value(&[0, 1, 0, 2]) - 17.0 / 255.0).abs() < 1e-7);
    }
}

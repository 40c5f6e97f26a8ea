//! Images as batches of tensors, shuffled and augmented by a generator that depends on seed and epoch alone.

use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tch::{Device, Kind, Tensor};

use crate::config::train::Augment;
use crate::data::Images;
use crate::network::graph::Shape;

/// Pixels of whole images as bytes `[N, H, W, C]`.
fn to_bytes(pixels: &[u8], shape: Shape, device: Device) -> Tensor {
    let size = [pixels.len() / shape.len(), shape.h, shape.w, shape.c].map(|d| d as i64);
    Tensor::from_data_size(pixels, &size, Kind::Uint8).to_device(device)
}

/// Labels `[N]`.
fn to_labels(labels: impl Iterator<Item = u16>, device: Device) -> Tensor {
    Tensor::from_slice(&labels.map(i64::from).collect::<Vec<_>>()).to_device(device)
}

/// Bytes `[N, H, W, C]` as floats `[N, C, H, W]` from 0 to 1, in channels-last memory order.
fn to_float(bytes: &Tensor) -> Tensor {
    (bytes.to_kind(Kind::Float) / 255.0).permute([0, 3, 1, 2])
}

/// The images `range` as a tensor `[N, C, H, W]` from 0 to 1.
pub fn tensor(images: &Images, range: std::ops::Range<usize>, device: Device) -> Tensor {
    let size = images.shape.len();
    to_float(&to_bytes(&images.pixels[range.start * size..range.end * size], images.shape, device))
}

/// The labels `range` as a tensor `[N]`.
pub fn labels(images: &Images, range: std::ops::Range<usize>, device: Device) -> Tensor {
    to_labels(images.labels[range].iter().copied(), device)
}

/// Images that are augmented and moved to the device at once: a GPU waits for every move.
const CHUNK: usize = 8192;

/// One pass over the training images in random order, as `(images, labels)`. All batches have one size; the few
/// images that fill no batch wait for another epoch's order.
pub struct Epoch<'a> {
    images: &'a Images,
    augment: Augment,
    device: Device,
    batch: usize,
    order: Vec<usize>,
    /// Place in `order` of the next chunk.
    next: usize,
    /// Batches of the chunk in hand: bytes and labels.
    ready: std::vec::IntoIter<(Tensor, Tensor)>,
    rng: ChaCha8Rng,
}

impl<'a> Epoch<'a> {
    /// The batches of epoch number `epoch`, the same for the same seed.
    pub fn new(images: &'a Images, batch: usize, augment: Augment, device: Device, seed: u64, epoch: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(epoch as u64 + 1);
        let mut order: Vec<usize> = (0..images.len()).collect();
        order.shuffle(&mut rng);
        let batch = batch.min(images.len());
        order.truncate(images.len().checked_div(batch).unwrap_or(0) * batch);
        Self { images, augment, device, batch, order, next: 0, ready: Vec::new().into_iter(), rng }
    }

    /// Batches in the whole epoch.
    pub fn batches(&self) -> usize {
        self.order.len().checked_div(self.batch).unwrap_or(0)
    }

    /// Draws the changes to the next images, makes them and moves them to the device: as many whole batches as a chunk
    /// holds, one at least.
    fn load_chunk(&mut self) {
        let length = (CHUNK / self.batch).max(1) * self.batch;
        let chosen = &self.order[self.next..self.order.len().min(self.next + length)];
        let s = i64::try_from(self.augment.shift).unwrap_or(0);
        let moves: Vec<Move> = chosen
            .iter()
            .map(|&image| {
                let (dy, dx) = (self.rng.random_range(-s..=s) as isize, self.rng.random_range(-s..=s) as isize);
                Move { image, dy, dx, flip: self.augment.flip && self.rng.random() }
            })
            .collect();
        let shape = self.images.shape;
        let mut pixels = vec![0; chosen.len() * shape.len()];
        pixels.par_chunks_mut(shape.len()).zip(&moves).for_each(|(out, change)| change.draw(out, self.images));
        let pixels = to_bytes(&pixels, shape, self.device);
        let labels = to_labels(chosen.iter().map(|&i| self.images.labels[i]), self.device);
        self.next += chosen.len();
        let batches = |t: Tensor| t.split(self.batch as i64, 0);
        self.ready = batches(pixels).into_iter().zip(batches(labels)).collect::<Vec<_>>().into_iter();
    }
}

impl Iterator for Epoch<'_> {
    type Item = (Tensor, Tensor);

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.len() == 0 && self.next < self.order.len() {
            self.load_chunk();
        }
        self.ready.next().map(|(bytes, labels)| (to_float(&bytes), labels))
    }
}

/// How an image is changed: its content taken from `(dy, dx)` further on (0 outside), mirrored where `flip`.
struct Move {
    image: usize,
    dy: isize,
    dx: isize,
    flip: bool,
}

impl Move {
    /// Draws the changed image on `out`, which is 0.
    fn draw(&self, out: &mut [u8], images: &Images) {
        let image = images.image(self.image);
        let (h, w, c) = (images.shape.h, images.shape.w, images.shape.c);
        // The columns of the source that are seen, and where the first of them is drawn, not mirrored.
        let (from, to) = (self.dx.max(0) as usize, (-self.dx).max(0) as usize);
        let width = w.saturating_sub(from.max(to));
        if width == 0 {
            return;
        }
        for y in 0..h {
            let Some(row) = y.checked_add_signed(self.dy).filter(|&r| r < h) else { continue };
            let source = &image[(row * w + from) * c..(row * w + from + width) * c];
            if self.flip {
                let mirrored = &mut out[(y * w + w - to - width) * c..(y * w + w - to) * c];
                mirrored.chunks_exact_mut(c).rev().zip(source.chunks_exact(c)).for_each(|(m, s)| m.copy_from_slice(s));
            } else {
                out[(y * w + to) * c..(y * w + to + width) * c].copy_from_slice(source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> Images {
        let shape = Shape { c: 2, h: 2, w: 3 };
        Images { shape, pixels: (0..60).collect(), labels: (0..5).collect() }
    }

    #[test]
    fn shift_and_flip_move_pixels_and_fill_with_zero() {
        let drawn = |dy, dx, flip| {
            let mut out = vec![0; 12];
            Move { image: 0, dy, dx, flip }.draw(&mut out, &images());
            out
        };
        assert_eq!(drawn(0, 0, true), [4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7]);
        assert_eq!(drawn(1, -1, false), [0, 0, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0]);
        assert_eq!(drawn(-1, 1, false), [0, 0, 0, 0, 0, 0, 2, 3, 4, 5, 0, 0]);
        assert_eq!(drawn(0, 1, true), [0, 0, 4, 5, 2, 3, 0, 0, 10, 11, 8, 9]);
        assert_eq!(drawn(0, -2, true), [0, 1, 0, 0, 0, 0, 6, 7, 0, 0, 0, 0]);
        assert_eq!(drawn(0, 5, false), [0; 12]);
        assert_eq!(drawn(1, -5, true), [0; 12]);
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

//! Data sets as MNIST has them, for tests: idx files.
#![allow(dead_code)]

use std::fs;
use std::path::Path;

/// An idx file: magic number, dimensions, bytes.
pub fn idx(magic: u32, dims: &[u32], body: &[u8]) -> Vec<u8> {
    let words = std::iter::once(&magic).chain(dims).flat_map(|w| w.to_be_bytes());
    words.chain(body.iter().copied()).collect()
}

/// Writes `part` (`train` or `t10k`) of a data set of square grey images of `side` pixels into `folder`.
pub fn write_part(folder: &Path, part: &str, side: u32, pixels: &[u8], labels: &[u8]) {
    let count = labels.len() as u32;
    let write = |what: &str, bytes: Vec<u8>| fs::write(folder.join(format!("{part}-{what}")), bytes).unwrap();
    write("images-idx3-ubyte", idx(0x803, &[count, side, side], pixels));
    write("labels-idx1-ubyte", idx(0x801, &[count], labels));
}

/// Writes 120 training and 30 test images of 8x8 in three classes into `folder`: which third of the rows is bright.
pub fn write_rows(folder: &Path) {
    for (part, count) in [("train", 120u32), ("t10k", 30)] {
        let pixel = |i: u32| if (i / 8 % 8) * 3 / 8 == (i / 64) % 3 { 200 } else { (i * 37 % 90) as u8 };
        let pixels: Vec<u8> = (0..count * 64).map(pixel).collect();
        let labels: Vec<u8> = (0..count).map(|i| (i % 3) as u8).collect();
        write_part(folder, part, 8, &pixels, &labels);
    }
}

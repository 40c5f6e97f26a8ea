//! Every loader on small data sets written here: good ones, and each way in which files go wrong.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use image::{GrayImage, RgbImage};
use tempfile::TempDir;

use super::*;
use crate::network::graph::Shape;

fn idx(magic: u32, dims: &[u32], body: &[u8]) -> Vec<u8> {
    let words = std::iter::once(&magic).chain(dims).flat_map(|w| w.to_be_bytes());
    words.chain(body.iter().copied()).collect()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Six training and three test images of 2x3 pixels, three classes; the training files gzipped.
fn idx_set() -> TempDir {
    let dir = TempDir::new().unwrap();
    let pixels: Vec<u8> = (0..36).collect();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write("train-images-idx3-ubyte.gz", &gz(&idx(0x803, &[6, 2, 3], &pixels)));
    write("train-labels-idx1-ubyte.gz", &gz(&idx(0x801, &[6], &[0, 1, 2, 2, 1, 0])));
    write("t10k-images-idx3-ubyte", &idx(0x803, &[3, 2, 3], &pixels[18..]));
    write("t10k-labels-idx1-ubyte", &idx(0x801, &[3], &[2, 1, 0]));
    dir
}

fn cifar_record(label: u8, fill: u8) -> Vec<u8> {
    let planes = (0..3).flat_map(|c| (0..1024).map(move |p| fill + c + (p % 2) as u8));
    std::iter::once(label).chain(planes).collect()
}

/// Two records in each of the six batches.
fn cifar_set() -> TempDir {
    let dir = TempDir::new().unwrap();
    for (i, name) in (1..=5).map(|i| format!("data_batch_{i}.bin")).chain(["test_batch.bin".into()]).enumerate() {
        let bytes = [cifar_record(i as u8, 10), cifar_record(9 - i as u8, 20)].concat();
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

/// Two classes, two PNG images each of 3x2 (rows x columns); RGB where `color`.
fn folder_set(color: bool) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (k, class) in ["train/cat", "train/dog", "test/cat", "test/dog"].iter().enumerate() {
        fs::create_dir_all(dir.path().join(class)).unwrap();
        for i in 0..2 {
            let path = dir.path().join(class).join(format!("{i}.png"));
            let value = (10 * k + i) as u8;
            if color {
                RgbImage::from_fn(2, 3, |x, y| image::Rgb([value, x as u8, y as u8])).save(path).unwrap();
            } else {
                GrayImage::from_fn(2, 3, |x, y| image::Luma([value + (x + 2 * y) as u8])).save(path).unwrap();
            }
        }
    }
    dir
}

/// Loads a set that must be refused, and checks that the message names all of `parts`.
fn refused(dir: &Path, parts: &[&str]) {
    let message = load(None, dir).unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "`{message}` does not name `{part}`");
    }
}

#[test]
fn idx_files_load_gzipped_and_raw() {
    let dir = idx_set();
    let data = load(None, dir.path()).unwrap();
    assert_eq!(data.classes, ["0", "1", "2"]);
    assert_eq!(data.train.shape, Shape { c: 1, h: 2, w: 3 });
    assert_eq!(data.train.labels, [0, 1, 2, 2, 1, 0]);
    assert_eq!(data.train.image(5), [30, 31, 32, 33, 34, 35]);
    assert_eq!(load_test(dir.path()).unwrap(), (data.classes, data.test));
}

#[test]
fn the_published_sets_are_known_by_their_labels() {
    let dir = idx_set();
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).unwrap();
    write("train-images-idx3-ubyte.gz", &idx(0x803, &[10, 1, 1], &[0; 10]));
    write("train-labels-idx1-ubyte.gz", &idx(0x801, &[10], &[9, 0, 0, 3, 0, 2, 7, 2, 5, 5]));
    write("t10k-images-idx3-ubyte", &idx(0x803, &[10, 1, 1], &[0; 10]));
    write("t10k-labels-idx1-ubyte", &idx(0x801, &[10], &[9, 2, 1, 1, 6, 1, 4, 6, 5, 7]));
    let data = load(Some(Kind::Idx), dir.path()).unwrap();
    assert_eq!((data.name.as_str(), data.classes[9].as_str()), ("fashion-mnist", "Ankle boot"));
}

#[test]
fn wrong_idx_files_are_refused() {
    let pixels = [0; 36];
    let labels = "train-labels-idx1-ubyte.gz";
    let images = "train-images-idx3-ubyte.gz";
    let zipped = gz(&idx(0x803, &[6, 2, 3], &(0..36).map(|i| i * 7).collect::<Vec<u8>>()));
    let cases: [(&str, Vec<u8>, &[&str]); 10] = [
        (images, idx(0x801, &[6, 2, 3], &pixels), &["byte 0 (magic number): found 00000801; expected 00000803"]),
        (images, idx(0x803, &[6, 2, 3], &pixels[1..]), &["byte 51 (end)", "35 bytes", "36 bytes: 6 images of 2x3"]),
        (images, idx(0x803, &[5, 2, 3], &pixels), &["byte 46 (end)", "more data"]),
        (images, idx(0x803, &[6, 0, 3], &pixels), &["byte 8 (rows): found 0"]),
        (images, idx(0x803, &[0, 2, 3], &[]), &["byte 4 (count): found 0"]),
        (images, vec![0, 0, 8], &["byte 0 (header)", "the file's end"]),
        (images, zipped[..zipped.len() - 9].to_vec(), &["damaged or truncated"]),
        (labels, idx(0x801, &[5], &[0, 1, 2, 1, 0]), &["byte 4 (count): found 5; expected 6"]),
        (labels, idx(0x801, &[6], &[0, 1, 2, 200, 1, 0]), &["label 3: found label 200", "without a gap"]),
        ("t10k-labels-idx1-ubyte", idx(0x801, &[3], &[0, 7, 1]), &["label 1 (byte 9): found 7; expected 0 to 2"]),
    ];
    for (name, bytes, parts) in cases {
        let dir = idx_set();
        fs::write(dir.path().join(name), bytes).unwrap();
        refused(dir.path(), &[&[name], parts].concat());
    }
    let dir = idx_set();
    fs::remove_file(dir.path().join(labels)).unwrap();
    refused(dir.path(), &["train-labels-idx1-ubyte: found no such file"]);
}

#[test]
fn cifar_batches_load_channel_fastest() {
    let dir = cifar_set();
    let data = load(None, dir.path()).unwrap();
    assert_eq!(data.train.labels, [0, 9, 1, 8, 2, 7, 3, 6, 4, 5]);
    assert_eq!(data.test.labels, [5, 4]);
    assert_eq!(data.train.image(1)[..6], [20, 21, 22, 21, 22, 23]);
    assert_eq!(data.classes[9], "truck");

    let outer = TempDir::new().unwrap();
    fs::rename(dir.path(), outer.path().join("cifar-10-batches-bin")).unwrap();
    let meta = outer.path().join("cifar-10-batches-bin/batches.meta.txt");
    fs::write(&meta, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n").unwrap();
    assert_eq!(load_test(outer.path()).unwrap().0[9], "j");
    fs::write(&meta, "a\nb\n").unwrap();
    refused(outer.path(), &["batches.meta.txt", "2 class names"]);
}

#[test]
fn wrong_cifar_batches_are_refused() {
    let dir = cifar_set();
    let file = |name: &str| dir.path().join(name);
    let good = fs::read(file("data_batch_3.bin")).unwrap();
    fs::write(file("data_batch_3.bin"), &good[..good.len() - 1]).unwrap();
    refused(dir.path(), &["data_batch_3.bin: byte 3073: found 6145 bytes", "3073"]);
    fs::write(file("data_batch_3.bin"), [cifar_record(1, 0), cifar_record(10, 0)].concat()).unwrap();
    refused(dir.path(), &["data_batch_3.bin: record 1 (byte 3073): label: found 10; expected 0 to 9"]);
    fs::remove_file(file("data_batch_3.bin")).unwrap();
    refused(dir.path(), &["data_batch_3.bin", "No such file"]);
}

#[test]
fn image_folders_load_sorted_in_the_colours_they_have() {
    let grey = folder_set(false);
    let data = load(None, grey.path()).unwrap();
    assert_eq!(data.classes, ["cat", "dog"]);
    assert_eq!(data.train.shape, Shape { c: 1, h: 3, w: 2 });
    assert_eq!(data.train.labels, [0, 0, 1, 1]);
    assert_eq!(data.train.image(3), [11, 12, 13, 14, 15, 16]);
    assert_eq!(load_test(grey.path()).unwrap(), (data.classes, data.test));

    let color = folder_set(true);
    let data = load(None, color.path()).unwrap();
    assert_eq!(data.train.shape.c, 3);
    assert_eq!(data.train.image(1)[..9], [1, 0, 0, 1, 1, 0, 1, 0, 1]);

    // One coloured file makes the whole set RGB.
    fs::copy(color.path().join("test/cat/0.png"), grey.path().join("test/cat/0.png")).unwrap();
    assert_eq!(load(None, grey.path()).unwrap().train.image(3)[..6], [11, 11, 11, 12, 12, 12]);
}

#[test]
fn wrong_image_folders_are_refused() {
    let dir = folder_set(false);
    let path = |name: &str| dir.path().join(name);
    let good = fs::read(path("train/dog/1.png")).unwrap();
    GrayImage::new(3, 3).save(path("train/dog/1.png")).unwrap();
    refused(dir.path(), &["train/dog/1.png: found an image of 3x3 pixels; expected 2x3"]);
    fs::write(path("train/dog/1.png"), &good[..good.len() - 20]).unwrap();
    refused(dir.path(), &["train/dog/1.png", "expected a whole PNG or JPEG image"]);
    fs::write(path("train/dog/1.png"), "no image").unwrap();
    refused(dir.path(), &["train/dog/1.png", "expected a whole PNG or JPEG image"]);
    fs::write(path("train/dog/1.png"), good).unwrap();

    fs::create_dir(path("test/emu")).unwrap();
    refused(dir.path(), &["test/emu: found a class without training images"]);
    fs::create_dir(path("train/emu")).unwrap();
    refused(dir.path(), &["train/emu: found no image"]);
    fs::remove_dir(path("train/emu")).unwrap();
    fs::remove_dir(path("test/emu")).unwrap();
    fs::remove_dir_all(path("test/dog")).unwrap();
    refused(dir.path(), &["test"]);
}

#[test]
fn a_truncated_jpeg_is_refused() {
    let dir = folder_set(true);
    let path = dir.path().join("train/cat/0.jpg");
    RgbImage::from_fn(2, 3, |x, y| image::Rgb([(90 * x) as u8, (80 * y) as u8, 7])).save(&path).unwrap();
    assert_eq!(load(None, dir.path()).unwrap().train.len(), 5);
    let good = fs::read(&path).unwrap();
    fs::write(&path, &good[..good.len() - 12]).unwrap();
    refused(dir.path(), &["train/cat/0.jpg", "expected a whole PNG or JPEG image"]);
}

#[test]
fn an_unknown_folder_lists_what_would_do() {
    let dir = TempDir::new().unwrap();
    refused(dir.path(), &["found an empty folder", "train-images-idx3-ubyte", "data_batch_1.bin", "train/<class>"]);
    fs::write(dir.path().join("notes.txt"), "").unwrap();
    refused(dir.path(), &["found notes.txt"]);
    refused(&dir.path().join("none"), &["none", "No such file"]);
}

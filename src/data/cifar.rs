//! CIFAR-10's binary version: records of one label byte and 3 x 32 x 32 bytes, one colour plane after the other.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Dataset, Images};
use crate::error::InputError;
use crate::network::graph::Shape;

const SHAPE: Shape = Shape { c: 3, h: 32, w: 32 };
const PLANE: usize = 32 * 32;
const RECORD: usize = 1 + 3 * PLANE;
const CLASSES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const TRAIN: [&str; 5] =
    ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"];
const TEST: [&str; 1] = ["test_batch.bin"];

pub fn detect(dir: &Path) -> bool {
    TRAIN.iter().chain(&TEST).any(|name| folder(dir).join(name).is_file())
}

pub fn load(dir: &Path) -> Result<Dataset, InputError> {
    let dir = folder(dir);
    let classes = classes(&dir)?;
    Ok(Dataset {
        name: "cifar10".into(),
        classes,
        train: read(&dir, &TRAIN, 50_000)?,
        test: read(&dir, &TEST, 10_000)?,
    })
}

pub fn load_test(dir: &Path) -> Result<(Vec<String>, Images), InputError> {
    let dir = folder(dir);
    Ok((classes(&dir)?, read(&dir, &TEST, 10_000)?))
}

/// The archive unpacks into `cifar-10-batches-bin`: either folder may be named.
fn folder(dir: &Path) -> PathBuf {
    let inner = dir.join("cifar-10-batches-bin");
    if inner.is_dir() { inner } else { dir.to_path_buf() }
}

/// Names from `batches.meta.txt` where it is there, else the published ones.
fn classes(dir: &Path) -> Result<Vec<String>, InputError> {
    let file = dir.join("batches.meta.txt");
    if !file.exists() {
        return Ok(CLASSES.map(String::from).to_vec());
    }
    let text = std::fs::read_to_string(&file).map_err(|e| InputError::io(&file, &e, "class names, one a line"))?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|l| !l.is_empty()).map(String::from).collect();
    if names.len() == CLASSES.len() {
        Ok(names)
    } else {
        Err(InputError::file(file, format!("{} class names", names.len()), "10, one a line"))
    }
}

fn read(dir: &Path, batches: &[&str], published: usize) -> Result<Images, InputError> {
    let parts = batches.par_iter().map(|name| read_batch(&dir.join(name))).collect::<Result<Vec<_>, _>>()?;
    let mut images = Images { shape: SHAPE, pixels: Vec::new(), labels: Vec::new() };
    images.pixels.reserve_exact(parts.iter().map(|p| p.pixels.len()).sum());
    for mut part in parts {
        images.pixels.append(&mut part.pixels);
        images.labels.append(&mut part.labels);
    }
    if images.len() != published {
        tracing::warn!("{}: {} images, the published set has {published}", dir.display(), images.len());
    }
    Ok(images)
}

fn read_batch(file: &Path) -> Result<Images, InputError> {
    let bytes = std::fs::read(file).map_err(|e| InputError::io(file, &e, "a CIFAR-10 binary batch"))?;
    if bytes.is_empty() || bytes.len() % RECORD != 0 {
        let place = format!("byte {}", bytes.len() / RECORD * RECORD);
        let found = format!("{} bytes in the file", bytes.len());
        let expected = format!("whole records of {RECORD} bytes (a published batch has 10000: {})", 10_000 * RECORD);
        return Err(InputError::new(place, found, expected).in_file(file));
    }
    let mut images = Images { shape: SHAPE, pixels: vec![0; bytes.len() / RECORD * SHAPE.len()], labels: Vec::new() };
    for (i, (record, pixels)) in bytes.chunks_exact(RECORD).zip(images.pixels.chunks_exact_mut(SHAPE.len())).enumerate()
    {
        let label = record[0];
        if usize::from(label) >= CLASSES.len() {
            let place = format!("record {i} (byte {}): label", i * RECORD);
            return Err(InputError::new(place, label.to_string(), "0 to 9").in_file(file));
        }
        images.labels.push(u16::from(label));
        for (p, pixel) in pixels.chunks_exact_mut(3).enumerate() {
            pixel.copy_from_slice(&[record[1 + p], record[1 + PLANE + p], record[1 + 2 * PLANE + p]]);
        }
    }
    Ok(images)
}

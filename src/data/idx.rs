//! idx files as MNIST and Fashion-MNIST are published, gzipped or raw.
//!
//! Format (big-endian): images `00000803`, count, rows, columns, then bytes; labels `00000801`, count, then bytes.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{Dataset, Images};
use crate::error::InputError;
use crate::network::graph::Shape;

const IMAGES_MAGIC: u32 = 0x0803;
const LABELS_MAGIC: u32 = 0x0801;
/// Most rows or columns: no published idx set comes near.
const MAX_SIDE: u32 = 4096;

/// A published set, told apart by its first ten labels (the files of all of them have the same names).
struct Published {
    name: &'static str,
    train: [u16; 10],
    test: [u16; 10],
    classes: [&'static str; 10],
}

const PUBLISHED: [Published; 2] = [
    Published {
        name: "fashion-mnist",
        train: [9, 0, 0, 3, 0, 2, 7, 2, 5, 5],
        test: [9, 2, 1, 1, 6, 1, 4, 6, 5, 7],
        classes: [
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
    },
    Published {
        name: "mnist",
        train: [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
        test: [7, 2, 1, 0, 4, 1, 4, 9, 5, 9],
        classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    },
];

pub fn detect(dir: &Path) -> bool {
    ["train", "t10k"].iter().any(|part| find(dir, part, "images-idx3").is_ok())
}

pub fn load(dir: &Path) -> Result<Dataset, InputError> {
    let (train, test) = rayon::join(|| part(dir, "train"), || part(dir, "t10k"));
    let ((train, train_labels), (test, test_labels)) = (train?, test?);
    let published = PUBLISHED.iter().find(|p| train.labels.starts_with(&p.train) && test.labels.starts_with(&p.test));
    let classes = match published {
        Some(p) => names(p),
        None => numbered(&train.labels, &train_labels)?,
    };
    check_labels(&train.labels, classes.len(), &train_labels)?;
    check_labels(&test.labels, classes.len(), &test_labels)?;
    let folder = dir.file_name().map_or("idx".into(), |n| n.to_string_lossy().into_owned());
    Ok(Dataset { name: published.map_or(folder, |p| p.name.into()), classes, train, test })
}

pub fn load_test(dir: &Path) -> Result<(Vec<String>, Images), InputError> {
    let (test, file) = part(dir, "t10k")?;
    let classes = match PUBLISHED.iter().find(|p| test.labels.starts_with(&p.test)) {
        Some(p) => names(p),
        None => match find(dir, "train", "labels-idx1") {
            Ok(train) => numbered(&read_labels(&train)?, &train)?,
            Err(_) => numbered(&test.labels, &file)?,
        },
    };
    check_labels(&test.labels, classes.len(), &file)?;
    Ok((classes, test))
}

fn names(published: &Published) -> Vec<String> {
    published.classes.map(String::from).to_vec()
}

/// Classes of an unknown set: its labels, which must count up from 0 without a gap.
fn numbered(labels: &[u16], file: &Path) -> Result<Vec<String>, InputError> {
    let count = labels.iter().max().map_or(0, |m| usize::from(*m) + 1);
    if let Some(gap) = (0..count).find(|c| !labels.contains(&(*c as u16))) {
        let index = labels.iter().position(|l| usize::from(*l) > gap).unwrap_or(0);
        let found = format!("label {}, but no image of class {gap}", labels[index]);
        return Err(InputError::new(format!("label {index}"), found, "classes that count up from 0 without a gap")
            .in_file(file));
    }
    Ok((0..count).map(|c| c.to_string()).collect())
}

fn check_labels(labels: &[u16], classes: usize, file: &Path) -> Result<(), InputError> {
    match labels.iter().position(|l| usize::from(*l) >= classes) {
        Some(i) => {
            let place = format!("label {i} (byte {})", 8 + i);
            Err(InputError::new(place, labels[i].to_string(), format!("0 to {}", classes - 1)).in_file(file))
        }
        None => Ok(()),
    }
}

/// One part's images and labels, and the label file's path.
fn part(dir: &Path, part: &str) -> Result<(Images, PathBuf), InputError> {
    let images_file = find(dir, part, "images-idx3")?;
    let labels_file = find(dir, part, "labels-idx1")?;
    let (shape, pixels) = read_images(&images_file)?;
    let labels = read_labels(&labels_file)?;
    let count = pixels.len() / shape.len();
    if labels.len() != count {
        let expected = format!("{count}, as many as the images of {}", images_file.display());
        return Err(InputError::new("byte 4 (count)", labels.len().to_string(), expected).in_file(labels_file));
    }
    Ok((Images { shape, pixels, labels }, labels_file))
}

/// The file `PART-WHAT-ubyte[.gz]` (some copies write a dot for the second dash).
fn find(dir: &Path, part: &str, what: &str) -> Result<PathBuf, InputError> {
    let name = format!("{part}-{what}-ubyte");
    let dotted = format!("{part}-{}-ubyte", what.replace('-', "."));
    let candidates = [format!("{name}.gz"), name.clone(), format!("{dotted}.gz"), dotted];
    let found = candidates.iter().map(|c| dir.join(c)).find(|p| p.is_file());
    found.ok_or_else(|| InputError::file(dir.join(&name), "no such file", format!("{name} or {name}.gz, as published")))
}

fn read_images(file: &Path) -> Result<(Shape, Vec<u8>), InputError> {
    let mut input = open(file)?;
    let [count, rows, columns] = header(&mut input, file, IMAGES_MAGIC)?;
    for (offset, what, side) in [(8, "rows", rows), (12, "columns", columns)] {
        if side == 0 || side > MAX_SIDE {
            return Err(at(file, offset, what, side.to_string(), format!("1 to {MAX_SIDE}")));
        }
    }
    let shape = Shape { c: 1, h: rows as usize, w: columns as usize };
    let what = format!("{count} images of {rows}x{columns}");
    Ok((shape, body(&mut input, file, 16, count as usize * shape.len(), &what)?))
}

fn read_labels(file: &Path) -> Result<Vec<u16>, InputError> {
    let mut input = open(file)?;
    let [count] = header(&mut input, file, LABELS_MAGIC)?;
    let bytes = body(&mut input, file, 8, count as usize, &format!("{count} labels"))?;
    Ok(bytes.into_iter().map(u16::from).collect())
}

/// Opens a file, through gzip where its first bytes say so.
fn open(file: &Path) -> Result<Box<dyn Read>, InputError> {
    let wrong = |e: std::io::Error| InputError::io(file, &e, "a readable idx file");
    let mut start = Vec::new();
    File::open(file).and_then(|f| f.take(2).read_to_end(&mut start)).map_err(wrong)?;
    let input = BufReader::new(File::open(file).map_err(wrong)?);
    Ok(if start == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(input)) } else { Box::new(input) })
}

/// Reads the magic number and the `N` words behind it, the first of which is the count of items.
fn header<const N: usize>(input: &mut dyn Read, file: &Path, magic: u32) -> Result<[u32; N], InputError> {
    let mut word = |i: usize| -> Result<u32, InputError> {
        let mut bytes = [0; 4];
        input
            .read_exact(&mut bytes)
            .map_err(|e| at(file, 4 * i, "header", format!("the file's end ({e})"), "a whole idx header".into()))?;
        Ok(u32::from_be_bytes(bytes))
    };
    let found = word(0)?;
    if found != magic {
        return Err(at(file, 0, "magic number", format!("{found:08x}"), format!("{magic:08x}")));
    }
    let mut words = [0; N];
    for (i, w) in words.iter_mut().enumerate() {
        *w = word(i + 1)?;
    }
    if words[0] == 0 {
        return Err(at(file, 4, "count", "0".into(), "at least 1".into()));
    }
    Ok(words)
}

/// Reads exactly `size` bytes, which must be all that is left. Memory grows with the file, not with its header's claim.
fn body(input: &mut dyn Read, file: &Path, start: usize, size: usize, what: &str) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::with_capacity(size.min(1 << 26));
    let read = input.take(size as u64 + 1).read_to_end(&mut bytes);
    let place = start + bytes.len().min(size);
    match read {
        Err(e) => Err(at(file, place, "unpacked", format!("damaged or truncated data ({e})"), what.into())),
        Ok(n) if n < size => Err(at(file, place, "end", format!("{n} bytes of data"), format!("{size} bytes: {what}"))),
        Ok(n) if n > size => Err(at(file, place, "end", "more data".into(), format!("{size} bytes: {what}"))),
        Ok(_) => Ok(bytes),
    }
}

fn at(file: &Path, offset: usize, what: &str, found: String, expected: String) -> InputError {
    InputError::new(format!("byte {offset} ({what})"), found, expected).in_file(file)
}

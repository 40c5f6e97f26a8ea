//! An image folder: `train/<class>/*.png|jpg|jpeg` and `test/<class>/…`, sorted by name, decoded in parallel.
//!
//! The images stay 8-bit; they are grey where every file is grey, else RGB. Alpha is dropped.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageReader};
use rayon::prelude::*;

use super::{Dataset, Images, list};
use crate::error::InputError;
use crate::network::graph::Shape;

const EXTENSIONS: [&str; 3] = ["png", "jpg", "jpeg"];
/// Bytes at a JPEG's end in which its end marker must stand (some writers pad).
const JPEG_TAIL: usize = 4096;

/// What a file's header says.
#[derive(Clone, Copy, PartialEq)]
struct Header {
    width: u32,
    height: u32,
    has_color: bool,
}

/// The image files of one part, with their classes.
struct Files {
    paths: Vec<PathBuf>,
    labels: Vec<u16>,
}

pub fn detect(dir: &Path) -> bool {
    dir.join("train").is_dir() || dir.join("test").is_dir()
}

pub fn load(dir: &Path) -> Result<Dataset, InputError> {
    let classes = class_names(&dir.join("train"))?;
    let train = find(&dir.join("train"), &classes)?;
    let test = find(&dir.join("test"), &classes)?;
    let headers = probe(&train.paths)?;
    let test_headers = probe(&test.paths)?;
    let all = || headers.iter().zip(&train.paths).chain(test_headers.iter().zip(&test.paths));
    let shape = common_shape(all())?;
    let name = dir.file_name().map_or("images".into(), |n| n.to_string_lossy().into_owned());
    Ok(Dataset { name, classes, train: decode(train, shape)?, test: decode(test, shape)? })
}

pub fn load_test(dir: &Path) -> Result<(Vec<String>, Images), InputError> {
    let part = dir.join("test");
    let train = dir.join("train");
    let classes = class_names(if train.is_dir() { &train } else { &part })?;
    let files = find(&part, &classes)?;
    let shape = common_shape(probe(&files.paths)?.iter().zip(&files.paths))?;
    Ok((classes, decode(files, shape)?))
}

/// The sub-folders of `part`, sorted: class 0 first.
fn class_names(part: &Path) -> Result<Vec<String>, InputError> {
    let dirs = list(part, "a folder with one sub-folder a class")?.into_iter().filter(|p| p.is_dir());
    let names: Vec<String> = dirs.filter_map(|p| p.file_name().map(|n| n.to_string_lossy().into_owned())).collect();
    match names.len() {
        0 | 1 => Err(InputError::file(
            part,
            format!("{} class folder(s)", names.len()),
            "one sub-folder a class, at least 2",
        )),
        n if n > usize::from(u16::MAX) => Err(InputError::file(part, format!("{n} class folders"), "at most 65535")),
        _ => Ok(names),
    }
}

/// Lists the image files of every class; a part must have exactly these classes, each with an image.
fn find(part: &Path, classes: &[String]) -> Result<Files, InputError> {
    let found = class_names(part)?;
    if let Some(extra) = found.iter().find(|name| !classes.contains(name)) {
        let expected = format!("the class folders of the training part: {}", classes.join(", "));
        return Err(InputError::file(part.join(extra), "a class without training images", expected));
    }
    let mut files = Files { paths: Vec::new(), labels: Vec::new() };
    for (label, class) in classes.iter().enumerate() {
        let dir = part.join(class);
        let (images, others): (Vec<_>, Vec<_>) =
            list(&dir, &format!("a folder with the images of class `{class}`"))?.into_iter().partition(|p| is_image(p));
        if let Some(other) = others.first() {
            tracing::warn!(
                "{}: {} file(s) that are no image are skipped, {} first",
                dir.display(),
                others.len(),
                other.display()
            );
        }
        if images.is_empty() {
            return Err(InputError::file(dir, "no image", "at least one .png, .jpg or .jpeg file"));
        }
        files.labels.resize(files.labels.len() + images.len(), label as u16);
        files.paths.extend(images);
    }
    Ok(files)
}

fn is_image(path: &Path) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    extension.is_some_and(|e| EXTENSIONS.contains(&e.as_str()))
}

/// Reads every file's header.
fn probe(paths: &[PathBuf]) -> Result<Vec<Header>, InputError> {
    first_error(paths.par_iter().map(|path| {
        let decoder = open(path)?.into_decoder().map_err(|e| not_an_image(path, &e))?;
        let (width, height) = decoder.dimensions();
        Ok(Header { width, height, has_color: decoder.color_type().has_color() })
    }))
}

/// The shape that all files have; the first of them sets it.
fn common_shape<'a>(mut files: impl Iterator<Item = (&'a Header, &'a PathBuf)> + Clone) -> Result<Shape, InputError> {
    let has_color = files.clone().any(|(h, _)| h.has_color);
    let Some((first, first_path)) = files.next() else { unreachable!("every class has an image") };
    match files.find(|(h, _)| (h.width, h.height) != (first.width, first.height)) {
        Some((h, path)) => Err(InputError::file(
            path,
            format!("an image of {}x{} pixels", h.width, h.height),
            format!("{}x{}, as {}", first.width, first.height, first_path.display()),
        )),
        None => Ok(Shape { c: if has_color { 3 } else { 1 }, h: first.height as usize, w: first.width as usize }),
    }
}

/// Decodes every file straight into its place.
fn decode(files: Files, shape: Shape) -> Result<Images, InputError> {
    let mut pixels = vec![0; files.paths.len() * shape.len()];
    let places = pixels.par_chunks_exact_mut(shape.len()).zip(&files.paths);
    first_error(places.map(|(place, path)| {
        let image = decode_file(path)?;
        let pixels = if shape.c == 1 { image.into_luma8().into_raw() } else { image.into_rgb8().into_raw() };
        if pixels.len() != place.len() {
            return Err(InputError::file(
                path,
                "another size than a moment ago",
                "files that stay while they are read",
            ));
        }
        place.copy_from_slice(&pixels);
        Ok(())
    }))?;
    Ok(Images { shape, pixels, labels: files.labels })
}

/// Decodes one file. The JPEG decoder fills what a truncated file lacks with grey, so its end marker is looked for here.
fn decode_file(path: &Path) -> Result<DynamicImage, InputError> {
    let bytes = std::fs::read(path).map_err(|e| InputError::io(path, &e, "a readable PNG or JPEG file"))?;
    let is_jpeg = bytes.starts_with(&[0xff, 0xd8]);
    let tail = &bytes[bytes.len().saturating_sub(JPEG_TAIL)..];
    if is_jpeg && !tail.windows(2).any(|pair| pair == [0xff, 0xd9]) {
        let place = format!("byte {}", bytes.len());
        return Err(InputError::new(place, "no end-of-image marker", "a whole PNG or JPEG image").in_file(path));
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let decoded = reader.map_err(image::ImageError::IoError).and_then(ImageReader::decode);
    decoded.map_err(|e| not_an_image(path, &e))
}

/// Collects, and on failure gives the first error in file order, whatever the thread timing.
fn first_error<T: Send>(
    results: impl IndexedParallelIterator<Item = Result<T, InputError>>,
) -> Result<Vec<T>, InputError> {
    results.collect::<Vec<_>>().into_iter().collect()
}

fn open(path: &Path) -> Result<ImageReader<std::io::BufReader<std::fs::File>>, InputError> {
    ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(|e| InputError::io(path, &e, "a readable PNG or JPEG file"))
}

fn not_an_image(path: &Path, err: &image::ImageError) -> InputError {
    InputError::file(path, err.to_string(), "a whole PNG or JPEG image")
}

//! Data sets: published idx files, CIFAR-10 binary batches, or any image folder. See `docs/add-a-data-set.md`.
//!
//! A loader is one file with `detect`, `load` and `load_test`; [`Kind`] lists them. Everything a user's files can have wrong
//! is an [`InputError`] that names the file, the place, what was found and what was expected.

mod cifar;
mod folder;
mod idx;
mod images;
mod split;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use images::{Dataset, Images};
pub use split::stratified;

use crate::error::InputError;

/// How a data set lies on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// MNIST's format: `train-images-idx3-ubyte[.gz]` and its three companions.
    Idx,
    /// CIFAR-10's binary version: `data_batch_1.bin` … `test_batch.bin`.
    Cifar10,
    /// `train/<class>/*.png|jpg|jpeg` and `test/<class>/…`.
    ImageFolder,
}

impl Kind {
    /// Every kind, in the order in which [`detect`] asks.
    pub const ALL: [Kind; 3] = [Kind::Idx, Kind::Cifar10, Kind::ImageFolder];

    fn matches(self, dir: &Path) -> bool {
        match self {
            Kind::Idx => idx::detect(dir),
            Kind::Cifar10 => cifar::detect(dir),
            Kind::ImageFolder => folder::detect(dir),
        }
    }

    /// What the kind's folder holds, for messages.
    const fn layout(self) -> &'static str {
        match self {
            Kind::Idx => "train-images-idx3-ubyte[.gz] (MNIST, Fashion-MNIST)",
            Kind::Cifar10 => "data_batch_1.bin (CIFAR-10, binary version)",
            Kind::ImageFolder => "train/<class>/*.png|jpg|jpeg and test/<class>/… (image folder)",
        }
    }
}

/// Recognizes what lies in `dir`.
///
/// # Errors
/// No such folder, or nothing in it that any loader knows.
pub fn detect(dir: &Path) -> Result<Kind, InputError> {
    let entries = list(dir, "a data set's folder")?;
    Kind::ALL.into_iter().find(|kind| kind.matches(dir)).ok_or_else(|| {
        let names: Vec<_> = entries.iter().take(4).filter_map(|p| p.file_name()?.to_str()).collect();
        let found = match names.len() {
            0 => "an empty folder".to_string(),
            n => format!("{}{}", names.join(", "), if entries.len() > n { ", …" } else { "" }),
        };
        InputError::file(dir, found, Kind::ALL.map(Kind::layout).join("; or "))
    })
}

/// Loads and checks the data set in `dir`; `None` detects its kind.
///
/// # Errors
/// The first thing wrong with the files.
pub fn load(kind: Option<Kind>, dir: &Path) -> Result<Dataset, InputError> {
    let kind = kind.map_or_else(|| detect(dir), Ok)?;
    tracing::info!("loading {kind:?} from {}", dir.display());
    let data = match kind {
        Kind::Idx => idx::load(dir),
        Kind::Cifar10 => cifar::load(dir),
        Kind::ImageFolder => folder::load(dir),
    }?;
    if data.train.shape != data.test.shape {
        let (train, test) = (data.train.shape, data.test.shape);
        return Err(InputError::file(
            dir,
            format!("test images of {test:?}"),
            format!("{train:?}, as the training images"),
        ));
    }
    Ok(data)
}

/// Loads class names and test images only; the kind is detected.
///
/// # Errors
/// As [`load`].
pub fn load_test(dir: &Path) -> Result<(Vec<String>, Images), InputError> {
    match detect(dir)? {
        Kind::Idx => idx::load_test(dir),
        Kind::Cifar10 => cifar::load_test(dir),
        Kind::ImageFolder => folder::load_test(dir),
    }
}

/// The folder's entries, sorted, hidden ones left out.
fn list(dir: &Path, expected: &str) -> Result<Vec<PathBuf>, InputError> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let mut paths = std::fs::read_dir(dir)?.map(|e| Ok(e?.path())).collect::<std::io::Result<Vec<_>>>()?;
        paths.retain(|p| !p.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b".")));
        paths.sort();
        Ok(paths)
    };
    read().map_err(|e| InputError::io(dir, &e, expected))
}

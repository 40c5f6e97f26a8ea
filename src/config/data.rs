//! Section `[data]`: where the images are, and which part is set aside for validation.

use std::fmt;
use std::path::PathBuf;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::{self, Images, Kind};
use crate::error::InputError;

/// The data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// A folder, or several of which the first that exists is taken. Relative to the current folder; `~` is the home.
    pub dir: Folders,
    /// How the files lie; detected where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Images taken out of the training part, on which every decision is measured.
    #[serde(default = "default_validation")]
    pub validation: usize,
    /// At most so many training images and so many test images (every class in proportion); all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Candidate folders; a file may write one alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders(pub Vec<String>);

impl Serialize for Folders {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if let [dir] = self.0.as_slice() { dir.serialize(s) } else { self.0.serialize(s) }
    }
}

impl<'de> Deserialize<'de> for Folders {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(FoldersVisitor)
    }
}

struct FoldersVisitor;

impl<'de> Visitor<'de> for FoldersVisitor {
    type Value = Folders;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a folder, or a list of folders")
    }

    fn visit_str<E: de::Error>(self, dir: &str) -> Result<Folders, E> {
        Ok(Folders(vec![dir.into()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Folders, A::Error> {
        let mut dirs = Vec::new();
        while let Some(dir) = seq.next_element()? {
            dirs.push(dir);
        }
        Ok(Folders(dirs))
    }
}

fn default_validation() -> usize {
    5000
}

/// A data set, ready for a run.
#[derive(Debug, Clone)]
pub struct Splits {
    /// The data set's name.
    pub name: String,
    /// Class names, class 0 first.
    pub classes: Vec<String>,
    /// Images to train on.
    pub train: Images,
    /// Images to decide on: taken out of the training part.
    pub validation: Images,
    /// Images to report on: no decision may read them.
    pub test: Images,
}

impl DataConfig {
    /// Everything wrong with the section's values; places are key paths.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        if self.validation == 0 {
            faults.push(InputError::new("data.validation", "0", "at least 1: decisions need images of their own"));
        }
        if self.limit.is_some_and(|limit| limit <= self.validation) {
            let expected = format!("more than the {} validation images", self.validation);
            faults.push(InputError::new("data.limit", format!("{:?}", self.limit.unwrap_or(0)), expected));
        }
        if self.dir.0.is_empty() {
            faults.push(InputError::new("data.dir", "no folder", "a folder, or a list of folders"));
        }
        faults
    }

    /// The first candidate folder that exists.
    ///
    /// # Errors
    /// None exists.
    pub fn folder(&self) -> Result<PathBuf, InputError> {
        let candidates = self.candidates();
        candidates.iter().find(|dir| dir.is_dir()).cloned().ok_or_else(|| {
            let tried: Vec<_> = candidates.iter().map(|p| p.display().to_string()).collect();
            let expected = "an existing folder with the data set (`make setup` installs Fashion-MNIST)";
            InputError::new("data.dir", format!("no folder {}", tried.join(", ")), expected)
        })
    }

    /// Loads, limits and splits the data set; the same `seed` gives the same split.
    ///
    /// # Errors
    /// Whatever is wrong with the files, or fewer training images than `validation`.
    pub fn load(&self, seed: u64) -> Result<Splits, InputError> {
        let set = data::load(self.kind, &self.folder()?)?;
        let limit = self.limit.unwrap_or(usize::MAX);
        let all = set.train.sample(limit, seed);
        if all.len() <= self.validation {
            let expected = format!("fewer than the {} training images", all.len());
            return Err(InputError::new("data.validation", self.validation.to_string(), expected));
        }
        let (train, validation) = all.split(self.validation, seed);
        let test = set.test.sample(limit, seed);
        Ok(Splits { name: set.name, classes: set.classes, train, validation, test })
    }

    fn candidates(&self) -> Vec<PathBuf> {
        self.dir.0.iter().map(|dir| expand_home(dir)).collect()
    }
}

/// `~` and `~/…` stand for the home folder.
pub(crate) fn expand_home(dir: &str) -> PathBuf {
    let rest = match dir.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest.trim_start_matches('/'),
        _ => return PathBuf::from(dir),
    };
    std::env::var_os("HOME").map_or_else(|| PathBuf::from(dir), |home| PathBuf::from(home).join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_existing_folder_is_taken() {
        let dir = tempfile::TempDir::new().unwrap();
        let text = format!("dir = ['/nowhere', '{}']", dir.path().display());
        let config: DataConfig = toml::from_str(&text).unwrap();
        assert_eq!(config.folder().unwrap(), dir.path());
        let config: DataConfig = toml::from_str("dir = '/nowhere'").unwrap();
        assert!(config.folder().unwrap_err().to_string().contains("/nowhere"));
    }

    #[test]
    fn the_home_folder_has_a_short_name() {
        let home = PathBuf::from(std::env::var_os("HOME").unwrap());
        assert_eq!(expand_home("~/data"), home.join("data"));
        assert_eq!(expand_home("~"), home.join(""));
        assert_eq!(expand_home("~other/data"), PathBuf::from("~other/data"));
    }
}

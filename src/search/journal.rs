//! `search.jsonl`: one line for each finished candidate, written only after its checkpoint is in place.
//!
//! A line's `key` is the SHA-256 of everything the candidate depends on, so a search that goes on after it was killed
//! finds finished candidates by their keys and repeats none.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fragments;
use crate::error::InputError;
use crate::files::create_folder;

/// What a line of the journal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The trained network before any stage.
    Baseline,
    /// Training that a stage does once, before its candidates (NS: the L1 penalty).
    Preparation,
    /// One step of a stage.
    Candidate,
    /// The longer fine-tuning of the chosen network.
    Polish,
}

/// Bits of a quantized candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bits {
    /// Bits of a weight, by layer.
    pub weights: BTreeMap<String, u32>,
    /// Bits of an activation, by the node that gives it.
    pub activations: BTreeMap<String, u32>,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// SHA-256 of all that the candidate depends on; names its checkpoint.
    pub key: String,
    /// Key of the network it was made from; empty for the baseline.
    pub parent: String,
    /// `float`, `iq`, `ns`, `dc`, `polish`.
    pub stage: String,
    /// What the line is about.
    pub role: Role,
    /// Rung of the stage's ladder (candidates only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rung: Option<usize>,
    /// Fraction of the channels (NS) or weights (DC) removed by this stage, 0 where the stage removes none.
    pub ratio: f64,
    /// Bit widths where the network is quantized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<Bits>,
    /// Accuracy on the validation split, 0 to 1.
    pub val_accuracy: f64,
    /// Surviving nonzero weights x their bits.
    pub params_bits: u64,
    /// Everything that must be stored, in bits.
    pub stored_bits: u64,
    /// What the search minimizes; `stored_bits` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Multiply-accumulates an image, zero weights not counted.
    pub macs: u64,
    /// MACs x weight bits x activation bits.
    pub bops: u64,
    /// Wall-clock seconds of training and measuring.
    pub seconds: f64,
    /// True where the accuracy met the target.
    pub accepted: bool,
    /// The comparison in words.
    pub why: String,
}

/// Where finished lines go.
#[derive(Debug)]
enum Sink {
    /// To the end of the journal: one program works on it.
    Lines(File),
    /// To files of their own in this folder, beside other programs.
    Fragments(PathBuf),
}

/// The journal of one run, open for appending.
#[derive(Debug)]
pub struct Journal {
    sink: Sink,
    path: PathBuf,
    entries: Vec<Entry>,
    by_key: HashMap<String, usize>,
}

impl Journal {
    /// Opens or creates a journal. A last line that a kill tore is cut off; any other line that cannot be read is a
    /// wrong input.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| InputError::io(&path, &e, "a journal that can be written"))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text).with_context(|| format!("reading {}", path.display()))?;
        let whole = text.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        if whole < text.len() {
            file.set_len(whole as u64)?;
        }
        file.seek(SeekFrom::Start(whole as u64))?;
        let entries = parse(&text[..whole], &path)?;
        Ok(Self::of(Sink::Lines(file), path, entries))
    }

    /// The journal as it is now, with what other programs have left in `folder`, where also new lines go, each a file
    /// of its own: several programs may do so at once. [`fragments::merge`] takes them into the journal.
    ///
    /// # Errors
    /// A line that cannot be read, a folder that cannot be made.
    pub fn shared(path: impl AsRef<Path>, folder: impl AsRef<Path>) -> Result<Self> {
        let (path, folder) = (path.as_ref().to_path_buf(), folder.as_ref().to_path_buf());
        create_folder(&folder)?;
        let mut entries = if path.exists() { read(&path)? } else { Vec::new() };
        entries.extend(fragments::read_all(&folder)?);
        Ok(Self::of(Sink::Fragments(folder), path, entries))
    }

    fn of(sink: Sink, path: PathBuf, entries: Vec<Entry>) -> Self {
        let mut journal = Self { sink, path, entries: Vec::new(), by_key: HashMap::new() };
        entries.into_iter().for_each(|entry| journal.remember(entry));
        journal
    }

    /// The right to make a key's network, until the returned file is closed: in a shared journal this waits while
    /// another program makes it, and then knows its line.
    ///
    /// # Errors
    /// A lock that cannot be taken, a line that cannot be read.
    pub fn claim(&mut self, key: &str) -> Result<Option<File>> {
        let Sink::Fragments(folder) = &self.sink else { return Ok(None) };
        let lock = fragments::lock(folder, key)?;
        if let Some(entry) = fragments::read(folder, key)? {
            self.remember(entry);
        }
        Ok(Some(lock))
    }

    /// Finished lines, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The line of a key.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.by_key.get(key).map(|&i| &self.entries[i])
    }

    /// Appends one line and forces it to the disk. A key may appear once.
    pub fn append(&mut self, entry: Entry) -> Result<()> {
        ensure!(self.get(&entry.key).is_none(), "{}: {} is already there", self.path.display(), entry.key);
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        match &mut self.sink {
            Sink::Fragments(folder) => fragments::write(folder, &entry.key, &line)?,
            Sink::Lines(file) => {
                let written = file.write_all(&line).and_then(|()| file.sync_data());
                written.with_context(|| format!("writing {}", self.path.display()))?;
            }
        }
        self.remember(entry);
        Ok(())
    }

    fn remember(&mut self, entry: Entry) {
        self.by_key.insert(entry.key.clone(), self.entries.len());
        self.entries.push(entry);
    }
}

/// Reads a journal without opening it for writing (a report does); a torn last line is left out.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<Entry>> {
    let path = path.as_ref();
    let text = std::fs::read(path).map_err(|e| InputError::io(path, &e, "a search journal"))?;
    let whole = text.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    parse(&text[..whole], path)
}

/// The lines of a journal, or of a part of one.
pub(super) fn parse(text: &[u8], path: &Path) -> Result<Vec<Entry>> {
    let lines = text.split(|&b| b == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    let parsed = lines.map(|(i, line)| {
        serde_json::from_slice(line).map_err(|e| {
            let place = format!("line {}", i + 1);
            InputError::new(place, e.to_string(), "a line of slimgate's search journal, or --fresh").in_file(path)
        })
    });
    Ok(parsed.collect::<Result<_, _>>()?)
}

/// SHA-256, in hexadecimal, of a list of parts; `("ab", "c")` and `("a", "bc")` differ.
pub fn key_of(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    format!("{:x}", hash.finalize())
}

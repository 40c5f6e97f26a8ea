//! `network.json` and `network.safetensors`: reading, writing, versions. See `docs/network-format.md`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::graph::{InputSpec, Node};
use super::{Network, tensor_file};
use crate::error::{InputError, InputErrors};
use crate::files;

/// What the field `format` says.
pub const FORMAT: &str = "slimgate-network";
/// The only version this program reads and writes.
pub const VERSION: u32 = 1;
/// Name of the graph's file in a network folder; the tensors stand beside it, with the extension `safetensors`.
pub const JSON_NAME: &str = "network.json";

/// `network.json`, field by field.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    name: String,
    /// Of the whole `.safetensors` file, lower-case hexadecimal.
    tensors_sha256: String,
    input: InputSpec,
    classes: Vec<String>,
    nodes: Vec<Node>,
}

/// The two fields every version has; the rest is read only when they fit.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    format: serde_json::Value,
    #[serde(default)]
    version: serde_json::Value,
}

impl Network {
    /// Reads and validates a network: `path` is its folder or its JSON file.
    ///
    /// Every fault of the files is an [`InputError`] or [`InputErrors`] that names file and place.
    pub fn load(path: &Path) -> anyhow::Result<Network> {
        let json = if path.is_dir() { path.join(JSON_NAME) } else { path.to_path_buf() };
        let tensors = json.with_extension("safetensors");
        let text = std::fs::read_to_string(&json)
            .map_err(|e| InputError::io(&json, &e, "a network: its folder or its network.json"))?;
        let document = parse(&text).map_err(|e| e.in_file(&json))?;
        let bytes = std::fs::read(&tensors)
            .map_err(|e| InputError::io(&tensors, &e, "the tensors, beside the network's JSON file"))?;
        let recorded = document.tensors_sha256.clone();
        let mut network = document.into_network();
        let shapes = network.validate_graph().map_err(|e| e.in_file(&json))?;
        network.params = tensor_file::read(&network, &shapes, &bytes).map_err(|e| e.in_file(&tensors))?;
        network.validate().map_err(|e| e.in_file(&tensors))?;
        check_digest(&recorded, &sha256(&bytes), &tensors).map_err(|e| e.in_file(&json))?;
        Ok(network)
    }

    /// Validates, then writes `network.json` and `network.safetensors` into `dir`, which is made if missing.
    ///
    /// Equal networks give equal bytes. Each file is written aside and renamed, tensors first; a program killed
    /// between the two leaves a pair whose digest does not match, which [`Network::load`] refuses.
    pub fn save(&self, dir: &Path) -> anyhow::Result<()> {
        let json: PathBuf = dir.join(JSON_NAME);
        self.validate().map_err(|e: InputErrors| e.in_file(&json))?;
        let tensors = tensor_file::write(self)?;
        let text = Document::of(self, sha256(&tensors)).text()?;
        files::create_folder(dir)?;
        files::write_atomic(&json.with_extension("safetensors"), &tensors)?;
        files::write_atomic(&json, text.as_bytes())?;
        Ok(())
    }

    /// What identifies this network: the SHA-256 of the `network.json` that [`Network::save`] writes, which holds the
    /// digest of the tensors. Lower-case hexadecimal.
    pub fn sha256(&self) -> anyhow::Result<String> {
        let tensors = tensor_file::write(self)?;
        Ok(sha256(Document::of(self, sha256(&tensors)).text()?.as_bytes()))
    }
}

impl Document {
    fn of(network: &Network, tensors_sha256: String) -> Self {
        Document {
            format: FORMAT.to_string(),
            version: VERSION,
            name: network.name.clone(),
            tensors_sha256,
            input: network.input,
            classes: network.classes.clone(),
            nodes: network.nodes.clone(),
        }
    }

    /// The whole text of `network.json`.
    fn text(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The network, still without its integers.
    fn into_network(self) -> Network {
        let Document { name, input, classes, nodes, .. } = self;
        Network { name, input, classes, nodes, params: Default::default() }
    }
}

/// The document in `text`: syntax, then format and version, then every field.
fn parse(text: &str) -> Result<Document, InputError> {
    let syntax = |e: serde_json::Error| {
        let message = e.to_string();
        let (found, _) = message.rsplit_once(" at line ").unwrap_or((&message, ""));
        InputError::new(format!("line {}, column {}", e.line(), e.column()), found, "a network's JSON")
    };
    let header: Header = serde_json::from_str(text).map_err(syntax)?;
    if header.format != FORMAT {
        return Err(InputError::new("format", header.format.to_string(), format!("\"{FORMAT}\"")));
    }
    if header.version != VERSION {
        let expected = format!("version {VERSION}, the one this slimgate reads");
        return Err(InputError::new("version", format!("version {}", header.version), expected));
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().to_string();
        let error = syntax(e.into_inner());
        InputError { place: format!("{path} ({})", error.place), ..error }
    })
}

/// The two files belong together.
fn check_digest(recorded: &str, actual: &str, tensors: &Path) -> Result<(), InputError> {
    if recorded == actual {
        return Ok(());
    }
    let expected = format!("\"{actual}\", the digest of {}: take both files from one network", tensors.display());
    Err(InputError::new("tensors_sha256", format!("\"{recorded}\""), expected))
}

/// SHA-256 in lower-case hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

//! Models and checkpoints on disk: one safetensors file, with what is no tensor as JSON in its header.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tch::{Kind, Tensor};

use super::model::Model;
use super::quant::Quant;
use crate::config::layers::LayerSpec;
use crate::error::InputError;
use crate::files::write_atomic;
use crate::network::graph::Shape;

const MODEL_VERSION: u32 = 1;
const HEADER_KEY: &str = "slimgate";
const MASK: &str = ".mask";

/// What a model is beside its tensors.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelHeader {
    version: u32,
    input: Shape,
    nodes: Vec<LayerSpec>,
    quant: Option<Quant>,
}

impl Model {
    /// Writes the model, aside first and then renamed: a killed program leaves the old file or the new one.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let (header, tensors) = self.to_parts();
        write(path, &header, &tensors)
    }

    /// Reads a model that [`Model::save`] wrote, bit for bit.
    ///
    /// # Errors
    /// An [`InputError`] for a file that is missing, damaged, or of another version.
    pub fn load(path: &Path) -> Result<Self> {
        let (header, tensors) = read(path)?;
        Self::from_parts(header, tensors)
            .map_err(|e| InputError::file(path, format!("{e:#}"), "a model of this version").into())
    }

    /// Header and named tensors, masks included.
    pub(crate) fn to_parts(&self) -> (ModelHeader, BTreeMap<String, Tensor>) {
        let masks = self.masks.iter().map(|(layer, t)| (format!("{layer}{MASK}"), t.shallow_clone()));
        let tensors = self.tensors.iter().map(|(k, t)| (k.clone(), t.detach())).chain(masks).collect();
        let (nodes, quant) = (self.nodes.clone(), self.quant.clone());
        (ModelHeader { version: MODEL_VERSION, input: self.input, nodes, quant }, tensors)
    }

    /// The reverse of [`Model::to_parts`]: the graph decides which tensors there are, and of which shapes.
    pub(crate) fn from_parts(header: ModelHeader, mut tensors: BTreeMap<String, Tensor>) -> Result<Self> {
        anyhow::ensure!(header.version == MODEL_VERSION, "version {} instead of {MODEL_VERSION}", header.version);
        let mut model = Model::new(&header.nodes, header.input, 0)?;
        model.quant = header.quant;
        let layers: Vec<String> = model.layers().map(|n| n.name.clone()).collect();
        for layer in layers {
            if let Some(mask) = tensors.remove(&format!("{layer}{MASK}")) {
                model.masks.insert(layer, mask);
            }
        }
        for (name, fresh) in &model.tensors {
            let found = tensors.get(name).with_context(|| format!("no tensor {name}"))?;
            anyhow::ensure!(found.size() == fresh.size(), "tensor {name} of another shape than the graph's");
        }
        let shares =
            |name: &String| name.strip_suffix(".act_scale").is_some_and(|node| model.scale_owner(node) != node);
        if let Some(name) = tensors.keys().find(|name| shares(name)) {
            anyhow::bail!("tensor {name}, a scale that it shares with another node");
        }
        model.tensors = tensors;
        model.track_gradients();
        Ok(model)
    }
}

fn dtype(kind: Kind) -> Result<Dtype> {
    Ok(match kind {
        Kind::Float => Dtype::F32,
        Kind::Double => Dtype::F64,
        Kind::Int64 => Dtype::I64,
        Kind::Uint8 => Dtype::U8,
        other => anyhow::bail!("no file format for tensors of {other:?}"),
    })
}

fn kind(dtype: Dtype) -> Result<Kind> {
    Ok(match dtype {
        Dtype::F32 => Kind::Float,
        Dtype::F64 => Kind::Double,
        Dtype::I64 => Kind::Int64,
        Dtype::U8 => Kind::Uint8,
        other => anyhow::bail!("tensors of {other:?}"),
    })
}

/// Writes tensors and a header to `path`, atomically.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, header: &impl Serialize, tensors: &BTreeMap<String, Tensor>) -> Result<()> {
    let mut raw = Vec::with_capacity(tensors.len());
    for (name, t) in tensors {
        let t = t.to_device(tch::Device::Cpu).contiguous();
        let shape: Vec<usize> = t.size().iter().map(|&n| n as usize).collect();
        let mut bytes = vec![0u8; t.numel() * t.kind().elt_size_in_bytes()];
        t.f_copy_data_u8(&mut bytes, t.numel())?;
        raw.push((name, dtype(t.kind())?, shape, bytes));
    }
    let views = raw.iter().map(|(name, d, shape, bytes)| Ok((name, TensorView::new(*d, shape.clone(), bytes)?)));
    let views = views.collect::<Result<Vec<_>>>()?;
    let metadata = HashMap::from([(HEADER_KEY.to_string(), serde_json::to_string(header)?)]);
    let bytes = serialize(views, Some(metadata))?;
    Ok(write_atomic(path, &bytes)?)
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// An [`InputError`] for a file that is missing or damaged.
pub(crate) fn read<H: DeserializeOwned>(path: &Path) -> Result<(H, BTreeMap<String, Tensor>)> {
    let bytes = std::fs::read(path).map_err(|e| InputError::io(path, &e, "a file that slimgate wrote"))?;
    parse(&bytes).map_err(|e| InputError::file(path, format!("{e:#}"), "a file that slimgate wrote, undamaged").into())
}

fn parse<H: DeserializeOwned>(bytes: &[u8]) -> Result<(H, BTreeMap<String, Tensor>)> {
    let (_, metadata) = SafeTensors::read_metadata(bytes)?;
    let header = metadata.metadata().as_ref().and_then(|m| m.get(HEADER_KEY)).context("no slimgate header")?;
    let header = serde_json::from_str(header)?;
    let mut tensors = BTreeMap::new();
    for (name, view) in SafeTensors::deserialize(bytes)?.tensors() {
        let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        tensors.insert(name, Tensor::f_from_data_size(view.data(), &shape, kind(view.dtype())?)?);
    }
    Ok((header, tensors))
}

//! A whole design: every engine, the top, the cells they need, the file list and the manifest.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::tidy::tidy;
use super::{Artifact, affine, cells, constant, conv, join, pool, reorder, scripts, sparse, sparse_conv, top};
use crate::error::InputError;
use crate::files::{create_folder, write_atomic};
use crate::network::Network;
use crate::plan::layer::conv_layer;
use crate::plan::stages::stages;
use crate::plan::{Engine, LayerPlan, Plan};

/// Version of `manifest.json`.
pub const MANIFEST_VERSION: u32 = 1;

/// Every file of the design of `network` under `plan`, sorted by path. `network_path` is recorded in the manifest.
///
/// # Errors
/// Where the plan is not one of this network, or a template fails.
pub fn generate(network: &Network, plan: &Plan, network_path: Option<&Path>) -> Result<Vec<Artifact>> {
    let mut files = engines(network, plan)?;
    files.push(top::emit(plan)?);
    // The design's own modules; cells stay as they were written, so that designs can share them.
    let own = format!("rtl/{}_", plan.name);
    for file in files.iter_mut().filter(|f| f.path.starts_with(&own)) {
        file.text = tidy(&file.text);
    }
    files.extend(cells::needed(plan, &files)?);
    let mut by_path: BTreeMap<String, String> = files.into_iter().map(|f| (f.path, f.text)).collect();
    let rtl: Vec<&String> = by_path.keys().filter(|path| path.starts_with("rtl/")).collect();
    let filelist: String = rtl.iter().map(|path| format!("{path}\n")).collect();
    let manifest = manifest(network, plan, network_path, &by_path)?;
    by_path.insert("filelist.f".into(), filelist);
    by_path.insert("manifest.json".into(), manifest);
    Ok(by_path.into_iter().map(|(path, text)| Artifact { path, text }).collect())
}

fn engines(network: &Network, plan: &Plan) -> Result<Vec<Artifact>> {
    let mut files = Vec::new();
    for (stage, layer) in stages(network)?.iter().zip(&plan.layers) {
        let module = top::module_name(plan, &layer.node);
        let arrives = plan.stream(stage.input().source);
        let params = network.params(&layer.node);
        files.extend(match &layer.engine {
            Engine::Conv(p) => conv::emit(&module, network, layer, p, &conv_layer(network, stage, arrives))?,
            Engine::SparseConv(p) => sparse_conv::emit(&module, layer, p, &conv_layer(network, stage, arrives))?,
            Engine::Constant(p) => constant::emit(&module, layer, p, &conv_layer(network, stage, arrives))?,
            Engine::Sparse(p) => sparse::emit(&plan.name, &layer.node, p)?,
            Engine::Pool(p) => pool::emit(&module, layer, p)?,
            Engine::Affine(p) => affine::emit(&module, layer, p, params)?,
            Engine::Join(p) => vec![join::emit(&module, layer, p)?],
            Engine::Flatten(p) => vec![reorder::emit(&module, layer, p)?],
        });
    }
    Ok(files)
}

fn manifest(
    network: &Network,
    plan: &Plan,
    network_path: Option<&Path>,
    files: &BTreeMap<String, String>,
) -> Result<String> {
    let layer = |l: &LayerPlan| {
        json!({
            "node": l.node, "engine": l.engine.name(), "module": top::module_name(plan, &l.node), "out": l.out,
            "lanes": l.lanes, "useful_macs": l.useful_macs, "cycles_per_image": l.cycles_per_image, "bound": l.bound,
            "memories": l.memories, "resources": l.resources,
        })
    };
    let manifest = json!({
        "schema": "slimgate-manifest",
        "version": MANIFEST_VERSION,
        "name": plan.name,
        "top": format!("{}_top", plan.name),
        "input": plan.input,
        "classes": plan.classes,
        "network": network_path,
        "network_sha256": network.sha256()?,
        "cycles_per_image": plan.cycles_per_image,
        "lanes": plan.lanes,
        "resources": plan.resources,
        "layers": plan.layers.iter().map(layer).collect::<Vec<_>>(),
        "files": files.keys().collect::<Vec<_>>(),
    });
    Ok(serde_json::to_string_pretty(&manifest)? + "\n")
}

/// Generates the design of `network` under `plan`, with the scripts for `board`, and writes it under `dir`; gives the number
/// of its files. `network_path` is recorded in the manifest.
///
/// # Errors
/// As [`generate`] and [`write`].
pub fn make(
    network: &Network,
    plan: &Plan,
    network_path: Option<&Path>,
    board: &scripts::Board,
    dir: &Path,
) -> Result<usize> {
    let mut files = generate(network, plan, network_path)?;
    files.extend(scripts::emit(&plan.name, &files, board)?);
    write(&files, dir)?;
    Ok(files.len())
}

/// Writes `files` under `dir`; files of an earlier design there that are no longer needed are removed.
///
/// # Errors
/// [`InputError`] where the folder cannot be written.
pub fn write(files: &[Artifact], dir: &Path) -> Result<(), InputError> {
    for folder in ["rtl", "mem", "synth"] {
        let folder = dir.join(folder);
        create_folder(&folder)?;
        let entries = std::fs::read_dir(&folder).map_err(|e| InputError::io(&folder, &e, "a readable folder"))?;
        for path in entries.flatten().map(|e| e.path()) {
            let kept = files.iter().any(|f| dir.join(&f.path) == path);
            let ours = path.extension().is_some_and(|e| e == "v" || e == "hex") || scripts::is_ours(&path);
            if ours && !kept {
                std::fs::remove_file(&path).map_err(|e| InputError::io(&path, &e, "a file that may be replaced"))?;
            }
        }
    }
    files.iter().try_for_each(|file| write_atomic(&dir.join(&file.path), file.text.as_bytes()))
}

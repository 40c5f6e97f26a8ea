//! `slimgate check`: a run file, its data and its network, before the long work.

use std::path::PathBuf;

use clap::Args;
use comfy_table::{Table, presets};
use serde_json::json;

use super::Output;
use crate::config::RunConfig;
use crate::config::layers::{LayerOp, LayerSpec};
use crate::error::InputErrors;
use crate::run::teacher;

/// Check a run file, its data set and its network; print the layers and their shapes.
///
/// Reads everything that a run would read and trains nothing, so that a slip is found in seconds. With --resolved,
/// prints the run file with every default written out (as a run keeps it in runs/NAME/config.toml).
///
/// Example: slimgate check examples/fashion.toml
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The run file (docs/run-file.md).
    pub config: PathBuf,

    /// Print the run file with every default, and read no images.
    #[arg(long)]
    pub resolved: bool,
}

/// Loads the run file and, unless `--resolved`, the data, and resolves the network.
pub fn run(args: &CheckArgs, out: &Output) -> anyhow::Result<()> {
    let config = RunConfig::load(&args.config)?;
    if args.resolved {
        let text = config.to_toml()?;
        return out.result(&config, || text);
    }
    let splits = config.data.load(config.seed).map_err(|e| e.in_file(&args.config))?;
    let input = splits.train.shape;
    let layers: Result<Vec<LayerSpec>, InputErrors> = config.network.resolve(input, splits.classes.len());
    let layers = layers.map_err(|e| e.in_file(&args.config))?;
    teacher::file(&config).map_err(|e| e.in_file(&args.config))?;
    let value = json!({
        "name": config.name, "data": splits.name, "input": input, "classes": splits.classes, "layers": layers,
        "train_images": splits.train.len(), "validation_images": splits.validation.len(),
        "test_images": splits.test.len(),
    });
    out.result(&value, || {
        format!(
            "{}: {}, {} training, {} validation and {} test images of {}x{}x{}, {} classes\n{}",
            config.name,
            splits.name,
            splits.train.len(),
            splits.validation.len(),
            splits.test.len(),
            input.c,
            input.h,
            input.w,
            splits.classes.len(),
            table(&layers)
        )
    })
}

fn table(layers: &[LayerSpec]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["layer", "operation", "inputs", "output (CxHxW)"]);
    for layer in layers {
        let window = match layer.op {
            LayerOp::Conv { window, .. } | LayerOp::MaxPool(window) | LayerOp::AvgPool(window) => {
                format!(" {}x{}", window.kernel[0], window.kernel[1])
            }
            _ => String::new(),
        };
        let norm = if layer.batch_norm { ", BatchNorm" } else { "" };
        let relu = if layer.relu { ", ReLU" } else { "" };
        let shape = layer.shape;
        table.add_row([
            layer.name.clone(),
            format!("{}{window}{norm}{relu}", layer.op.name()),
            layer.inputs.join(", "),
            format!("{}x{}x{}", shape.c, shape.h, shape.w),
        ]);
    }
    table
}

//! Writes the designs of `tests/fixtures/designs.json` and the parts that their estimates are made of, for
//! `scripts/estimates.sh`.
//!
//! ```sh
//! cargo run --no-default-features --example make_estimates -- FOLDER
//! ```
//!
//! Each design goes to `FOLDER/NAME.DEVICE`; `FOLDER/parts.json` has for each, by Verilog module, the amounts of the
//! features, the LUTs that are counted, flip-flops, and the estimate of the whole.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use slimgate::plan::Plan;
use slimgate::plan::device::Device;
use slimgate::plan::estimate::features::FEATURES;
use slimgate::plan::estimate::parts::Parts;
use slimgate::plan::estimate::{adapter_parts, layer_parts, top_parts, window_parts};
use slimgate::rtl::design;
use slimgate::rtl::scripts::Board;

#[path = "../tests/recipes/mod.rs"]
mod recipes;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).context("usage: make_estimates FOLDER")?;
    let folder = Path::new(&folder);
    let mut all = Map::new();
    for recipe in recipes::all()? {
        let network = recipe.network()?;
        for device in recipe.devices()? {
            let plan = recipe.plan(&network, &device)?;
            let name = format!("{}.{}", recipe.name, device.name);
            let dir = folder.join(&name);
            std::fs::create_dir_all(&dir)?;
            design::make(&network, &plan, None, &Board { device, clock_mhz: 100.0 }, &dir)?;
            let mut parts = parts(&plan, &device);
            parts["verilog"] = recipes::fingerprint(&network, &plan)?.into();
            parts["no_dsp"] = recipe.no_dsp.into();
            all.insert(name, parts);
        }
    }
    std::fs::write(folder.join("parts.json"), serde_json::to_string_pretty(&all)? + "\n")?;
    println!("{} designs", all.len());
    Ok(())
}

fn parts(plan: &Plan, device: &Device) -> Value {
    let mut modules = Map::new();
    for layer in &plan.layers {
        let module = format!("{}_{}", plan.name, layer.node);
        let window = window_parts(layer);
        modules.insert(module.clone(), amounts(&layer_parts(layer), window.as_ref()));
        if let Some(window) = window {
            modules.insert(module + "_window", amounts(&window, None));
        }
    }
    let top = format!("{}_top", plan.name);
    let mut rest = top_parts(plan, device.block());
    plan.layers.iter().for_each(|layer| rest.join(&adapter_parts(layer)));
    modules.insert(top.clone(), amounts(&rest, None));
    json!({ "device": device.name, "family": device.family.name(), "top": top, "modules": modules, "estimate": plan.resources })
}

/// What `parts` has and `without` has not.
fn amounts(parts: &Parts, without: Option<&Parts>) -> Value {
    let less = |i: usize| parts.amounts[i] - without.map_or(0.0, |without| without.amounts[i]);
    let amounts: Map<String, Value> = FEATURES
        .iter()
        .enumerate()
        .filter(|(i, _)| less(*i) != 0.0)
        .map(|(i, name)| (name.to_string(), less(i).into()))
        .collect();
    let (ff, luts) = without.map_or((0.0, 0.0), |without| (without.ff, without.luts));
    json!({ "amounts": amounts, "luts": parts.luts - luts, "ff": parts.ff - ff })
}

//! Measures one design of `make_estimates` with the Yosys at hand, whole and by module, for `scripts/estimates.sh`.
//!
//! ```sh
//! cargo run --no-default-features --example measure_estimates -- FOLDER NAME.DEVICE modules
//! ```
//!
//! Writes `measured.json` beside the design: what `slimgate synth` counts, and (`modules`, not `flat`) the same for each engine
//! and window generator where their borders are kept (`keep_hierarchy`). A design that was measured before, by the same version, is left as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use slimgate::plan::device::Device;
use slimgate::synth::cost::Cost;
use slimgate::synth::yosys::Yosys;
use slimgate::synth::{Goal, Target, synthesize};

/// The part of `stat -json` that is read.
#[derive(Deserialize)]
struct Stat {
    modules: BTreeMap<String, Module>,
}

#[derive(Deserialize)]
struct Module {
    num_cells_by_type: BTreeMap<String, u64>,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, name, what] = args.as_slice() else {
        bail!("usage: measure_estimates FOLDER NAME.DEVICE flat|modules")
    };
    let dir = Path::new(folder).join(name);
    let device = Device::named(name.split_once('.').context("NAME.DEVICE")?.1)?;
    let parts: Value = serde_json::from_str(&fs::read_to_string(Path::new(folder).join("parts.json"))?)?;
    let design = parts.get(name).with_context(|| format!("no {name} in parts.json"))?;
    let yosys = Yosys::find()?;
    let key = key(&dir, &yosys, device.family.name())?;
    let file = dir.join("measured.json");
    let known: Value =
        fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let has_modules = known["modules"].as_object().is_some_and(|modules| !modules.is_empty());
    if known["key"] == key && (what == "flat" || has_modules) {
        return Ok(());
    }
    let no_dsp = design["no_dsp"].as_bool().context("no_dsp")?;
    let goal = if no_dsp { Goal::WithoutDsp(device.family) } else { Goal::Device(device) };
    let report = synthesize(&dir, goal, false)?;
    let modules: Vec<&String> = design["modules"].as_object().context("modules")?.keys().collect();
    let by_module = match what.as_str() {
        "modules" => by_module(&yosys, &dir, device.family, &modules)?,
        _ => BTreeMap::new(),
    };
    let measured =
        json!({ "key": key, "tool": report.tool, "flat": report.cost, "cells": report.cells, "modules": by_module });
    fs::write(&file, serde_json::to_string_pretty(&measured)? + "\n")?;
    println!("{name}: {:.0} s", report.seconds);
    Ok(())
}

/// What the figures depend on.
fn key(dir: &Path, yosys: &Yosys, family: &str) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(yosys.version()?);
    hash.update(fs::read(dir.join(format!("synth/{family}.ys")))?);
    for folder in ["rtl", "mem"] {
        let mut files: Vec<_> = fs::read_dir(dir.join(folder))?.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            hash.update(file.file_name().unwrap_or_default().as_encoded_bytes());
            hash.update(fs::read(&file)?);
        }
    }
    Ok(format!("{:x}", hash.finalize()))
}

/// The cost of each of `modules`, what lies in the others left out.
fn by_module(yosys: &Yosys, dir: &Path, family: Target, modules: &[&String]) -> Result<BTreeMap<String, Cost>> {
    let name = family.name();
    let script = fs::read_to_string(dir.join(format!("synth/{name}.ys")))?;
    let top = modules.iter().find(|module| module.ends_with("_top")).context("a top")?;
    let names: Vec<&str> = modules.iter().map(|module| module.as_str()).collect();
    let keep = format!("hierarchy -top {top}\nsetattr -mod -set keep_hierarchy 1 {}\nsynth_", names.join(" "));
    let script = script.replacen("\nsynth_", &format!("\n{keep}"), 1).replace(&format!("synth/{name}."), "synth/kept.");
    fs::write(dir.join("synth/kept.ys"), script)?;
    let status = Command::new(yosys.program()).args(["-q", "-s", "synth/kept.ys"]).current_dir(dir).output()?;
    ensure!(status.status.success(), "{}: {}", dir.display(), String::from_utf8_lossy(&status.stderr));
    let text = fs::read_to_string(dir.join("synth/kept.stat.json"))?;
    // Some versions print text before the object, and behind its modules.
    let (from, to) = (text.find('{').context("an object")?, text.find("\n   },").context("its modules")?);
    let stat: Stat = serde_json::from_str(&format!("{}\n}}}}", &text[from..to]))?;
    let plain = |name: &str| name.trim_start_matches('\\').to_owned();
    Ok(stat.modules.iter().map(|(name, module)| (plain(name), Cost::of(&module.num_cells_by_type, family))).collect())
}

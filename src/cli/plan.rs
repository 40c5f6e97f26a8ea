//! `slimgate plan` and what it shares with `slimgate rtl`: the target's flags.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use comfy_table::{Table, presets};
use serde_json::json;

use super::Output;
use crate::error::InputError;
use crate::network::Network;
use crate::plan::device::{DEVICES, Device};
use crate::plan::goal::{Goal, Target};
use crate::plan::pareto::{Point, front};
use crate::plan::reach::balance;
use crate::plan::{LayerPlan, Plan};
use crate::rtl::scripts::Board;

/// The devices that `--device` takes.
pub fn devices() -> PossibleValuesParser {
    PossibleValuesParser::new(DEVICES.iter().map(|device| device.name))
}

/// What the design should reach. Without a target: the fastest that fits the device.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// FPGA to plan for.
    #[arg(long, default_value = "xc7z020", value_parser = devices())]
    pub device: String,

    /// Clock in MHz, for --target-fps and for the scripts of synthesis.
    #[arg(long, default_value_t = 100.0)]
    pub clock_mhz: f64,

    /// Images a second to reach: the smallest design that does.
    #[arg(long, conflicts_with_all = ["max_lanes", "target_cycles"])]
    pub target_fps: Option<f64>,

    /// Most cycles an image: the smallest design that keeps them.
    #[arg(long, conflicts_with = "max_lanes")]
    pub target_cycles: Option<u64>,

    /// Most multiply-accumulate lanes: the fastest design within them.
    #[arg(long)]
    pub max_lanes: Option<usize>,

    /// The fastest design that fits the device: what is planned without another target.
    #[arg(long, conflicts_with_all = ["max_lanes", "target_cycles", "target_fps"])]
    pub fit: bool,

    /// Most multiplier blocks: lanes past them multiply in LUTs.
    #[arg(long)]
    pub max_dsp: Option<usize>,

    /// Most LUTs, by the estimate: ROMs move to block RAM where they must.
    #[arg(long)]
    pub max_lut: Option<usize>,
}

impl TargetArgs {
    /// Device and clock.
    ///
    /// # Errors
    /// [`InputError`] for an unknown device or a clock that makes no sense.
    pub fn board(&self) -> Result<Board, InputError> {
        let (device, clock_mhz) = (Device::named(&self.device)?, self.clock_mhz);
        if !(clock_mhz > 0.0 && clock_mhz.is_finite()) {
            return Err(InputError::new("--clock-mhz", clock_mhz.to_string(), "above 0"));
        }
        Ok(Board { device, clock_mhz })
    }

    /// What the planner is asked for.
    ///
    /// # Errors
    /// [`InputError`] for an unknown device or a value that makes no sense.
    pub fn goal(&self) -> Result<Goal, InputError> {
        let device = self.board()?.device;
        Ok(Goal { target: self.target()?, device, max_dsp: self.max_dsp, max_lut: self.max_lut, no_dsp: false })
    }

    fn target(&self) -> Result<Target, InputError> {
        if let Some(fps) = self.target_fps {
            if !(fps > 0.0 && fps.is_finite()) {
                return Err(InputError::new("--target-fps", fps.to_string(), "above 0"));
            }
            return Ok(Target::Cycles((self.clock_mhz * 1e6 / fps) as u64));
        }
        Ok(match (self.target_cycles, self.max_lanes) {
            (Some(cycles), _) => Target::Cycles(cycles),
            (None, Some(lanes)) => Target::Lanes(lanes),
            (None, None) => Target::Fit,
        })
    }
}

/// Plan the hardware of a network: folding, cycles, memories, estimated resources.
///
/// Chooses for every layer how many channels a cycle takes, so that all layers need about equal time. Resources are
/// estimates: what Yosys 0.23 should count, by a model. `slimgate synth` measures them.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate plan runs/fashion --device xc7z020 --target-fps 10000 --clock-mhz 100")]
pub struct PlanArgs {
    /// Folder with network.json, or that file.
    pub network: PathBuf,

    #[command(flatten)]
    pub target: TargetArgs,

    /// The Pareto front instead of one plan: every design that fits and that no other beats in cycles, LUTs, multiplier
    /// blocks and block RAM, with the flags that give it.
    #[arg(long, conflicts_with_all = ["max_lanes", "target_cycles", "target_fps"])]
    pub pareto: bool,
}

/// Runs the command.
pub fn run(args: &PlanArgs, out: &Output) -> anyhow::Result<()> {
    let goal = args.target.goal()?;
    let network = Network::load(&args.network)?;
    if args.pareto {
        let points = front(&network, &goal)?;
        let value = json!({ "network": network.name, "device": goal.device.name, "points": points });
        return out.result(&value, || points_text(&points, args.target.clock_mhz));
    }
    let plan = balance(&network, &goal)?;
    let value = plan_json(&plan)?;
    out.result(&value, || text(&plan, args.target.clock_mhz))
}

/// The plan with the totals of its resources on top, under the names of `slimgate synth --json`.
fn plan_json(plan: &Plan) -> anyhow::Result<serde_json::Value> {
    let mut value = serde_json::to_value(plan)?;
    let resources = serde_json::to_value(plan.resources)?;
    if let (Some(all), Some(resources)) = (value.as_object_mut(), resources.as_object()) {
        all.extend(resources.clone());
    }
    Ok(value)
}

/// The plan as a table.
pub fn text(plan: &Plan, clock_mhz: f64) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    table.set_header(["layer", "lanes", "cycles an image", "busy", "memory kbit", "LUT~", "DSP~", "BRAM~"]);
    for layer in &plan.layers {
        table.add_row(row(plan, layer));
    }
    let r = &plan.resources;
    format!(
        "{table}\n{} cycles an image: {:.0} images/s at {clock_mhz} MHz; {} lanes; about {:.0} LUT, {:.0} FF, {:.0} DSP, {:.1} {} (estimated: what Yosys should count)\n",
        plan.cycles_per_image,
        clock_mhz * 1e6 / plan.cycles_per_image as f64,
        plan.lanes,
        r.lut,
        r.ff,
        r.dsp,
        r.bram,
        r.family.bram_kind()
    )
}

/// The front as a table.
fn points_text(points: &[Point], clock_mhz: f64) -> String {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    table.set_header(["cycles an image", "images/s", "lanes", "LUT~", "FF~", "DSP~", "BRAM~", "flags"]);
    for point in points {
        let r = &point.resources;
        let fps = clock_mhz * 1e6 / point.cycles_per_image as f64;
        let figures = [fps, point.lanes as f64, r.lut, r.ff, r.dsp].map(|figure| format!("{figure:.0}"));
        let first = [point.cycles_per_image.to_string()];
        let last = [format!("{:.1}", r.bram), point.flags.clone()];
        table.add_row(first.into_iter().chain(figures).chain(last));
    }
    format!("{table}\n{} designs at {clock_mhz} MHz; resources are estimates of what Yosys counts\n", points.len())
}

fn row(plan: &Plan, layer: &LayerPlan) -> Vec<String> {
    let r = &layer.resources;
    let kbit = layer.memories.iter().map(|m| m.bits_allocated).sum::<u64>() as f64 / 1000.0;
    let busy = match layer.lanes {
        0 => String::new(),
        lanes => {
            format!("{:.1} %", 100.0 * layer.useful_macs as f64 / (lanes as u64 * plan.cycles_per_image) as f64)
        }
    };
    let most = if layer.bound { "<= " } else { "" };
    vec![
        layer.node.clone(),
        layer.lanes.to_string(),
        format!("{most}{}", layer.cycles_per_image),
        busy,
        format!("{kbit:.1}"),
        format!("{:.0}", r.lut),
        format!("{:.0}", r.dsp),
        format!("{:.1}", r.bram),
    ]
}

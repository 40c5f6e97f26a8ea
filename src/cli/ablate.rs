//! `slimgate ablate`: what each stage of the compression is worth in hardware.

use std::path::{Path, PathBuf};

use clap::Args;
use comfy_table::{Table, presets};

use super::Output;
use super::power::TechnologyArgs;
use crate::ablate::{self, Ablation, Options, Row, Rule, Rules};
use crate::plan::device::Device;
use crate::plan::goal::Target;
use crate::power::technology::{Name, Technology};
use crate::run::hardware::design_folder;

/// What compression is worth in hardware: a run's network at 8 bits and after each stage, as designs side by side.
///
/// Plans, generates and simulates every network under two rules, as many cycles an image as the compressed design and as many
/// multiply-accumulate lanes; with --synth Yosys measures each, which takes up to minutes a design; with --power the energy an
/// image is estimated from each one's activity. The compressed design is what the run file asks for; where that is the fastest that
/// fits the device, it is as fast as every one of the networks can be there. Writes RUN/ablation.json, which the run's report
/// shows, and the designs below rtl_out/NAME-ablation.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate ablate runs/fashion --device xc7a35t --no-dsp --synth")]
pub struct AblateArgs {
    /// The folder of a finished run.
    #[arg(value_name = "RUN")]
    pub run: PathBuf,

    /// FPGA to plan for [default: the run's].
    #[arg(long, value_parser = super::plan::devices())]
    pub device: Option<String>,

    /// Most cycles an image of the compressed design, which the others follow [default: what the run file asks for].
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub target_cycles: Option<u64>,

    /// Multiply in LUTs alone, so that areas are one number.
    #[arg(long)]
    pub no_dsp: bool,

    /// Synthesize every design with Yosys.
    #[arg(long)]
    pub synth: bool,

    /// Test images to simulate on each design.
    #[arg(long, default_value_t = IMAGES as u32, value_parser = clap::value_parser!(u32).range(1..))]
    pub images: u32,

    /// Estimate every design's energy an image from its activity as well (`slimgate power`).
    #[arg(long)]
    pub power: bool,

    #[command(flatten)]
    pub technology: TechnologyArgs,

    /// Folder for the designs [default: rtl_out/NAME-ablation].
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Images for each design where nothing else is asked for.
const IMAGES: usize = 20;

/// Runs the command.
pub fn run(args: &AblateArgs, out: &Output) -> anyhow::Result<()> {
    let mut rules = Rules::of(&args.run, args.no_dsp)?;
    if let Some(device) = &args.device {
        rules.device = Device::named(device)?;
    }
    rules.target = args.target_cycles.map_or(rules.target, Target::Cycles);
    let options = Options {
        synthesize: args.synth,
        images: args.images as usize,
        power: args.power.then(|| args.technology.technology()).transpose()?,
    };
    let dir = args.out.clone().unwrap_or_else(|| designs(&args.run));
    let ablation = ablate::run(&args.run, &dir, rules, &options, |row| out.text(line(row)))?;
    out.result(&ablation, || text(&ablation))
}

/// All there is to measure for the report of `run`, without multiplier blocks.
///
/// # Errors
/// Those of [`ablate::run`].
pub fn measure(run: &Path, out: &Output) -> anyhow::Result<Ablation> {
    let rules = Rules::of(run, true)?;
    let options = Options { synthesize: true, images: IMAGES, power: Some(Technology::named(Name::Ice40up5k)) };
    ablate::run(run, &designs(run), rules, &options, |row| out.text(line(row)))
}

fn designs(run: &Path) -> PathBuf {
    let name = run.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    design_folder(run, &format!("{name}-ablation"))
}

fn line(row: &Row) -> String {
    let dir = row.dir.as_deref().unwrap_or(Path::new(&row.variant));
    format!("{}: {:.1} cycles an image, {} images bit-exact", dir.display(), row.cycles(), row.images)
}

fn text(ablation: &Ablation) -> String {
    let mut text = String::new();
    for (rule, title) in [(Rule::EqualThroughput, "Equal throughput"), (Rule::EqualLanes, "Equal lanes")] {
        let mut table = Table::new();
        table.load_preset(presets::UTF8_BORDERS_ONLY);
        let mark = if ablation.tool.is_some() { "" } else { "~" };
        let resources = ["LUT", "FF", "DSP"].map(|name| format!("{name}{mark}"));
        let first = ["network", "test", "lanes", "cycles", "weights kbit"].map(str::to_string);
        let energy = ablation.power.as_ref().map(|_| "nJ an image~".to_string());
        let header = first.into_iter().chain(resources).chain(energy).chain(["lacks on the device".to_string()]);
        table.set_header(header);
        ablation.rows.iter().filter(|row| row.rule == rule).for_each(|row| {
            table.add_row(cells(row));
        });
        text += &format!("{title}, {}:\n{table}\n", ablation.device);
    }
    let source = ablation.tool.as_deref().unwrap_or("estimated by the planner's model");
    text += &format!("cycles measured by simulation; resources: {source}\n");
    if let Some(power) = &ablation.power {
        text += &format!(
            "energy: estimated from the activity of {} images, {} at {} MHz, within a factor of {}: {}\n",
            power.images, power.technology, power.clock_mhz, power.uncertainty_factor, power.uncertainty
        );
    }
    text
}

fn cells(row: &Row) -> Vec<String> {
    let estimated = [row.estimated.lut, row.estimated.ff, row.estimated.dsp].map(|n| format!("{n:.0}"));
    let resources =
        row.synthesized.as_ref().map_or(estimated, |cost| [cost.lut, cost.ff, cost.dsp].map(|n| n.to_string()));
    let accuracy = row.test_accuracy.map_or(String::new(), |a| format!("{:.2} %", 100.0 * a));
    let first = [
        row.variant.clone(),
        accuracy,
        row.lanes.to_string(),
        format!("{:.1}", row.cycles()),
        format!("{:.1}", row.weight_bits as f64 / 1000.0),
    ];
    let energy = row.energy.as_ref().map(|e| format!("{:.1}", e.nanojoules));
    first.into_iter().chain(resources).chain(energy).chain([row.lacks.clone().unwrap_or_default()]).collect()
}

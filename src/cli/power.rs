//! `slimgate power`: what a design's activity on images costs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::ProgressBar;

use super::Output;
use super::stimulus::{DesignArgs, Stimulus};
use crate::error::InputError;
use crate::power::estimate::{Estimate, FILE, Setting};
use crate::power::parts::Kind;
use crate::power::technology::{Name, Technology};
use crate::power::{gates, measure};
use crate::run::hardware::file_sha256;
use crate::run::record::write_json;
use crate::sim::Simulator;
use crate::sim::manifest::{MANIFEST, Manifest};

/// Estimate the energy an image and the power of a design, from its activity on images.
///
/// Simulates the design in DIR (Verilator, every score compared with the interpreter), counts how often each bit of each
/// signal changes and each memory is read, and gives that energies: of an FPGA by measurements of others, or of the standard
/// cells of a Liberty file. Splits the energy by layer and by kind, names the source of every coefficient, says how far it may
/// be off, and writes DIR/power.json. It is an estimate: there is no layout behind it.
///
/// The images enter back to back, so the power is that of a design that never waits. Noise (`--data random`) moves more
/// than pictures do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  slimgate power rtl_out/fashion
  slimgate power rtl_out/fashion --liberty osu018_stdcells.lib --node-nm 180 --clock-mhz 50
  slimgate power rtl_out/example --data random --json")]
pub struct PowerArgs {
    #[command(flatten)]
    pub design: DesignArgs,

    /// How many images, from the start of the test set; a few are enough.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(2..))]
    pub images: u32,

    #[command(flatten)]
    pub technology: TechnologyArgs,

    /// Also make the design of the library's gates, simulate it on the same images (Icarus: minutes for more than a small
    /// design) and compare.
    #[arg(long, requires = "liberty")]
    pub gates: bool,

    /// Clock in MHz, for power and leakage.
    #[arg(long, default_value_t = 100.0)]
    pub clock_mhz: f64,

    /// Seed of random images.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What energies to take.
#[derive(Debug, Args)]
pub struct TechnologyArgs {
    /// Built-in technology for energies.
    #[arg(long, value_enum, default_value_t = Name::Ice40up5k, conflicts_with = "liberty")]
    pub technology: Name,

    /// Standard-cell library (Liberty, .lib) instead; memories are costed as SRAM.
    #[arg(long, value_name = "FILE")]
    pub liberty: Option<PathBuf>,

    /// Feature size of the library's process in nm, for its memories [default: 100 a volt from 1.5 V on, else 45].
    #[arg(long, requires = "liberty", value_name = "NM")]
    pub node_nm: Option<f64>,
}

impl TechnologyArgs {
    /// The technology that is named.
    ///
    /// # Errors
    /// [`InputError`] for a library that cannot be read.
    pub fn technology(&self) -> Result<Technology, InputError> {
        self.node_nm.map_or(Ok(()), |nm| positive("--node-nm", nm))?;
        match &self.liberty {
            Some(file) => Technology::cells(file, self.node_nm),
            None => Ok(Technology::named(self.technology)),
        }
    }
}

/// Runs the command: exit status 1 where the hardware is not what the network says, 2 on a wrong input.
pub fn run(args: &PowerArgs, out: &Output) -> anyhow::Result<()> {
    let manifest = Manifest::load(&args.design.dir)?;
    positive("--clock-mhz", args.clock_mhz)?;
    let technology = args.technology.technology()?;
    let stimulus = Stimulus { design: &args.design, images: args.images, seed: args.seed };
    let (_, vectors) = stimulus.load(&manifest, out)?;
    let bar = if out.shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_message("simulating (the first time: compiling)");
    bar.enable_steady_tick(Duration::from_millis(200));
    let build_dir = args.design.build_dir.as_deref();
    let measured = measure(&args.design.dir, &manifest, &vectors, Simulator::Verilator, build_dir)?;
    let setting = Setting {
        manifest: &manifest,
        manifest_sha256: file_sha256(&args.design.dir.join(MANIFEST))?,
        data: stimulus.name(&manifest)?,
        clock_mhz: args.clock_mhz,
    };
    let mut estimate = Estimate::new(&measured, &technology, &setting);
    if let Some(file) = args.technology.liberty.as_deref().filter(|_| args.gates) {
        bar.set_message("making gates, simulating them");
        let made = (&technology, &estimate);
        estimate.gates = Some(gates::check((&args.design.dir, &manifest), &vectors, file, made, build_dir)?);
    }
    bar.finish_and_clear();
    write_json(&args.design.dir.join(FILE), &estimate)?;
    out.result(&estimate, || text(&estimate, &args.design.dir))
}

fn positive(place: &str, value: f64) -> Result<(), InputError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(InputError::new(place, value.to_string(), "a number above 0"))
}

fn text(estimate: &Estimate, dir: &Path) -> String {
    let e = estimate;
    let mut text = format!(
        "{} in {}: estimated from the activity of {} images ({})\n{}\n",
        e.design,
        e.technology,
        e.images,
        e.data,
        table(e)
    );
    text += &format!(
        "nJ an image; {:.1} cycles an image (simulation), {:.0} images/s at {} MHz\n\
         estimated: {:.3} mW on average, {:.3} mW of it leakage; {:.1} nJ an image\n\
         uncertainty: a factor of {} either way: {}\n",
        e.cycles_per_image,
        e.images_per_second,
        e.clock_mhz,
        e.milliwatts,
        e.leakage_milliwatts,
        e.nanojoules,
        e.uncertainty_factor,
        e.uncertainty
    );
    if let Some(gates) = &e.gates {
        text += &format!(
            "gate level: {:.1} nJ an image of logic and clock in {} cells, {:.2} times the estimate's {:.1} nJ ({})\n",
            gates.nanojoules, gates.cells, gates.ratio, gates.estimated_nanojoules, gates.source
        );
    }
    text += "sources:\n";
    for s in &e.sources {
        text += &format!("  {}: {:.4} {}: {}\n", s.what, s.value, s.unit, s.source);
    }
    text + &format!("written: {}\n", dir.join(FILE).display())
}

fn table(estimate: &Estimate) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    let kinds = Kind::ALL.map(|kind| kind.name().to_string());
    table.set_header(["layer".to_string()].into_iter().chain(kinds).chain(["total".to_string()]));
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    let row = |name: &str, figures: [f64; 6]| {
        let figure = |value: f64| if value == 0.0 { String::new() } else { format!("{value:.3}") };
        let total = figure(figures.iter().sum());
        [name.to_string()].into_iter().chain(figures.map(figure)).chain([total]).collect::<Vec<_>>()
    };
    for layer in estimate.layers() {
        table.add_row(row(layer, Kind::ALL.map(|kind| estimate.part(layer, kind))));
    }
    table.add_row(row("total", Kind::ALL.map(|kind| estimate.kinds[&kind])));
    table
}

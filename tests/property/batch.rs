//! Several designs in one Verilator build, because a build costs more than a small design's simulation: they stand side
//! by side under one top, whose input `sel_i` gives the clock to one of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use slimgate::network::graph::InputSpec;
use slimgate::rtl::Artifact;
use slimgate::sim::manifest::Manifest;
use slimgate::sim::run::{self, Job, Outcome};
use slimgate::sim::vectors::Vectors;
use slimgate::sim::{Options, harness};
use tempfile::TempDir;

/// A generated design `<name>_top`, and what it must compute.
pub struct Design {
    pub name: String,
    pub artifacts: Vec<Artifact>,
    pub vectors: Vectors,
    pub cycles_per_image: u64,
}

impl Design {
    fn channels(&self) -> usize {
        self.vectors.shape.c
    }

    pub fn classes(&self) -> usize {
        self.vectors.scores[0].len()
    }

    /// What simulation needs of a manifest.
    pub fn manifest(&self) -> Manifest {
        let shape = self.vectors.shape;
        Manifest {
            name: self.name.clone(),
            top: format!("{}_top", self.name),
            input: InputSpec { channels: shape.c, height: shape.h, width: shape.w },
            classes: self.classes(),
            network: None,
            network_sha256: None,
            cycles_per_image: self.cycles_per_image,
            layers: Vec::new(),
        }
    }

    /// Bits of its `m_axis_tuser`.
    fn user_bits(&self) -> usize {
        (self.classes().next_power_of_two().trailing_zeros() as usize).max(1)
    }
}

/// Name of the common top.
pub const TOP: &str = "batch_top";

/// Writes the files of `designs` and a top over them into `dir`. A file that several designs share must be the same
/// in all of them.
pub fn write(dir: &Path, designs: &[&Design]) -> anyhow::Result<()> {
    let mut files: BTreeMap<&str, &str> = BTreeMap::new();
    let shared = |path: &str| path.starts_with("rtl/") || path.starts_with("mem/");
    for artifact in designs.iter().flat_map(|design| &design.artifacts).filter(|a| shared(&a.path)) {
        let other = files.insert(&artifact.path, &artifact.text);
        ensure!(other.is_none_or(|text| text == artifact.text), "two designs disagree on {}", artifact.path);
    }
    let top = top(designs);
    let path = format!("rtl/{TOP}.v");
    files.insert(&path, &top);
    let list: String = files.keys().filter(|path| path.ends_with(".v")).map(|path| format!("{path}\n")).collect();
    let manifest = format!("{{ \"top\": \"{TOP}\" }}\n");
    files.extend([("filelist.f", list.as_str()), ("manifest.json", manifest.as_str())]);
    for (path, text) in files {
        let file = dir.join(path);
        fs::create_dir_all(file.parent().context("a path in a folder")?)?;
        fs::write(&file, text)?;
    }
    Ok(())
}

/// The common top: every design, and multiplexers over their outputs.
fn top(designs: &[&Design]) -> String {
    let count = designs.len();
    let data_bits = 8 * designs.iter().map(|d| d.channels()).max().unwrap_or(1);
    let user_bits = designs.iter().map(|d| d.user_bits()).max().unwrap_or(1);
    let mut instances = String::new();
    for (k, design) in designs.iter().enumerate() {
        let (name, bits, user) = (&design.name, 8 * design.channels(), design.user_bits());
        let pad = user_bits - user;
        let widened = if pad > 0 { format!("{{{pad}'d0, user_{k}}}") } else { format!("user_{k}") };
        let _ = write!(
            instances,
            "
    wire [{user}-1:0] user_{k};
    wire on_{k}  = sel_i == 8'd{k};
    wire clk_{k} = clk_i && on_{k};
    assign user[{k}*{user_bits} +: {user_bits}] = {widened};
    {name}_top u_{k} (
        .clk_i(clk_{k}), .rst_ni(rst_ni),
        .s_axis_tdata(s_axis_tdata[{bits}-1:0]), .s_axis_tvalid(s_axis_tvalid && on_{k}),
        .s_axis_tready(s_ready[{k}]), .s_axis_tlast(s_axis_tlast),
        .m_axis_tdata(data[{k}*32 +: 32]), .m_axis_tvalid(valid[{k}]), .m_axis_tready(m_axis_tready && on_{k}),
        .m_axis_tlast(last[{k}]), .m_axis_tuser(user_{k}), .err_tlast_o(err[{k}])
    );
"
        );
    }
    format!(
        "`default_nettype none
module {TOP} (
    input  wire                   clk_i,
    input  wire                   rst_ni,
    input  wire [7:0]             sel_i,
    input  wire [{data_bits}-1:0] s_axis_tdata,
    input  wire                   s_axis_tvalid,
    output wire                   s_axis_tready,
    input  wire                   s_axis_tlast,
    output wire [31:0]            m_axis_tdata,
    output wire                   m_axis_tvalid,
    input  wire                   m_axis_tready,
    output wire                   m_axis_tlast,
    output wire [{user_bits}-1:0] m_axis_tuser,
    output wire                   err_tlast_o
);
    wire [{count}*32-1:0]          data;
    wire [{count}*{user_bits}-1:0] user;
    wire [{count}-1:0]             valid, last, err, s_ready;
{instances}
    wire [255:0] all_valid = {{{{(256-{count}){{1'b0}}}}, valid}};
    wire [255:0] all_last  = {{{{(256-{count}){{1'b0}}}}, last}};
    wire [255:0] all_err   = {{{{(256-{count}){{1'b0}}}}, err}};
    wire [255:0] all_ready = {{{{(256-{count}){{1'b0}}}}, s_ready}};
    assign m_axis_tvalid = all_valid[sel_i];
    assign m_axis_tlast  = all_last[sel_i];
    assign err_tlast_o   = all_err[sel_i];
    assign s_axis_tready = all_ready[sel_i];
    assign m_axis_tdata  = data[32*sel_i +: 32];
    assign m_axis_tuser  = user[{user_bits}*sel_i +: {user_bits}];
endmodule
`default_nettype wire
"
    )
}

/// A built batch.
pub struct Batch {
    dir: TempDir,
    binary: PathBuf,
}

impl Batch {
    /// Writes and builds `designs` (at most 256).
    pub fn build(designs: &[&Design]) -> anyhow::Result<Self> {
        ensure!((1..=256).contains(&designs.len()), "one to 256 designs");
        let dir = TempDir::new()?;
        write(dir.path(), designs)?;
        let options = Options { build_dir: Some(dir.path().join("build")), optimize: 0, ..Options::default() };
        let vectors = run::write_vectors(dir.path(), &designs[0].vectors)?;
        let binary = harness::build(dir.path(), &vectors, &options, false)?;
        Ok(Self { dir, binary })
    }

    /// Simulates design `index` with stalls, resets and wrong tlasts.
    pub fn run(&self, index: usize, design: &Design, stall: f64, seed: u64) -> anyhow::Result<Outcome> {
        let vectors = run::write_vectors(self.dir.path(), &design.vectors)?;
        let options = Options { stall, seed, select: Some(index), ..Options::default() };
        let job = Job { first: 0, count: design.vectors.images(), main_only: false, robustness: true };
        run::run(self.dir.path(), &self.binary, &vectors, &design.manifest(), &options, job)
    }
}

//! Simulation: the generated Verilog against the interpreter, every output beat, in Verilator or Icarus.
//!
//! [`manifest`] says what the design is, [`vectors`] hands images and expected scores to the testbench
//! (`testbench/`), [`harness`] builds it through `sim/Makefile`, [`run`] runs it on all cores, [`layers`] finds the
//! first layer that differs, and [`report`] is what comes out.

pub mod harness;
pub mod layers;
pub mod manifest;
pub mod report;
pub mod run;
pub mod vectors;

use clap::ValueEnum;

/// Which simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Simulator {
    /// Fast and two-state; registers start at random values.
    Verilator,
    /// Thousands of times slower and four-state: an X on an output is an error.
    Icarus,
}

/// Waveform to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wave {
    /// GTKWave's compressed format.
    Fst,
    /// Value change dump: text, large, read by every tool.
    Vcd,
}

/// How to simulate.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which simulator.
    pub simulator: Simulator,
    /// Probability, 0 to below 1, that source and sink each hold back in a cycle.
    pub stall: f64,
    /// Seed of the stalls and of the registers' values before reset.
    pub seed: u64,
    /// Waveform, where wanted; all images then run in one process.
    pub wave: Option<Wave>,
    /// Build so that this waveform can be written, though this run writes none: another run then needs no build of its own.
    pub traceable: Option<Wave>,
    /// Also reset in mid-image and place tlast wrongly, and check that the design recovers.
    pub robustness: bool,
    /// The images alone, which also give the pace where nothing stalls: no latency, no full queues, no slow source, no robustness.
    pub brief: bool,
    /// Cycles without a beat on either stream that count as a deadlock; by default taken from the plan.
    pub timeout: Option<u64>,
    /// Where builds are kept; by default `sim/build/<name>`.
    pub build_dir: Option<std::path::PathBuf>,
    /// Which design of a build that holds several (its input `sel_i`); none for a single design.
    pub select: Option<usize>,
    /// C++ optimisation level, 0 (quick to build) to 3 (fast to run).
    pub optimize: u8,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            simulator: Simulator::Verilator,
            stall: 0.0,
            seed: 1,
            wave: None,
            traceable: None,
            robustness: true,
            brief: false,
            timeout: None,
            build_dir: None,
            select: None,
            optimize: 3,
        }
    }
}

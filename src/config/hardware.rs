//! Sections `[hardware]` and `[sim]`: what the Verilog is planned for, and how it is proved.

use serde::{Deserialize, Serialize};

use crate::error::InputError;
use crate::plan::device::Device;
use crate::plan::goal::{Goal, Target};

/// The target of the plan. With neither `target_fps` nor `max_lanes`: the fastest that fits the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HardwareConfig {
    /// The FPGA, such as `xc7z020` or `lfe5u-85f` (`slimgate plan --help` lists them).
    pub device: String,
    /// Clock, in MHz.
    pub clock_mhz: f64,
    /// Images a second to reach; the smallest design that reaches it is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_fps: Option<f64>,
    /// Most multiply-accumulate lanes over all layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lanes: Option<usize>,
    /// Most multiplier blocks; lanes past them multiply in LUTs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_dsp: Option<usize>,
    /// Most LUTs, by the estimate; ROMs move to block RAM where they must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lut: Option<usize>,
}

/// The simulation of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimConfig {
    /// Test images to simulate; all of them where there are fewer.
    pub images: usize,
    /// Probability that either stream holds back in a cycle, 0 to below 1.
    pub stall: f64,
    /// Seed of the stalls.
    pub seed: u64,
}

impl Default for HardwareConfig {
    fn default() -> Self {
        Self {
            device: "xc7z020".into(),
            clock_mhz: 100.0,
            target_fps: None,
            max_lanes: None,
            max_dsp: None,
            max_lut: None,
        }
    }
}

impl Default for SimConfig {
    fn default() -> Self {
        Self { images: 1000, stall: 0.0, seed: 1 }
    }
}

impl HardwareConfig {
    /// What the section asks of the planner.
    ///
    /// # Errors
    /// An unknown device, at `hardware.device`.
    pub fn goal(&self) -> Result<Goal, InputError> {
        let named = Device::named(&self.device);
        let device = named.map_err(|e| InputError { place: "hardware.device".into(), ..e })?;
        let target = match (self.target_fps, self.max_lanes) {
            (Some(fps), _) => Target::Cycles((self.clock_mhz * 1e6 / fps) as u64),
            (None, Some(lanes)) => Target::Lanes(lanes),
            (None, None) => Target::Fit,
        };
        Ok(Goal { target, device, max_dsp: self.max_dsp, max_lut: self.max_lut, no_dsp: false })
    }

    /// Everything wrong with the section's values; places are key paths.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        if !(self.clock_mhz > 0.0 && self.clock_mhz <= 2000.0) {
            let found = self.clock_mhz.to_string();
            faults.push(InputError::new("hardware.clock_mhz", found, "above 0, at most 2000"));
        }
        if let Some(fps) = self.target_fps.filter(|fps| !(*fps > 0.0 && fps.is_finite())) {
            faults.push(InputError::new("hardware.target_fps", fps.to_string(), "above 0"));
        }
        if self.max_lanes == Some(0) {
            faults.push(InputError::new("hardware.max_lanes", "0", "at least 1"));
        }
        faults
    }
}

impl SimConfig {
    /// Everything wrong with the section's values; places are key paths.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        if self.images == 0 {
            faults.push(InputError::new("sim.images", "0", "at least 1"));
        }
        if !(0.0..1.0).contains(&self.stall) {
            faults.push(InputError::new("sim.stall", self.stall.to_string(), "at least 0 and below 1"));
        }
        faults
    }
}

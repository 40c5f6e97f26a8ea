//! What a plan is for: a target, a device, and what a design may use of it.

use serde::Serialize;

use super::device::Device;
use super::pack::Block;
use super::{Plan, Resources};

/// Part of a device's LUTs that a plan may fill: place and route needs some air.
const LUT_FILL: f64 = 0.8;

/// What the plan should reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The smallest design that takes at most this many cycles an image.
    Cycles(u64),
    /// The fastest design of at most this many multiply-accumulate lanes.
    Lanes(usize),
    /// The fastest design whose estimated resources fit the device.
    Fit,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goal {
    /// What it should reach.
    pub target: Target,
    /// The FPGA; never are more of its multiplier blocks used than it has.
    pub device: Device,
    /// Most multiplier blocks, where fewer are wanted.
    pub max_dsp: Option<usize>,
    /// Most LUTs, by the estimate, where fewer are wanted.
    pub max_lut: Option<usize>,
    /// Every product made of LUTs, those of requantizers too (which the estimate still counts as blocks: the device's are no limit then).
    pub no_dsp: bool,
}

/// A resource of an FPGA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Lookup tables.
    Lut,
    /// Flip-flops.
    Ff,
    /// Multiplier blocks.
    Dsp,
    /// Block RAM, in kbit.
    Bram,
}

/// The most that a design may use of one resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// What is limited.
    pub resource: Resource,
    /// How much of it.
    pub most: f64,
    /// The flag that says so.
    pub flag: &'static str,
}

impl Resource {
    /// How much of it `resources` has.
    pub fn of(self, resources: &Resources) -> f64 {
        match self {
            Self::Lut => resources.lut,
            Self::Ff => resources.ff,
            Self::Dsp => resources.dsp,
            Self::Bram => resources.bram_kbit(),
        }
    }

    /// `amount` in words, such as `85 DSP`.
    pub fn amount(self, amount: f64) -> String {
        match self {
            Self::Lut => format!("{amount:.0} LUT"),
            Self::Ff => format!("{amount:.0} FF"),
            Self::Dsp => format!("{amount:.0} DSP"),
            Self::Bram => format!("{amount:.0} kbit block RAM"),
        }
    }
}

impl Limit {
    /// True where `plan`, by its estimate, keeps it.
    pub fn keeps(&self, plan: &Plan) -> bool {
        self.resource.of(&plan.resources) <= self.most
    }

    /// What `plan` takes of the resource, in words.
    pub fn taken(&self, plan: &Plan) -> String {
        self.resource.amount(self.resource.of(&plan.resources))
    }

    /// What it may take, in words.
    pub fn allowed(&self) -> String {
        self.resource.amount(self.most)
    }
}

impl Goal {
    /// `target` on `device`, with as much as it has.
    pub const fn new(target: Target, device: Device) -> Self {
        Self { target, device, max_dsp: None, max_lut: None, no_dsp: false }
    }

    /// The multiplier blocks that the planner counts with.
    pub fn block(&self) -> Block {
        let block = self.device.block();
        if self.no_dsp { block.none() } else { block }
    }

    /// Multiplier blocks that a design may use.
    pub fn blocks(&self) -> usize {
        let has = if self.no_dsp { 0 } else { self.device.dsp as usize };
        self.max_dsp.map_or(has, |max| max.min(has))
    }

    /// The limits that a plan must keep: those of the flags and, for [`Target::Fit`], the device's.
    pub fn limits(&self) -> Vec<Limit> {
        let flag = |resource, most: Option<usize>, flag| most.map(|most| Limit { resource, most: most as f64, flag });
        let flags = [flag(Resource::Dsp, self.max_dsp, "--max-dsp"), flag(Resource::Lut, self.max_lut, "--max-lut")];
        let mut limits: Vec<Limit> = flags.into_iter().flatten().collect();
        if self.target == Target::Fit {
            limits.extend(device(&self.device).into_iter().filter(|l| !self.no_dsp || l.resource != Resource::Dsp));
        }
        limits
    }

    /// True where `plan` has no more lanes than [`Target::Lanes`] allows.
    pub fn within_lanes(&self, plan: &Plan) -> bool {
        !matches!(self.target, Target::Lanes(lanes) if plan.lanes > lanes)
    }

    /// The first limit that `plan` breaks.
    pub fn broken(&self, plan: &Plan) -> Option<Limit> {
        self.limits().into_iter().find(|limit| !limit.keeps(plan))
    }
}

/// What `device` has, a part of the LUTs left free.
fn device(device: &Device) -> [Limit; 4] {
    let limit = |resource, most| Limit { resource, most, flag: "--device" };
    [
        limit(Resource::Bram, f64::from(device.bram_kbit)),
        limit(Resource::Dsp, f64::from(device.dsp)),
        limit(Resource::Lut, (LUT_FILL * f64::from(device.lut)).floor()),
        limit(Resource::Ff, f64::from(device.ff)),
    ]
}

//! Plans the designs of an ablation.

use anyhow::Result;

use super::{Row, Rule, Rules, Stage};
use crate::network::Network;
use crate::plan::Plan;
use crate::plan::balance::Planner;
use crate::plan::device::Device;
use crate::plan::goal::{Goal, Limit, Resource, Target};
use crate::plan::pack::Block;
use crate::plan::reach::fastest;

/// Plans for a device, whether or not it holds what comes out.
pub(super) struct Planning(pub Rules);

impl Planning {
    /// What every network is planned for under `rule`: what the design of the compressed one, `last`, has.
    ///
    /// # Errors
    /// Those of [`Planning::plan`].
    pub fn target(&self, last: &Network, rule: Rule) -> Result<Target> {
        let design = self.plan(last, rule, self.0.target)?;
        Ok(match rule {
            Rule::EqualThroughput => Target::Cycles(design.cycles_per_image),
            Rule::EqualLanes => Target::Lanes(design.lanes),
        })
    }

    /// Plans `network` for `target`. Under [`Rule::EqualLanes`] every layer has lanes: none is made of constants.
    ///
    /// # Errors
    /// A network that no folding suits.
    pub fn plan(&self, network: &Network, rule: Rule, target: Target) -> Result<Plan> {
        let mut planner = Planner::new(network, self.block())?;
        if rule == Rule::EqualLanes {
            planner.keep_lanes();
        }
        let blocks = if self.0.no_dsp { 0 } else { self.0.device.dsp as usize };
        let at = |cycles| planner.at(cycles, blocks);
        let found = match target {
            Target::Cycles(cycles) => return at(cycles),
            Target::Lanes(lanes) => fastest(at, |plan| plan.lanes <= lanes)?,
            Target::Fit => fastest(at, |plan| self.broken(self.0.device, plan).is_none())?,
        };
        Ok(found.unwrap_or_else(|smallest| *smallest))
    }

    /// What is known of a planned design. Its accuracy is left to the caller.
    ///
    /// # Errors
    /// A network whose sizes cannot be counted.
    pub fn row(&self, stage: &Stage, plan: &Plan, rule: Rule) -> Result<Row> {
        Ok(Row {
            variant: stage.variant.name.clone(),
            rule,
            network_sha256: stage.sha256.clone(),
            dir: None,
            test_accuracy: None,
            params_bits: stage.network.sizes()?.total.params_bits,
            memory_bits: plan.memory_bits(),
            weight_bits: plan.memories().filter(|m| m.holds_weights()).map(|m| m.bits_allocated).sum(),
            lanes: plan.lanes,
            planned_cycles_per_image: plan.cycles_per_image,
            cycles_per_image: None,
            images: 0,
            estimated: plan.resources,
            synthesized: None,
            energy: None,
            lacks: self.lacks(plan),
        })
    }

    /// What `plan` breaks first of what `device` has.
    fn broken(&self, device: Device, plan: &Plan) -> Option<Limit> {
        let limits = Goal::new(Target::Fit, device).limits().into_iter();
        // Requantizers count as blocks in the estimate; without blocks they are LUTs.
        let mut limits = limits.filter(|limit| !self.0.no_dsp || limit.resource != Resource::Dsp);
        limits.find(|limit| !limit.keeps(plan))
    }

    /// The device's multiplier blocks, where they may be used.
    fn block(&self) -> Block {
        let block = self.0.device.block();
        if self.0.no_dsp { block.none() } else { block }
    }

    /// What the device lacks for `plan`, and the smallest one of its family that does not.
    fn lacks(&self, plan: &Plan) -> Option<String> {
        let device = self.0.device;
        let broken = self.broken(device, plan)?;
        let mut family = Device::by_size(device.family).into_iter().filter(|other| other.family == device.family);
        let holds = family.find(|other| self.broken(*other, plan).is_none());
        let other = holds.map_or("no listed device of the family has it".into(), |d| format!("{} has it", d.name));
        Some(format!("{} wanted, {} there; {other}", broken.taken(plan), broken.allowed()))
    }
}

//! Plans the designs of an ablation.

use anyhow::Result;
use rayon::prelude::*;

use super::{Row, Rule, Rules, Stage};
use crate::network::Network;
use crate::plan::Plan;
use crate::plan::balance::Planner;
use crate::plan::device::Device;
use crate::plan::goal::{Goal, Target};
use crate::plan::reach::fastest_within;

/// Plans for a device, whether or not it holds what comes out.
pub(super) struct Planning(pub Rules);

impl Planning {
    /// Where no pace is asked for: with the fastest that the device lets every one of `networks` keep, those aside that fit it
    /// at none.
    ///
    /// # Errors
    /// Those of [`Planning::plan`].
    pub fn paced(mut self, networks: &[Stage]) -> Result<Self> {
        if self.0.target == Target::Fit {
            let goal = self.goal(Target::Fit);
            let fastest = |stage: &Stage| fastest_within(&Planner::new(&stage.network, goal.block())?, &goal);
            let plans: Vec<_> = networks.par_iter().map(fastest).collect::<Result<_>>()?;
            let paces = plans.iter().flatten().map(|plan| plan.cycles_per_image);
            self.0.target = paces.max().map_or(Target::Fit, Target::Cycles);
        }
        Ok(self)
    }

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
        let goal = self.goal(target);
        let mut planner = Planner::new(network, goal.block())?;
        if rule == Rule::EqualLanes {
            planner.keep_lanes();
        }
        match target {
            Target::Cycles(cycles) => planner.within(cycles, &goal),
            Target::Lanes(_) | Target::Fit => Ok(fastest_within(&planner, &goal)?.unwrap_or_else(|smallest| *smallest)),
        }
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

    fn goal(&self, target: Target) -> Goal {
        Goal { no_dsp: self.0.no_dsp, ..Goal::new(target, self.0.device) }
    }

    /// What the device lacks for `plan`, and the smallest one of its family that does not.
    fn lacks(&self, plan: &Plan) -> Option<String> {
        let device = self.0.device;
        let goal = self.goal(Target::Fit);
        let broken = goal.broken(plan)?;
        let mut family = Device::by_size(device.family).into_iter().filter(|other| other.family == device.family);
        let holds = family.find(|&device| Goal { device, ..goal }.broken(plan).is_none());
        let other = holds.map_or("no listed device of the family has it".into(), |d| format!("{} has it", d.name));
        Some(format!("{} wanted, {} there; {other}", broken.taken(plan), broken.allowed()))
    }
}

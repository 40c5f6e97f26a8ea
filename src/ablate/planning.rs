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
pub(super) struct Planning {
    rules: Rules,
    /// Where no pace is asked for: the fewest cycles an image in which every network fits the device, those aside that do at none.
    pace: Option<u64>,
}

impl Planning {
    /// Finds the pace of `networks`, where `rules` ask for none.
    ///
    /// # Errors
    /// Those of [`Planning::plan`].
    pub fn new(rules: Rules, networks: &[Stage]) -> Result<Self> {
        let mut planning = Self { rules, pace: None };
        if rules.target == Target::Fit {
            let goal = planning.goal(Target::Fit);
            let fastest = |stage: &Stage| fastest_within(&Planner::new(&stage.network, goal.block())?, &goal);
            let plans: Vec<_> = networks.par_iter().map(fastest).collect::<Result<_>>()?;
            planning.pace = plans.iter().flatten().map(|plan| plan.cycles_per_image).max();
        }
        Ok(planning)
    }

    /// What every network is planned for under `rule`: the pace, or what the design of the compressed one, `last`, has.
    ///
    /// # Errors
    /// Those of [`Planning::plan`].
    pub fn target(&self, last: &Network, rule: Rule) -> Result<Target> {
        let design = self.plan(last, rule, self.pace.map_or(self.rules.target, Target::Cycles))?;
        Ok(match rule {
            Rule::EqualThroughput => Target::Cycles(self.pace.unwrap_or(design.cycles_per_image)),
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
            Target::Cycles(pace) if self.pace == Some(pace) => self.at_pace(&planner, pace),
            Target::Cycles(cycles) => planner.within(cycles, &goal),
            Target::Lanes(_) | Target::Fit => Ok(fastest_within(&planner, &goal)?.unwrap_or_else(|smallest| *smallest)),
        }
    }

    /// A design at the pace that fits the device; a faster one where only that fits; where none does, one as if there were no device.
    fn at_pace(&self, planner: &Planner, pace: u64) -> Result<Plan> {
        let fit = self.goal(Target::Fit);
        let plan = planner.within(pace, &fit)?;
        if fit.broken(&plan).is_none() {
            return Ok(plan);
        }
        match fastest_within(planner, &fit)? {
            Ok(other) => Ok(other),
            Err(_) => planner.within(pace, &self.goal(Target::Cycles(pace))),
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
        Goal { no_dsp: self.rules.no_dsp, ..Goal::new(target, self.rules.device) }
    }

    /// What the device lacks for `plan`, and the smallest one of its family that does not.
    fn lacks(&self, plan: &Plan) -> Option<String> {
        let device = self.rules.device;
        let goal = self.goal(Target::Fit);
        let broken = goal.broken(plan)?;
        let mut family = Device::by_size(device.family).into_iter().filter(|other| other.family == device.family);
        let holds = family.find(|&device| Goal { device, ..goal }.broken(plan).is_none());
        let other = holds.map_or("no listed device of the family has it".into(), |d| format!("{} has it", d.name));
        Some(format!("{} wanted, {} there; {other}", broken.taken(plan), broken.allowed()))
    }
}

//! The Pareto front of cycles against resources: designs of which no other is as good in everything.

use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;

use super::balance::Planner;
use super::goal::{Goal, Target};
use super::reach::fastest_within;
use super::{Plan, Resources, advice};
use crate::network::Network;

/// Cycle targets that are tried between the fastest design and the serial one.
const TARGETS: usize = 32;
/// Parts of the multiplier blocks that a design wants, that are tried beside all: the other products go to LUTs.
const BLOCK_PARTS: [f64; 3] = [0.5, 0.25, 0.0];

/// Plans until a design's flags give the same design, at most.
const SETTLING: usize = 4;

/// One design of the front.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// Planned cycles an image.
    pub cycles_per_image: u64,
    /// Multiply-accumulate lanes.
    pub lanes: usize,
    /// Estimated resources.
    #[serde(flatten)]
    pub resources: Resources,
    /// Flags that give this design.
    pub flags: String,
}

impl Point {
    fn of(plan: &Plan) -> Self {
        let (cycles_per_image, resources) = (plan.cycles_per_image, plan.resources);
        let flags = format!("--target-cycles {cycles_per_image} --max-dsp {:.0}", resources.dsp);
        Self { cycles_per_image, lanes: plan.lanes, resources, flags }
    }
}

/// The designs of `network` that keep the limits of `goal` and the device's, fastest first, dominated ones left out; of those that keep a
/// limit of LUTs only with ROMs in block RAM ([`super::roms`]) the fastest alone.
///
/// # Errors
/// As [`super::reach::balance`]; not even the smallest design fits.
pub fn front(network: &Network, goal: &Goal) -> Result<Vec<Point>> {
    let goal = Goal { target: Target::Fit, ..*goal };
    let planner = Planner::new(network, goal.block())?;
    let fast = match fastest_within(&planner, &goal)? {
        Ok(plan) => plan,
        Err(smallest) => {
            let limit = goal.broken(&smallest).expect("it does not fit");
            return Err(advice::too_large(network, &goal, &smallest, limit).into());
        }
    };
    let serial = planner.at(u64::MAX, goal.blocks())?.cycles_per_image;
    let targets = targets(fast.cycles_per_image, serial).into_par_iter();
    let points: Vec<Vec<Point>> = targets.map(|cycles| at(&planner, &goal, cycles)).collect::<Result<_>>()?;
    let fit = Point { flags: fit_flags(&goal), ..Point::of(&fast) };
    Ok(undominated(points.into_iter().flatten().chain([fit]).collect()))
}

/// The flags that give the fastest design within the limits of `goal`.
fn fit_flags(goal: &Goal) -> String {
    let flag = |name: &str, most: Option<usize>| most.map_or_else(String::new, |most| format!(" --{name} {most}"));
    format!("--fit{}{}", flag("max-dsp", goal.max_dsp), flag("max-lut", goal.max_lut))
}

/// Cycle targets from `fast` to `serial`, evenly in their logarithm.
fn targets(fast: u64, serial: u64) -> Vec<u64> {
    let ratio = serial as f64 / fast as f64;
    let mut all: Vec<u64> =
        (0..=TARGETS).map(|k| (fast as f64 * ratio.powf(k as f64 / TARGETS as f64)).round() as u64).collect();
    all.dedup();
    all
}

/// The designs for one cycle target, that differ in how many products are in multiplier blocks.
fn at(planner: &Planner, goal: &Goal, cycles: u64) -> Result<Vec<Point>> {
    let mut plans = vec![planner.at(cycles, goal.blocks())?];
    let wanted = plans[0].resources.dsp;
    for part in BLOCK_PARTS {
        plans.push(planner.at(cycles, (wanted * part) as usize)?);
    }
    plans.dedup_by_key(|plan| plan.resources.dsp);
    let settled: Vec<Option<Plan>> =
        plans.into_iter().map(|plan| settled(planner, goal, plan)).collect::<Result<_>>()?;
    Ok(settled.iter().flatten().filter(|plan| goal.broken(plan).is_none()).map(Point::of).collect())
}

/// `plan`, or one near it, as its own flags give it: with its cycles as the target and its blocks as the budget the engines may
/// be others. `None` where that leads nowhere.
fn settled(planner: &Planner, goal: &Goal, mut plan: Plan) -> Result<Option<Plan>> {
    for _ in 0..SETTLING {
        let again = planner.at(plan.cycles_per_image, goal.blocks().min(plan.resources.dsp as usize))?;
        if (again.cycles_per_image, again.resources) == (plan.cycles_per_image, plan.resources) {
            return Ok(Some(again));
        }
        plan = again;
    }
    Ok(None)
}

/// `points` without those that another is better than, ordered by cycles, then by multiplier blocks.
fn undominated(mut points: Vec<Point>) -> Vec<Point> {
    points
        .sort_by(|a, b| a.cycles_per_image.cmp(&b.cycles_per_image).then(a.resources.dsp.total_cmp(&b.resources.dsp)));
    points.dedup_by(|a, b| a.cycles_per_image == b.cycles_per_image && a.resources == b.resources);
    let costs = |p: &Point| [p.cycles_per_image as f64, p.resources.lut, p.resources.dsp, p.resources.bram];
    let better = |a: &Point, b: &Point| {
        let pairs: Vec<(f64, f64)> = costs(a).into_iter().zip(costs(b)).collect();
        pairs.iter().all(|(a, b)| a <= b) && pairs.iter().any(|(a, b)| a < b)
    };
    let kept = points.iter().filter(|p| !points.iter().any(|other| better(other, p)));
    kept.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(cycles_per_image: u64, lut: f64, dsp: f64) -> Point {
        let resources = Resources { lut, dsp, ..Resources::none(crate::synth::Target::Xc7) };
        Point { cycles_per_image, lanes: 1, resources, flags: String::new() }
    }

    #[test]
    fn what_another_beats_in_everything_goes() {
        let points = vec![point(20, 5.0, 1.0), point(10, 9.0, 0.0), point(10, 5.0, 2.0), point(20, 6.0, 2.0)];
        let front = undominated(points);
        let kept: Vec<(u64, f64)> = front.iter().map(|p| (p.cycles_per_image, p.resources.lut)).collect();
        assert_eq!(kept, [(10, 9.0), (10, 5.0), (20, 5.0)]);
    }
}

//! From a goal to its plan: a cycle target as it is, a budget by bisection over cycle targets, and by leaps.

use anyhow::Result;
use rayon::prelude::*;

use super::Plan;
use super::advice;
use super::balance::Planner;
use super::goal::{Goal, Resource, Target};
use crate::error::InputError;
use crate::network::Network;

/// Plans `network` for `goal`; lanes past the budget of multiplier blocks multiply in LUTs.
///
/// # Errors
/// [`InputError`] where an operation has no engine, or nothing reaches the goal: then it names the layer, the resource
/// and the nearest change that would.
pub fn balance(network: &Network, goal: &Goal) -> Result<Plan> {
    let mut planner = Planner::new(network, goal.block())?;
    if matches!(goal.target, Target::Lanes(_)) {
        planner.keep_lanes();
    }
    match goal.target {
        Target::Cycles(cycles) => {
            let plan = planner.within(cycles, goal)?;
            if plan.cycles_per_image > cycles {
                let slow = plan.layers.iter().max_by_key(|l| l.cycles_per_image).map_or("input", |l| l.node.as_str());
                let found = format!("{} cycles an image, limited by {slow:?}", plan.cycles_per_image);
                return Err(InputError::new("target", found, format!("at most {cycles}")).into());
            }
            match goal.broken(&plan) {
                Some(limit) => Err(advice::too_large(network, goal, &plan, limit).into()),
                None => Ok(plan),
            }
        }
        Target::Lanes(_) | Target::Fit => {
            fastest_within(&planner, goal)?.map_err(|smallest| nothing_fits(network, goal, &smallest).into())
        }
    }
}

/// The error where not even the smallest plan fits.
fn nothing_fits(network: &Network, goal: &Goal, smallest: &Plan) -> InputError {
    match (goal.broken(smallest), goal.target) {
        (None, Target::Lanes(lanes)) => {
            let found = format!("{} lanes for the smallest design of {}", smallest.lanes, smallest.name);
            InputError::new("lanes", found, format!("at most {lanes}"))
        }
        (limit, _) => advice::too_large(network, goal, smallest, limit.expect("what does not fit breaks a limit")),
    }
}

/// The plan of the smallest cycle target that keeps the limits of `goal`; the fully serial one where none does.
///
/// # Errors
/// Those of [`Planner::within`].
pub fn fastest_within(planner: &Planner, goal: &Goal) -> Result<Result<Plan, Box<Plan>>> {
    Ok(match slow(planner, goal)? {
        Ok(plan) => Ok(faster(plan, |cycles| planner.within(cycles, goal), |plan| keeps(goal, plan))?),
        Err(serial) => Err(serial),
    })
}

/// A slow plan that keeps the limits of `goal`; the fully serial one where none is found.
///
/// # Errors
/// Those of [`Planner::within`].
pub fn slow(planner: &Planner, goal: &Goal) -> Result<Result<Plan, Box<Plan>>> {
    let serial = planner.within(u64::MAX, goal)?;
    if keeps(goal, &serial) {
        return Ok(Ok(serial));
    }
    let other = with_less_ram(planner, goal, &serial)?.filter(|plan| keeps(goal, plan));
    Ok(other.ok_or(Box::new(serial)))
}

fn keeps(goal: &Goal, plan: &Plan) -> bool {
    goal.within_lanes(plan) && goal.broken(plan).is_none()
}

/// The plan of the smallest cycle target that `fits`, as far as it is found: from `best`, which fits, by bisection, and from what a
/// leap finds below that.
fn faster(
    mut best: Plan,
    at: impl Fn(u64) -> Result<Plan> + Sync,
    fits: impl Fn(&Plan) -> bool + Sync,
) -> Result<Plan> {
    loop {
        best = bisected(best, &at, &fits)?;
        match leap(&best, &at, &fits)? {
            Some(plan) => best = plan,
            None => return Ok(best),
        }
    }
}

/// A plan that `fits` of targets well below `best`: a faster design may need less block RAM, so that what is a little faster
/// than `best` does not fit and what is much faster does.
fn leap(
    best: &Plan,
    at: impl Fn(u64) -> Result<Plan> + Sync,
    fits: impl Fn(&Plan) -> bool + Sync,
) -> Result<Option<Plan>> {
    /// Of the cycles of `best`.
    const PARTS: [f64; 8] = [0.25, 0.3, 0.36, 0.43, 0.52, 0.62, 0.74, 0.88];
    let pixels = best.input.height * best.input.width;
    let targets = PARTS.map(|part| (part * best.cycles_per_image as f64) as u64);
    let faster = |plan: &Plan| plan.cycles_per_image < best.cycles_per_image && fits(plan);
    let found = |cycles| at(cycles).map(|plan| Some(plan).filter(faster)).transpose();
    targets.into_par_iter().filter(|&cycles| cycles >= pixels as u64).find_map_first(found).transpose()
}

/// The plan of the smallest cycle target that `fits`, by bisection between one cycle and `best`, which fits.
fn bisected(mut best: Plan, at: impl Fn(u64) -> Result<Plan>, fits: impl Fn(&Plan) -> bool) -> Result<Plan> {
    let (mut low, mut high) = (0, best.cycles_per_image);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        let plan = at(middle)?;
        if fits(&plan) && plan.cycles_per_image < best.cycles_per_image {
            high = plan.cycles_per_image.min(middle);
            best = plan;
        } else {
            low = middle;
        }
    }
    // With the bottleneck fixed, no other stage needs to be faster.
    let smallest = at(best.cycles_per_image)?;
    Ok(if fits(&smallest) && smallest.cycles_per_image <= best.cycles_per_image { smallest } else { best })
}

/// The slowest plan, of those tried, that keeps the block RAM of which the `serial` design has too much: lanes side by side
/// pack words better, and sparse ones need shorter addresses.
fn with_less_ram(planner: &Planner, goal: &Goal, serial: &Plan) -> Result<Option<Plan>> {
    /// Each is so many times as fast as the one before.
    const FASTER: u64 = 4;
    let short_of_ram = |plan: &Plan| goal.broken(plan).is_some_and(|limit| limit.resource == Resource::Bram);
    if !short_of_ram(serial) {
        return Ok(None);
    }
    let mut cycles = serial.cycles_per_image;
    loop {
        let plan = planner.within(cycles / FASTER, goal)?;
        if !short_of_ram(&plan) {
            return Ok(Some(plan));
        }
        if plan.cycles_per_image > cycles / FASTER {
            return Ok(None);
        }
        cycles /= FASTER;
    }
}

//! Where nothing fits: which layer takes most of which resource, and the nearest change that would fit.

use super::balance::Planner;
use super::device::Device;
use super::goal::{Goal, Limit, Target};
use super::reach::{fastest_within, slow};
use super::{LayerPlan, Plan};
use crate::error::InputError;
use crate::network::Network;
use crate::network::graph::Op;

/// Fewest bits of a weight that are tried.
const LEAST_BITS: u32 = 2;

/// The error of `plan`, which breaks `limit`: the changes that it offers were planned, and fit.
pub fn too_large(network: &Network, goal: &Goal, plan: &Plan, limit: Limit) -> InputError {
    let resource = limit.resource;
    let largest = largest(plan, limit);
    let kind = if matches!(goal.target, Target::Cycles(_)) { "design" } else { "smallest design" };
    let found = format!(
        "{} for the {kind} of {}, {} of them in {:?}",
        limit.taken(plan),
        plan.name,
        resource.amount(resource.of(&largest.resources)),
        largest.node
    );
    let changes = [slower(network, goal), other_device(network, goal, limit), fewer_bits(network, goal, &largest.node)];
    let changes: Vec<String> = changes.into_iter().flatten().collect();
    let or = if changes.is_empty() { String::new() } else { format!(" (it would fit with {})", changes.join(", or ")) };
    InputError::new(limit.flag, found, format!("at most {}{or}", limit.allowed()))
}

fn largest(plan: &Plan, limit: Limit) -> &LayerPlan {
    let of = |layer: &LayerPlan| limit.resource.of(&layer.resources);
    plan.layers.iter().max_by(|a, b| of(a).total_cmp(&of(b))).expect("a plan has layers")
}

/// The fastest design that keeps the limits, where a cycle target asks for too much.
fn slower(network: &Network, goal: &Goal) -> Option<String> {
    let Target::Cycles(_) = goal.target else { return None };
    let plan = fitting(network, goal)?;
    Some(format!("{} cycles an image", plan.cycles_per_image))
}

/// The smallest other device, of those of the same family first, where a design fits.
fn other_device(network: &Network, goal: &Goal, limit: Limit) -> Option<String> {
    if limit.flag != "--device" {
        return None;
    }
    let mut others = Device::by_size(goal.device.family).into_iter().filter(|device| *device != goal.device);
    let device = others.find(|&device| some_fits(network, &Goal { device, ..*goal }))?;
    Some(format!("--device {}", device.name))
}

/// The most bits of the weights of `node`, fewer than it has, with which a design fits.
fn fewer_bits(network: &Network, goal: &Goal, node: &str) -> Option<String> {
    let bits = network.node(node)?.op.weight_bits()?;
    let fits = |bits: &u32| some_fits(&with_bits(network, node, *bits), goal);
    let fewer = (LEAST_BITS..bits).rev().find(fits)?;
    Some(format!("{fewer} bits a weight of {node:?} instead of {bits}"))
}

/// `network` with weights of `node` cut to `bits`.
fn with_bits(network: &Network, node: &str, bits: u32) -> Network {
    let mut network = network.clone();
    let Some(found) = network.nodes.iter_mut().find(|n| n.name == node) else { return network };
    let had = match &mut found.op {
        Op::Conv(op) => std::mem::replace(&mut op.weight_bits, bits),
        Op::Dense(op) => std::mem::replace(&mut op.weight_bits, bits),
        Op::Affine(op) => std::mem::replace(&mut op.weight_bits, bits),
        _ => return network,
    };
    if let Some(params) = network.params.get_mut(node) {
        params.weight.iter_mut().for_each(|w| *w /= 1 << (had - bits));
    }
    network
}

/// True where some design keeps the goal.
fn some_fits(network: &Network, goal: &Goal) -> bool {
    let Ok(planner) = Planner::new(network, goal.block()) else { return false };
    match goal.target {
        Target::Cycles(cycles) => planner
            .within(cycles, goal)
            .is_ok_and(|plan| plan.cycles_per_image <= cycles && goal.broken(&plan).is_none()),
        Target::Lanes(_) | Target::Fit => slow(&planner, goal).is_ok_and(|found| found.is_ok()),
    }
}

/// The fastest plan that keeps the limits.
fn fitting(network: &Network, goal: &Goal) -> Option<Plan> {
    let planner = Planner::new(network, goal.block()).ok()?;
    fastest_within(&planner, goal).ok()?.ok()
}

//! The planner: the smallest design for a target, or the fastest that a budget allows.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use super::Plan;
use super::choose::{Chooser, Want, dense_cycles, parallelisms, plan, steps};
use super::conv::Folding;
use super::device::Device;
use super::layer::sparse_input;
use super::sparse::{self, SparseFolding};
use super::stages::{Kind, Stage, stages};
use super::stream::Stream;
use crate::error::InputError;
use crate::network::Network;

/// What the plan should reach.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The smallest design that takes at most this many cycles an image.
    Cycles(u64),
    /// The fastest design of at most this many multiply-accumulate lanes.
    Lanes(usize),
    /// The fastest design whose estimated resources fit the device.
    Fit(Device),
}

/// Bank counts that are considered.
const BANKS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// Meets a cycle target with the fewest lanes a stage.
struct Balanced<'a> {
    cycles: u64,
    /// Cycle bounds by stage and banks.
    bounds: &'a BTreeMap<String, Vec<(usize, u64)>>,
}

impl Chooser for Balanced<'_> {
    fn dense(&mut self, stage: &Stage, want: Option<&Want>) -> Option<(Folding, usize)> {
        let outputs = parallelisms(stage.output.c);
        let mut foldings: Vec<Folding> = parallelisms(stage.channels())
            .into_iter()
            .flat_map(|in_par| outputs.iter().map(move |&out_par| Folding { in_par, out_par }))
            .collect();
        foldings.sort_by_cached_key(|folding| {
            let cycles = dense_cycles(stage, *folding);
            // Over the target counts first, then lanes, then cycles; narrow words break ties.
            (cycles.saturating_sub(self.cycles), folding.lanes(), cycles, folding.in_par)
        });
        foldings.into_iter().find_map(|f| steps(stage, f, want).first().map(|&step| (f, step)))
    }

    fn sparse(&mut self, stage: &Stage) -> SparseFolding {
        let bounds = &self.bounds[&stage.node];
        let enough = bounds.iter().find(|(_, bound)| *bound <= self.cycles);
        let fastest = bounds.iter().min_by_key(|(banks, bound)| (*bound, *banks));
        let banks = enough.or(fastest).map_or(1, |(banks, _)| *banks);
        SparseFolding { banks, in_lanes: 1 }
    }
}

/// Plans `network` for `target`.
///
/// # Errors
/// [`InputError`] where an operation has no engine, or no folding reaches the target.
pub fn balance(network: &Network, target: Target) -> Result<Plan> {
    let bounds = sparse_bounds(network)?;
    let at = |cycles: u64| plan(network, &mut Balanced { cycles, bounds: &bounds });
    match target {
        Target::Cycles(cycles) => {
            let plan = at(cycles)?;
            if plan.cycles_per_image > cycles {
                let slow = plan.layers.iter().max_by_key(|l| l.cycles_per_image).map_or("input", |l| l.node.as_str());
                let found = format!("{} cycles an image, limited by {slow:?}", plan.cycles_per_image);
                return Err(InputError::new("target", found, format!("at most {cycles}")).into());
            }
            Ok(plan)
        }
        Target::Lanes(lanes) => fastest(at, "lanes", format!("at most {lanes} lanes"), |p| p.lanes <= lanes),
        Target::Fit(device) => {
            let expected = format!(
                "what {} has: {} LUT, {} DSP, {} kbit of block RAM",
                device.name, device.lut, device.dsp, device.bram_kbit
            );
            fastest(at, "device", expected, |p| fits(p, &device))
        }
    }
}

/// True where `plan`'s estimate leaves a fifth of the LUTs free and fits the rest.
fn fits(plan: &Plan, device: &Device) -> bool {
    let r = &plan.resources;
    r.lut <= 0.8 * f64::from(device.lut)
        && r.ff <= f64::from(device.ff)
        && r.dsp <= f64::from(device.dsp)
        && r.bram36 * 36.0 <= f64::from(device.bram_kbit)
}

/// The smallest cycle target whose plan `fits`, by bisection between one cycle and the fully serial design.
fn fastest(
    at: impl Fn(u64) -> Result<Plan>,
    place: &str,
    expected: String,
    fits: impl Fn(&Plan) -> bool,
) -> Result<Plan> {
    let mut best = at(u64::MAX)?;
    if !fits(&best) {
        let r = &best.resources;
        let found = format!(
            "{} lanes, {:.0} LUT, {:.0} DSP, {:.1} BRAM36 for the smallest design of {}",
            best.lanes, r.lut, r.dsp, r.bram36, best.name
        );
        return Err(InputError::new(place, found, expected).into());
    }
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

/// The cycle bound of every sparse stage for each number of banks, its stream one value a beat.
fn sparse_bounds(network: &Network) -> Result<BTreeMap<String, Vec<(usize, u64)>>> {
    let mut bounds = BTreeMap::new();
    for stage in stages(network)?.iter().filter(|s| s.kind == Kind::Sparse) {
        let input = sparse_input(network, stage, Stream::new(stage.input, 1, stage.act));
        let banks = BANKS.iter().filter(|&&banks| banks <= stage.output.c);
        let bound = |&banks: &usize| -> Result<(usize, u64)> {
            Ok((banks, sparse::plan(&input, &SparseFolding { banks, in_lanes: 1 })?.cycles_bound))
        };
        bounds.insert(stage.node.clone(), banks.map(bound).collect::<Result<_>>()?);
    }
    Ok(bounds)
}

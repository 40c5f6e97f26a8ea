//! Estimated resources of the constant engine.

use super::super::Resources;
use super::super::estimate::{adder, results, tap_order, times};
use super::ConstPlan;

/// LUTs of an adder for each of its bits (Yosys 0.23, xcup: 2,133 for conv1 of `ref28`).
const LUTS_A_BIT: f64 = 0.85;
/// LUTs of an adder for each digit of the weights and bit of an activation, at least, where common parts are shared.
const LEAST_LUTS_A_DIGIT: f64 = 0.5;

/// LUTs that the adders of `digits` digits over values of `act_bits` take at least, roughly.
pub fn least_luts(digits: usize, act_bits: u32) -> f64 {
    digits as f64 * f64::from(act_bits) * LEAST_LUTS_A_DIGIT
}

/// The engine without the memories that the plan lists.
pub fn engine(plan: &ConstPlan, act_bits: u32) -> Resources {
    let (graph, pipeline) = (&plan.adders.graph, &plan.adders.pipeline);
    let lut = pipeline.adder_bits(graph) as f64 * LUTS_A_BIT;
    let adders = Resources { lut, ff: pipeline.register_bits() as f64, ..Default::default() };
    let gathered = if plan.gathers() { plan.words * plan.folding.values() * act_bits as usize } else { 0 };
    let gather = Resources { ff: gathered as f64, ..Default::default() };
    let control = if plan.direct { 30.0 } else { 160.0 };
    let control = Resources { lut: control, ff: control, ..Default::default() };
    let order = tap_order(&plan.window, plan.folding.in_par, act_bits);
    let serial = if plan.steps > 1 { times(plan.out_channels, adder(pipeline.sum_bits)) } else { Resources::default() };
    let results = results(plan.folding.step, plan.acc_bits, &plan.requant);
    adders + gather + control + order + serial + results
}

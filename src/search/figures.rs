//! Size and work of a model: of the integer network it lowers to, or of 32-bit numbers where it is not quantized yet.

use anyhow::Result;
use tch::{Kind, Tensor};

use crate::config::hardware::HardwareConfig;
use crate::config::search::Objective;
use crate::error::InputError;
use crate::lower;
use crate::network::Network;
use crate::network::sizes::Sizes;
use crate::plan::energy::image_pj;
use crate::plan::reach::balance;
use crate::train::Model;

/// Bits of an unquantized number.
const FLOAT_BITS: u64 = 32;

/// Sizes and work of `model`, by the formulas of `docs/network-format.md`, and what the search minimizes (see
/// [`Objective`]). The hardware of a network that is not quantized yet is planned at 8 bits; one that does not fit the
/// device costs [`f64::MAX`].
///
/// # Errors
/// Those of lowering and planning, and an unknown device.
pub fn sizes_and_cost(
    model: &Model,
    calibration: &Tensor,
    objective: Objective,
    hardware: &HardwareConfig,
) -> Result<(Sizes, f64)> {
    let planned = matches!(objective, Objective::Cycles | Objective::Energy);
    let lowered = || lower::lower(model, "candidate", &class_names(model), calibration);
    let network = if planned || model.quant().is_some() { Some(lowered()?) } else { None };
    let sizes = match &network {
        Some(network) if model.quant().is_some() => network.sizes()?.total,
        _ => float_sizes(model),
    };
    let cost = match (objective, &network) {
        (Objective::ParamsBits, _) => sizes.params_bits as f64,
        (Objective::Cycles | Objective::Energy, Some(network)) => hardware_cost(network, objective, hardware)?,
        _ => sizes.stored_bits as f64,
    };
    Ok((sizes, cost))
}

/// Cycles or energy an image of the design that `hardware` asks for.
fn hardware_cost(network: &Network, objective: Objective, hardware: &HardwareConfig) -> Result<f64> {
    let goal = hardware.goal()?;
    let plan = match balance(network, &goal) {
        Ok(plan) => plan,
        Err(error) if error.is::<InputError>() => return Ok(f64::MAX),
        Err(error) => return Err(error),
    };
    Ok(if objective == Objective::Cycles { plan.cycles_per_image as f64 } else { image_pj(network, &plan) })
}

/// Names that only count: sizes do not depend on them.
fn class_names(model: &Model) -> Vec<String> {
    (0..model.classes()).map(|c| c.to_string()).collect()
}

/// A float network: every weight and bias stored, BatchNorm folded.
fn float_sizes(model: &Model) -> Sizes {
    let mut total = Sizes::default();
    for node in model.layers() {
        let weight = model.weight(&node.name);
        let weights = weight.numel() as u64;
        let nonzeros = weight.ne(0.0).sum(Kind::Int64).int64_value(&[]) as u64;
        let pixels = (node.shape.h * node.shape.w) as u64;
        let params = weights + weight.size()[0] as u64;
        total = total
            + Sizes {
                params,
                weights,
                nonzeros,
                macs: weights * pixels,
                nonzero_macs: nonzeros * pixels,
                bops: nonzeros * pixels * FLOAT_BITS * FLOAT_BITS,
                params_bits: nonzeros * FLOAT_BITS,
                stored_bits: params * FLOAT_BITS,
                float_bits: params * FLOAT_BITS,
                ..Sizes::default()
            };
    }
    total
}

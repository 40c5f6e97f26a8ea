//! Size and work of a model: of the integer network it lowers to, or of 32-bit numbers where it is not quantized yet.

use anyhow::Result;
use tch::{Kind, Tensor};

use crate::lower;
use crate::network::sizes::Sizes;
use crate::train::Model;

/// Bits of an unquantized number.
const FLOAT_BITS: u64 = 32;

/// Sizes and work of the whole network, by the formulas of `docs/network-format.md`.
///
/// # Errors
/// Those of lowering.
pub fn sizes(model: &Model, calibration: &Tensor) -> Result<Sizes> {
    if model.quant().is_some() {
        return Ok(lower::lower(model, "candidate", &class_names(model), calibration)?.sizes()?.total);
    }
    Ok(float_sizes(model))
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

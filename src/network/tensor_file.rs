//! The integers of a network as a safetensors file: `<node>.weight` I8, `.bias` I64, `.multiplier` U16, `.shift` U8.

use std::collections::BTreeMap;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::graph::Shape;
use super::tensors::TensorShapes;
use super::{Network, Params};
use crate::error::{InputError, InputErrors};

/// The tensors of a node and their types on disk.
const TENSORS: [(&str, Dtype); 4] =
    [("weight", Dtype::I8), ("bias", Dtype::I64), ("multiplier", Dtype::U16), ("shift", Dtype::U8)];

/// Bytes of the safetensors file of a valid network; equal networks give equal bytes.
pub(super) fn write(network: &Network) -> anyhow::Result<Vec<u8>> {
    let shapes = network.shapes()?;
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    for node in &network.nodes {
        let params = network.params(&node.name);
        let bytes: [Vec<u8>; 4] = [
            params.weight.iter().map(|&v| v as u8).collect(),
            params.bias.iter().flat_map(|v| v.to_le_bytes()).collect(),
            params.multiplier.iter().flat_map(|v| v.to_le_bytes()).collect(),
            params.shift.clone(),
        ];
        let wanted = TensorShapes::of(&node.op, shapes[&node.inputs[0]], node.inputs.len());
        for (((name, dtype), shape), bytes) in TENSORS.into_iter().zip(wanted.each()).zip(bytes) {
            if !shape.is_empty() {
                tensors.push((format!("{}.{name}", node.name), dtype, shape.to_vec(), bytes));
            }
        }
    }
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        TensorView::new(*dtype, shape.clone(), bytes).map(|view| (name.as_str(), view))
    });
    Ok(safetensors::serialize(views.collect::<Result<Vec<_>, _>>()?, None)?)
}

/// The integers of `network`, whose graph is valid and has these shapes, from the bytes of a safetensors file.
pub(super) fn read(
    network: &Network,
    shapes: &BTreeMap<String, Shape>,
    bytes: &[u8],
) -> Result<BTreeMap<String, Params>, InputErrors> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|e| InputErrors(vec![InputError::new("", e.to_string(), "a whole safetensors file")]))?;
    let mut views: BTreeMap<String, TensorView> = file.tensors().into_iter().collect();
    let mut errors = Vec::new();
    let mut all = BTreeMap::new();
    for node in &network.nodes {
        let wanted = TensorShapes::of(&node.op, shapes[&node.inputs[0]], node.inputs.len());
        let mut data: [Vec<u8>; 4] = Default::default();
        for (((name, dtype), shape), data) in TENSORS.into_iter().zip(wanted.each()).zip(&mut data) {
            if !shape.is_empty() {
                match take(&mut views, &format!("{}.{name}", node.name), dtype, shape) {
                    Ok(bytes) => *data = bytes,
                    Err(error) => errors.push(error),
                }
            }
        }
        if wanted != TensorShapes::default() {
            all.insert(node.name.clone(), params(&data));
        }
    }
    for name in views.keys() {
        errors.push(InputError::new(format!("tensor {name}"), "a tensor", "none of this name: no node has it"));
    }
    InputErrors(errors).into_result().map(|()| all)
}

/// Takes the tensor `name` out of `views`, if it has this type and shape.
fn take(
    views: &mut BTreeMap<String, TensorView>,
    name: &str,
    dtype: Dtype,
    shape: &[usize],
) -> Result<Vec<u8>, InputError> {
    let place = format!("tensor {name}");
    let expected = format!("{dtype:?} {shape:?}");
    let Some(view) = views.remove(name) else {
        return Err(InputError::new(place, "no such tensor", expected));
    };
    if view.dtype() != dtype || view.shape() != shape {
        return Err(InputError::new(place, format!("{:?} {:?}", view.dtype(), view.shape()), expected));
    }
    Ok(view.data().to_vec())
}

/// Integers from little-endian bytes, in the order of [`TENSORS`].
fn params([weight, bias, multiplier, shift]: &[Vec<u8>; 4]) -> Params {
    let wide = |b: &[u8]| i64::from_le_bytes(b.try_into().expect("chunks of 8"));
    let short = |b: &[u8]| u16::from_le_bytes(b.try_into().expect("chunks of 2"));
    Params {
        weight: weight.iter().map(|&b| b as i8).collect(),
        bias: bias.chunks_exact(8).map(wide).collect(),
        multiplier: multiplier.chunks_exact(2).map(short).collect(),
        shift: shift.clone(),
    }
}

//! Shape and number format of every tensor, inferred from the input and the operations.

use std::collections::{BTreeMap, BTreeSet};

use super::Network;
use super::graph::{ActType, INPUT, Node, Op, Shape};
use super::limits::{MAX_CHANNELS, MAX_TENSOR, MAX_WEIGHTS, MAX_WINDOW};
use crate::error::{InputError, InputErrors};

impl Network {
    /// Output shape of every node, and of [`INPUT`], by name.
    ///
    /// Errors name every node whose inputs or geometry are impossible; nodes that only follow from those are silent.
    pub fn shapes(&self) -> Result<BTreeMap<String, Shape>, InputErrors> {
        let mut errors = Vec::new();
        let mut shapes = BTreeMap::new();
        let mut declared = BTreeSet::from([INPUT]);
        match tensor(self.input.channels, self.input.height, self.input.width) {
            Ok(shape) => _ = shapes.insert(INPUT.to_string(), shape),
            Err(found) => errors.push(InputError::new("input", found, tensor_bound())),
        }
        for (index, node) in self.nodes.iter().enumerate() {
            let place = self.place(index);
            errors.extend(input_errors(node, &place, &declared));
            let inputs: Option<Vec<Shape>> = node.inputs.iter().map(|name| shapes.get(name).copied()).collect();
            if let Some(inputs) = inputs {
                match infer(&node.op, &inputs, &place) {
                    Ok(shape) => _ = shapes.insert(node.name.clone(), shape),
                    Err(error) => errors.push(error),
                }
            }
            declared.insert(&node.name);
        }
        InputErrors(errors).into_result().map(|()| shapes)
    }

    /// Number format of every tensor by name, [`INPUT`] included. The last node is absent: its scores are raw
    /// accumulators of up to 32 signed bits.
    pub fn act_types(&self) -> BTreeMap<String, ActType> {
        let mut types = BTreeMap::from([(INPUT.to_string(), ActType::unsigned(8))]);
        for node in &self.nodes {
            let through = match node.op {
                Op::MaxPool(_) | Op::Flatten(_) => node.inputs.first().and_then(|name| types.get(name).copied()),
                _ => node.op.out(),
            };
            if let Some(act) = through {
                types.insert(node.name.clone(), act);
            }
        }
        types
    }
}

/// Unknown, late or repeated inputs of a node.
fn input_errors(node: &Node, place: &str, declared: &BTreeSet<&str>) -> Vec<InputError> {
    let mut errors = Vec::new();
    for (i, name) in node.inputs.iter().enumerate() {
        let place = format!("{place}.inputs[{i}]");
        if !declared.contains(name.as_str()) {
            errors.push(InputError::new(place, format!("\"{name}\""), "\"input\" or the name of an earlier node"));
        } else if node.inputs[..i].contains(name) {
            errors.push(InputError::new(place, format!("\"{name}\" again"), "different inputs"));
        }
    }
    errors
}

/// Output shape of one operation.
fn infer(op: &Op, inputs: &[Shape], place: &str) -> Result<Shape, InputError> {
    let wanted = match op {
        Op::Add(_) if inputs.len() == 2 => None,
        Op::Add(_) => Some("2 inputs"),
        Op::Concat(_) if inputs.len() >= 2 => None,
        Op::Concat(_) => Some("2 or more inputs"),
        _ if inputs.len() == 1 => None,
        _ => Some("1 input"),
    };
    if let Some(wanted) = wanted {
        let found = format!("{} inputs for {}", inputs.len(), op.name());
        return Err(InputError::new(format!("{place}.inputs"), found, wanted));
    }
    let (c, h, w) = extent(op, inputs, place)?;
    tensor(c, h, w).map_err(|found| InputError::new(place, format!("output {found}"), tensor_bound()))
}

/// Channels, rows and columns of one operation's output; `inputs` are as many as it takes.
fn extent(op: &Op, inputs: &[Shape], place: &str) -> Result<(usize, usize, usize), InputError> {
    let first = inputs[0];
    Ok(match op {
        Op::Conv(conv) => {
            check_padding(conv.padding, conv.kernel.map(|k| k.saturating_sub(1)), "less than the kernel", place)?;
            let (h, w) = window(first, conv.kernel, conv.stride, conv.padding, place)?;
            check_outputs(conv.out_channels, first.c * conv.kernel[0] * conv.kernel[1], "out_channels", place)?;
            (conv.out_channels, h, w)
        }
        Op::Dense(dense) => {
            if (first.h, first.w) != (1, 1) {
                return Err(InputError::new(place, format!("input {first}"), "[F, 1, 1]: put a flatten before it"));
            }
            check_outputs(dense.out_features, first.c, "out_features", place)?;
            (dense.out_features, 1, 1)
        }
        Op::MaxPool(pool) => {
            check_padding(pool.padding, pool.kernel.map(|k| k / 2), "at most half the kernel", place)?;
            let (h, w) = window(first, pool.kernel, pool.stride, pool.padding, place)?;
            (first.c, h, w)
        }
        Op::AvgPool(pool) => {
            let (h, w) = window(first, pool.kernel, pool.stride, [0, 0], place)?;
            (first.c, h, w)
        }
        Op::Flatten(_) => (first.len(), 1, 1),
        Op::Affine(_) => (first.c, first.h, first.w),
        Op::Add(_) => {
            same(inputs, |s| (s.c, s.h, s.w), "inputs of one shape", place)?;
            (first.c, first.h, first.w)
        }
        Op::Concat(_) => {
            same(inputs, |s| (s.h, s.w), "inputs of one height and width", place)?;
            (inputs.iter().map(|s| s.c).sum(), first.h, first.w)
        }
    })
}

/// Rows and columns of a window op: `floor((size + 2*padding - kernel) / stride) + 1`, kernel within the padded input.
fn window(
    input: Shape,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    place: &str,
) -> Result<(usize, usize), InputError> {
    let mut out = [0; 2];
    for (axis, size) in [input.h, input.w].into_iter().enumerate() {
        for (what, value) in [("kernel", kernel[axis]), ("stride", stride[axis])] {
            if !(1..=MAX_WINDOW).contains(&value) {
                let place = format!("{place}.{what}[{axis}]");
                return Err(InputError::new(place, value.to_string(), format!("1 to {MAX_WINDOW}")));
            }
        }
        let padded = size + 2 * padding[axis];
        if kernel[axis] > padded {
            let expected = format!("at most {padded}, the padded input (the input is {input})");
            return Err(InputError::new(format!("{place}.kernel[{axis}]"), kernel[axis].to_string(), expected));
        }
        out[axis] = (padded - kernel[axis]) / stride[axis] + 1;
    }
    Ok((out[0], out[1]))
}

/// Padding within its bound on both axes.
fn check_padding(padding: [usize; 2], most: [usize; 2], rule: &str, place: &str) -> Result<(), InputError> {
    match (0..2).find(|&axis| padding[axis] > most[axis].min(MAX_WINDOW)) {
        None => Ok(()),
        Some(axis) => {
            let expected = format!("at most {} ({rule})", most[axis].min(MAX_WINDOW));
            Err(InputError::new(format!("{place}.padding[{axis}]"), padding[axis].to_string(), expected))
        }
    }
}

/// Output channels within bounds, and their weights (`per_output` each) too.
fn check_outputs(outputs: usize, per_output: usize, what: &str, place: &str) -> Result<(), InputError> {
    if !(1..=MAX_CHANNELS).contains(&outputs) {
        let expected = format!("1 to {MAX_CHANNELS}");
        return Err(InputError::new(format!("{place}.{what}"), outputs.to_string(), expected));
    }
    match outputs.checked_mul(per_output) {
        Some(weights) if weights <= MAX_WEIGHTS => Ok(()),
        _ => {
            let found = format!("{outputs} x {per_output} weights");
            Err(InputError::new(place, found, format!("at most {MAX_WEIGHTS} weights in a node")))
        }
    }
}

/// All inputs agree in `key`.
fn same<K: PartialEq>(inputs: &[Shape], key: impl Fn(&Shape) -> K, rule: &str, place: &str) -> Result<(), InputError> {
    if inputs.iter().all(|shape| key(shape) == key(&inputs[0])) {
        return Ok(());
    }
    let found: Vec<String> = inputs.iter().map(Shape::to_string).collect();
    Err(InputError::new(format!("{place}.inputs"), found.join(" and "), rule))
}

/// A tensor's shape if each side is at least 1 and the whole is not too large, else what was found.
fn tensor(c: usize, h: usize, w: usize) -> Result<Shape, String> {
    let values = c.checked_mul(h).and_then(|v| v.checked_mul(w));
    match values {
        Some(1..=MAX_TENSOR) => Ok(Shape { c, h, w }),
        _ => Err(format!("[{c}, {h}, {w}]")),
    }
}

/// What [`tensor`] wants.
fn tensor_bound() -> String {
    format!("[channels, height, width], each at least 1, at most {MAX_TENSOR} values together")
}

//! Everything that can be wrong with a network, collected: the first error does not hide the rest.
//!
//! Three phases, each run only if the one before found nothing: the graph, the tensors, the accumulator widths.

use std::collections::{BTreeMap, BTreeSet};

use super::acc::{node_range, signed_bits};
use super::graph::{ActType, Op, Shape};
use super::limits::{ACT_BITS, MAX_ACC_BITS, MAX_SCORE_BITS, SHIFT, WEIGHT_BITS, max_weight};
use super::tensors::{TensorShapes, values};
use super::{Network, Params, identity};
use crate::error::{InputError, InputErrors};

/// The fields of [`Params`], in the order of [`TensorShapes::each`].
const TENSOR_NAMES: [&str; 4] = ["weight", "bias", "multiplier", "shift"];

impl Network {
    /// Checks all that `docs/network-format.md` demands.
    pub fn validate(&self) -> Result<(), InputErrors> {
        let shapes = self.validate_graph()?;
        InputErrors(self.tensor_errors(&shapes)).into_result()?;
        InputErrors(self.accumulator_errors()).into_result()
    }

    /// Checks names, order, bits and geometry, but no tensor; returns the shapes.
    pub(super) fn validate_graph(&self) -> Result<BTreeMap<String, Shape>, InputErrors> {
        let mut errors = identity::errors(self);
        errors.extend((0..self.nodes.len()).flat_map(|i| bit_errors(&self.nodes[i].op, &self.place(i))));
        errors.extend(self.usage_errors());
        errors.extend(self.out_errors());
        let shapes = match self.shapes() {
            Ok(shapes) => {
                errors.extend(self.score_errors(&shapes));
                shapes
            }
            Err(more) => {
                errors.extend(more.0);
                BTreeMap::new()
            }
        };
        InputErrors(errors).into_result().map(|()| shapes)
    }

    /// Nodes whose output nobody reads.
    fn usage_errors(&self) -> Vec<InputError> {
        let used: BTreeSet<&String> = self.nodes.iter().flat_map(|node| &node.inputs).collect();
        let all_but_last = 0..self.nodes.len().saturating_sub(1);
        all_but_last
            .filter(|&i| !used.contains(&self.nodes[i].name))
            .map(|i| InputError::new(self.place(i), "an output that nobody reads", "a later node with it as an input"))
            .collect()
    }

    /// The last node is a conv or dense without `out`; all other conv and dense nodes have one.
    fn out_errors(&self) -> Vec<InputError> {
        let mut errors = Vec::new();
        let Some(last) = self.nodes.len().checked_sub(1) else {
            return vec![InputError::new("nodes", "an empty list", "at least one node")];
        };
        for (i, node) in self.nodes.iter().enumerate() {
            let place = format!("{}.out", self.place(i));
            match (&node.op, node.op.out()) {
                (Op::Conv(_) | Op::Dense(_), Some(_)) if i == last => {
                    errors.push(InputError::new(place, "a format", "none: the last node gives raw accumulators"));
                }
                (Op::Conv(_) | Op::Dense(_), None) if i < last => {
                    errors.push(InputError::new(place, "none", "a format: only the last node gives raw accumulators"));
                }
                (Op::Conv(_) | Op::Dense(_), _) => {}
                (op, _) if i == last => {
                    errors.push(InputError::new(self.place(i), op.name(), "conv or dense as the last node"));
                }
                _ => {}
            }
        }
        errors
    }

    /// The last node has 1x1 pixels and a channel for each class.
    fn score_errors(&self, shapes: &BTreeMap<String, Shape>) -> Vec<InputError> {
        let Some(last) = self.nodes.last() else { return Vec::new() };
        let shape = shapes[&last.name];
        let mut errors = Vec::new();
        if (shape.h, shape.w) != (1, 1) {
            let place = self.place(self.nodes.len() - 1);
            errors.push(InputError::new(place, format!("output {shape}"), "[classes, 1, 1] from the last node"));
        }
        if shape.c != self.classes.len() {
            let expected = format!("{}, the last node's channels", shape.c);
            errors.push(InputError::new("classes", format!("{} names", self.classes.len()), expected));
        }
        errors
    }

    /// Counts and ranges of all integers.
    fn tensor_errors(&self, shapes: &BTreeMap<String, Shape>) -> Vec<InputError> {
        let mut errors = Vec::new();
        for name in self.params.keys().filter(|name| self.node(name).is_none()) {
            errors.push(InputError::new(format!("tensors of \"{name}\""), "no such node", "a node's name"));
        }
        for (i, node) in self.nodes.iter().enumerate() {
            let place = self.place(i);
            let params = self.params(&node.name);
            let wanted = TensorShapes::of(&node.op, shapes[&node.inputs[0]], node.inputs.len());
            let found = [params.weight.len(), params.bias.len(), params.multiplier.len(), params.shift.len()];
            for ((tensor, shape), found) in TENSOR_NAMES.into_iter().zip(wanted.each()).zip(found) {
                if values(shape) != found {
                    let expected = format!("{} (shape {shape:?})", values(shape));
                    errors.push(InputError::new(format!("{place}.{tensor}"), format!("{found} values"), expected));
                }
            }
            errors.extend(range_errors(&node.op, params, &place));
        }
        errors
    }

    /// Accumulators wider than the hardware and the interpreter allow.
    fn accumulator_errors(&self) -> Vec<InputError> {
        let types = self.act_types();
        let last = self.nodes.len() - 1;
        let check = |i: usize| {
            let node = &self.nodes[i];
            let inputs: Vec<ActType> = node.inputs.iter().map(|name| types[name]).collect();
            let (lo, hi) = node_range(node, &inputs, self.params(&node.name))?;
            let most = if i == last { MAX_SCORE_BITS } else { MAX_ACC_BITS };
            let bits = signed_bits(lo, hi);
            let found = format!("an accumulator of {bits} signed bits ({lo} to {hi})");
            (bits > most).then(|| InputError::new(self.place(i), found, format!("at most {most} bits")))
        };
        (0..=last).filter_map(check).collect()
    }
}

/// Bit widths of one operation.
fn bit_errors(op: &Op, place: &str) -> Vec<InputError> {
    let check = |what: &str, bits: u32, (least, most): (u32, u32)| {
        let error = || InputError::new(format!("{place}.{what}"), bits.to_string(), format!("{least} to {most}"));
        (!(least..=most).contains(&bits)).then(error)
    };
    let weight = op.weight_bits().and_then(|bits| check("weight_bits", bits, WEIGHT_BITS));
    let out = op.out().and_then(|out| check("out.bits", out.bits, ACT_BITS));
    weight.into_iter().chain(out).collect()
}

/// Values out of range; one error a tensor, naming the first.
fn range_errors(op: &Op, params: &Params, place: &str) -> Vec<InputError> {
    let most = op.weight_bits().map_or(0, max_weight);
    let weight = first_outside(&params.weight, |&w| i32::from(w).abs() <= most);
    let bias_bound = 1i64 << (MAX_ACC_BITS - 1);
    let bias = first_outside(&params.bias, |b| (-bias_bound..bias_bound).contains(b));
    let shift = first_outside(&params.shift, |s| (SHIFT.0..=SHIFT.1).contains(s));
    let error = |tensor: &str, (index, found): (usize, String), expected: String| {
        InputError::new(format!("{place}.{tensor}[{index}]"), found, expected)
    };
    let mut errors = Vec::new();
    errors.extend(weight.map(|at| error("weight", at, format!("-{most} to {most}"))));
    errors.extend(bias.map(|at| error("bias", at, format!("{MAX_ACC_BITS} signed bits"))));
    errors.extend(shift.map(|at| error("shift", at, format!("{} to {}", SHIFT.0, SHIFT.1))));
    errors
}

/// Index of the first value that is not `ok`, with a text that counts them.
fn first_outside<T: std::fmt::Display>(values: &[T], ok: impl Fn(&T) -> bool) -> Option<(usize, String)> {
    let index = values.iter().position(|v| !ok(v))?;
    let others = values[index + 1..].iter().filter(|v| !ok(v)).count();
    let more = if others == 0 { String::new() } else { format!(" (and {others} more out of range)") };
    Some((index, format!("{}{more}", values[index])))
}

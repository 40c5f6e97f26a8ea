//! Which integer tensors a node has, and of what shape.

use super::graph::{Op, Shape};

/// Shapes of a node's tensors; an empty shape means that the node has no such tensor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TensorShapes {
    /// conv `[O, I, Kh, Kw]`, dense `[O, I]`, affine `[C]`.
    pub weight: Vec<usize>,
    /// One a channel of the output: `[O]` or `[C]`.
    pub bias: Vec<usize>,
    /// Multiplier and shift: conv, dense, affine one an output channel; add, concat one an input; avg_pool one.
    pub requant: Vec<usize>,
}

/// Values in a tensor of `shape`, 0 for an absent one.
pub fn values(shape: &[usize]) -> usize {
    if shape.is_empty() { 0 } else { shape.iter().product() }
}

impl TensorShapes {
    /// The tensors of `op` whose first input has shape `input` and which has `inputs` inputs.
    pub fn of(op: &Op, input: Shape, inputs: usize) -> Self {
        let (weight, channels) = match op {
            Op::Conv(conv) => (vec![conv.out_channels, input.c, conv.kernel[0], conv.kernel[1]], conv.out_channels),
            Op::Dense(dense) => (vec![dense.out_features, input.c], dense.out_features),
            Op::Affine(_) => (vec![input.c], input.c),
            Op::AvgPool(_) => return Self { requant: vec![1], ..Self::default() },
            Op::Add(_) | Op::Concat(_) => return Self { requant: vec![inputs], ..Self::default() },
            Op::MaxPool(_) | Op::Flatten(_) => return Self::default(),
        };
        let requant = if op.out().is_some() { vec![channels] } else { Vec::new() };
        Self { weight, bias: vec![channels], requant }
    }

    /// The shapes of weight, bias, multiplier and shift.
    pub fn each(&self) -> [&[usize]; 4] {
        [&self.weight, &self.bias, &self.requant, &self.requant]
    }
}

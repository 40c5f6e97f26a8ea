//! The integer network's graph: nodes, operations, bit widths. Its meaning is fixed in `docs/network-format.md`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Name by which nodes refer to the network's input.
pub const INPUT: &str = "input";

/// The number format of an activation tensor, zero point 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActType {
    /// Bits of one value, 1 to 8 (9 inside a residual add).
    pub bits: u32,
    /// Two's complement where true; unsigned (after ReLU) where false.
    pub signed: bool,
}

impl ActType {
    /// Unsigned values of `bits` bits.
    pub const fn unsigned(bits: u32) -> Self {
        Self { bits, signed: false }
    }

    /// Signed values of `bits` bits.
    pub const fn signed(bits: u32) -> Self {
        Self { bits, signed: true }
    }

    /// Smallest and largest value: `0 ..= 2^b - 1`, or `-2^(b-1) ..= 2^(b-1) - 1`.
    pub const fn range(self) -> (i32, i32) {
        if self.signed { (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1) } else { (0, (1 << self.bits) - 1) }
    }
}

impl fmt::Display for ActType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} bits", if self.signed { "signed" } else { "unsigned" }, self.bits)
    }
}

/// How a weight matrix is stored, on disk accounting and in hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// Every weight is stored.
    Dense,
    /// Only nonzeros are stored, column by column, with gap-coded row indices.
    Sparse,
}

/// The image that enters: raster order, unsigned 8-bit channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Channels, 1 for grey, 3 for RGB.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl InputSpec {
    /// Shape of the input tensor.
    pub const fn shape(self) -> Shape {
        Shape { c: self.channels, h: self.height, w: self.width }
    }
}

/// A 2-D convolution (cross-correlation), `[O, I, Kh, Kw]` weights, then requantize (or raw accumulators).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// Output channels O.
    pub out_channels: usize,
    /// `[Kh, Kw]`.
    pub kernel: [usize; 2],
    /// `[down, right]`.
    pub stride: [usize; 2],
    /// Zeros added on `[top and bottom, left and right]`.
    pub padding: [usize; 2],
    /// Bits of a weight, 2 to 8, symmetric range.
    pub weight_bits: u32,
    /// How the weights are stored.
    pub storage: Storage,
    /// Format after requantization; absent in the last layer, whose raw accumulators are the scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<ActType>,
}

/// A fully connected layer, `[O, I]` weights, then requantize (or raw accumulators).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Output features O.
    pub out_features: usize,
    /// Bits of a weight, 2 to 8, symmetric range.
    pub weight_bits: u32,
    /// How the weights are stored.
    pub storage: Storage,
    /// Format after requantization; absent in the last layer, whose raw accumulators are the scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out: Option<ActType>,
}

/// Max pool on integers, floor mode; padding never wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPool {
    /// `[Kh, Kw]`.
    pub kernel: [usize; 2],
    /// `[down, right]`.
    pub stride: [usize; 2],
    /// Cells added on `[top and bottom, left and right]`, at most half the kernel.
    pub padding: [usize; 2],
}

/// Average pool: window sum, then requantize; floor mode, no padding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvgPool {
    /// `[Kh, Kw]`.
    pub kernel: [usize; 2],
    /// `[down, right]`.
    pub stride: [usize; 2],
    /// Format after requantization.
    pub out: ActType,
}

/// Per-channel `weight * x + bias`, then requantize: a BatchNorm that follows no convolution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Affine {
    /// Bits of a weight, 2 to 8, symmetric range.
    pub weight_bits: u32,
    /// Format after requantization.
    pub out: ActType,
}

/// Brings several inputs to one scale: residual add (two inputs) or channel concat (two or more).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Format of the result.
    pub out: ActType,
}

/// Flatten `[C, H, W]` to `[C*H*W, 1, 1]`, channel-major: index `(c*H + y)*W + x`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flatten {}

/// What a node computes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// See [`Conv`].
    Conv(Conv),
    /// See [`Dense`].
    Dense(Dense),
    /// See [`MaxPool`].
    MaxPool(MaxPool),
    /// See [`AvgPool`].
    AvgPool(AvgPool),
    /// See [`Flatten`].
    Flatten(Flatten),
    /// See [`Affine`].
    Affine(Affine),
    /// Residual add of two inputs: see [`Join`].
    Add(Join),
    /// Channel concat of two or more inputs: see [`Join`].
    Concat(Join),
}

impl Op {
    /// The name the file uses.
    pub const fn name(&self) -> &'static str {
        match self {
            Op::Conv(_) => "conv",
            Op::Dense(_) => "dense",
            Op::MaxPool(_) => "max_pool",
            Op::AvgPool(_) => "avg_pool",
            Op::Flatten(_) => "flatten",
            Op::Affine(_) => "affine",
            Op::Add(_) => "add",
            Op::Concat(_) => "concat",
        }
    }

    /// The format after requantization; `None` for an op that passes its input's through (max pool, flatten) and for
    /// the last layer.
    pub const fn out(&self) -> Option<ActType> {
        match self {
            Op::Conv(op) => op.out,
            Op::Dense(op) => op.out,
            Op::AvgPool(op) => Some(op.out),
            Op::Affine(op) => Some(op.out),
            Op::Add(op) | Op::Concat(op) => Some(op.out),
            Op::MaxPool(_) | Op::Flatten(_) => None,
        }
    }

    /// Bits of a weight; `None` for an op without weights.
    pub const fn weight_bits(&self) -> Option<u32> {
        match self {
            Op::Conv(op) => Some(op.weight_bits),
            Op::Dense(op) => Some(op.weight_bits),
            Op::Affine(op) => Some(op.weight_bits),
            _ => None,
        }
    }

    /// How the weight matrix is stored; `None` for an op without one (an affine's weights are always dense).
    pub const fn storage(&self) -> Option<Storage> {
        match self {
            Op::Conv(op) => Some(op.storage),
            Op::Dense(op) => Some(op.storage),
            _ => None,
        }
    }
}

/// One operation, its name and where its inputs come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Unique; `[a-z][a-z0-9_]*`, so that it can name a Verilog module.
    pub name: String,
    /// Earlier nodes, or [`INPUT`].
    pub inputs: Vec<String>,
    /// The operation.
    pub op: Op,
}

/// `[C, H, W]` of one tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape {
    /// Channels.
    pub c: usize,
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
}

impl Shape {
    /// Values in the tensor.
    pub const fn len(self) -> usize {
        self.c * self.h * self.w
    }

    /// True for a tensor without values (never valid in a network).
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}, {}]", self.c, self.h, self.w)
    }
}

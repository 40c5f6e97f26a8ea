//! A float network as a resolved list of layers: the graph that training builds and the search shrinks.

use serde::{Deserialize, Serialize};

use crate::error::InputError;
use crate::network::graph::{INPUT, Shape};

/// Most values in one tensor (a guard against slips of the pen).
pub const MAX_TENSOR: usize = 1 << 24;

/// A window that slides over an image. Pairs are `[vertical, horizontal]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Rows and columns covered.
    pub kernel: [usize; 2],
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Cells added on top and bottom, left and right.
    pub padding: [usize; 2],
}

impl Window {
    /// Rows and columns of the result: `floor((size + 2 padding - kernel) / stride) + 1`; `None` where nothing fits.
    pub fn output(&self, h: usize, w: usize) -> Option<(usize, usize)> {
        let steps = |size: usize, axis: usize| {
            let free = (size + 2 * self.padding[axis]).checked_sub(self.kernel[axis])?;
            Some(free / self.stride[axis] + 1)
        };
        Some((steps(h, 0)?, steps(w, 1)?))
    }
}

/// What a layer computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LayerOp {
    /// 2-D convolution, zero padding, `out` channels.
    Conv {
        /// Output channels.
        out: usize,
        /// Kernel, stride, padding.
        window: Window,
    },
    /// Fully connected, `out` features, on a flat input.
    Dense {
        /// Output features.
        out: usize,
    },
    /// Max pool; padding never wins.
    MaxPool(Window),
    /// Average pool, without padding.
    AvgPool(Window),
    /// `[C, H, W]` to `[C*H*W, 1, 1]`, channel-major.
    Flatten,
    /// A BatchNorm that follows no convolution (becomes the integer op `affine`).
    BatchNorm,
    /// Sum of two inputs of one shape (residual).
    Add,
    /// Channels of two or more inputs, one after the other.
    Concat,
}

impl LayerOp {
    /// The name the run file uses.
    pub const fn name(&self) -> &'static str {
        match self {
            LayerOp::Conv { .. } => "conv",
            LayerOp::Dense { .. } => "dense",
            LayerOp::MaxPool(_) => "max_pool",
            LayerOp::AvgPool(_) => "avg_pool",
            LayerOp::Flatten => "flatten",
            LayerOp::BatchNorm => "batch_norm",
            LayerOp::Add => "add",
            LayerOp::Concat => "concat",
        }
    }

    /// Whether the layer holds trained weights.
    pub const fn has_weights(&self) -> bool {
        matches!(self, LayerOp::Conv { .. } | LayerOp::Dense { .. } | LayerOp::BatchNorm)
    }
}

/// One layer, with its inputs by name and its output shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerSpec {
    /// Unique, `[a-z][a-z0-9_]*`: it will name a Verilog module.
    pub name: String,
    /// Earlier layers, or [`INPUT`].
    pub inputs: Vec<String>,
    /// The operation.
    pub op: LayerOp,
    /// BatchNorm after a convolution (which then has no bias of its own).
    pub batch_norm: bool,
    /// ReLU at the end.
    pub relu: bool,
    /// Output shape, filled in by [`infer_shapes`].
    pub shape: Shape,
}

/// Fills in every layer's output shape, in order.
///
/// # Errors
/// The first layer whose input does not fit, at place `layer NAME`.
pub fn infer_shapes(input: Shape, layers: &mut [LayerSpec]) -> Result<(), InputError> {
    for i in 0..layers.len() {
        let (before, rest) = layers.split_at_mut(i);
        let layer = &mut rest[0];
        let place = || format!("layer {}", layer.name);
        let inputs = layer.inputs.iter().map(|name| shape_of(input, before, name)).collect::<Result<Vec<_>, _>>();
        let shapes = inputs.map_err(|e| InputError { place: place(), ..e })?;
        let shape = output_shape(&layer.op, &shapes).map_err(|e| InputError { place: place(), ..e })?;
        if shape.len() > MAX_TENSOR {
            return Err(InputError::new(place(), format!("an output of {}", show(shape)), "at most 2^24 values"));
        }
        layer.shape = shape;
    }
    Ok(())
}

/// Shape of the tensor `name`: the image, or the output of an earlier layer.
fn shape_of(input: Shape, before: &[LayerSpec], name: &str) -> Result<Shape, InputError> {
    if name == INPUT {
        return Ok(input);
    }
    before.iter().find(|l| l.name == name).map(|l| l.shape).ok_or_else(|| {
        InputError::new("", format!("input `{name}`"), format!("`{INPUT}` or the name of an earlier layer"))
    })
}

/// Output shape of one operation on inputs of these shapes; the error's place is left to the caller.
fn output_shape(op: &LayerOp, inputs: &[Shape]) -> Result<Shape, InputError> {
    let wrong = |found: String, expected: &str| Err(InputError::new("", found, expected));
    let least = if matches!(op, LayerOp::Add | LayerOp::Concat) { 2 } else { 1 };
    let most = if matches!(op, LayerOp::Concat) { usize::MAX } else { least };
    if inputs.len() < least || inputs.len() > most {
        let expected = if most > least { format!("{least} or more") } else { least.to_string() };
        return wrong(format!("{} input(s)", inputs.len()), &format!("{expected} for `{}`", op.name()));
    }
    let first = inputs[0];
    match op {
        LayerOp::Conv { out, window } => windowed(window, first).map(|s| Shape { c: *out, ..s }),
        LayerOp::MaxPool(window) | LayerOp::AvgPool(window) => windowed(window, first),
        LayerOp::Dense { .. } if first.h * first.w != 1 => {
            wrong(format!("an input of {}", show(first)), "a flat input (put a `flatten` layer before it)")
        }
        LayerOp::Dense { out } => Ok(Shape { c: *out, h: 1, w: 1 }),
        LayerOp::Flatten => Ok(Shape { c: first.len(), h: 1, w: 1 }),
        LayerOp::BatchNorm => Ok(first),
        LayerOp::Add if inputs[1] != first => {
            wrong(format!("inputs of {} and {}", show(first), show(inputs[1])), "two inputs of one shape")
        }
        LayerOp::Add => Ok(first),
        LayerOp::Concat => match inputs.iter().find(|s| (s.h, s.w) != (first.h, first.w)) {
            Some(other) => {
                wrong(format!("inputs of {} and {}", show(first), show(*other)), "inputs of one height and width")
            }
            None => Ok(Shape { c: inputs.iter().map(|s| s.c).sum(), ..first }),
        },
    }
}

fn windowed(window: &Window, input: Shape) -> Result<Shape, InputError> {
    let Some((h, w)) = window.output(input.h, input.w) else {
        let [kh, kw] = window.kernel;
        let [ph, pw] = window.padding;
        return Err(InputError::new(
            "",
            format!("a {kh}x{kw} window, padding {ph} and {pw}, on an input of {}", show(input)),
            "a window no larger than the padded image (a smaller kernel, more padding or fewer pools before it)",
        ));
    };
    Ok(Shape { c: input.c, h, w })
}

/// `CxHxW`, channels first, for messages.
pub fn show(shape: Shape) -> String {
    format!("{}x{}x{} (channels x height x width)", shape.c, shape.h, shape.w)
}

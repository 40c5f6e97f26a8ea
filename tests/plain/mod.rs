//! A second interpreter, written straight from `docs/network-format.md`: plain loops, tensors `[C][H][W]` in i128.
//! It shares the graph's types with the crate and nothing else.

use std::collections::BTreeMap;

use slimgate::network::graph::{ActType, Node, Op};
use slimgate::network::{Network, Params};

/// A tensor `[C, H, W]`.
#[derive(Debug, Clone)]
pub struct Tensor {
    c: usize,
    h: usize,
    w: usize,
    values: Vec<i128>,
}

impl Tensor {
    fn zeros(c: usize, h: usize, w: usize) -> Self {
        Tensor { c, h, w, values: vec![0; c * h * w] }
    }

    fn at(&self, c: usize, y: usize, x: usize) -> i128 {
        self.values[(c * self.h + y) * self.w + x]
    }

    /// The value at signed coordinates, or nothing in the padding.
    fn inside(&self, c: usize, y: i64, x: i64) -> Option<i128> {
        let ok = y >= 0 && x >= 0 && y < self.h as i64 && x < self.w as i64;
        ok.then(|| self.at(c, y as usize, x as usize))
    }

    fn fill(mut self, f: impl Fn(usize, usize, usize) -> i128) -> Self {
        for c in 0..self.c {
            for y in 0..self.h {
                for x in 0..self.w {
                    self.values[(c * self.h + y) * self.w + x] = f(c, y, x);
                }
            }
        }
        self
    }

    /// Values in the order y, x, c.
    pub fn hwc(&self) -> Vec<i32> {
        let mut out = Vec::new();
        for y in 0..self.h {
            for x in 0..self.w {
                for c in 0..self.c {
                    out.push(self.at(c, y, x) as i32);
                }
            }
        }
        out
    }
}

fn requantize(acc: i128, params: &Params, i: usize, out: ActType) -> i128 {
    let (lo, hi) = if out.signed {
        (-(1i128 << (out.bits - 1)), (1i128 << (out.bits - 1)) - 1)
    } else {
        (0, (1i128 << out.bits) - 1)
    };
    let shift = u32::from(params.shift[i]);
    let scaled = (acc * i128::from(params.multiplier[i]) + (1i128 << (shift - 1))).div_euclid(1i128 << shift);
    scaled.max(lo).min(hi)
}

fn side(size: usize, padding: usize, kernel: usize, stride: usize) -> usize {
    (size + 2 * padding - kernel) / stride + 1
}

/// Every node's output for one image of H x W x C pixels.
pub fn trace(network: &Network, pixels: &[u8]) -> Vec<(String, Vec<i32>)> {
    let spec = network.input;
    let input = Tensor::zeros(spec.channels, spec.height, spec.width)
        .fill(|c, y, x| i128::from(pixels[(y * spec.width + x) * spec.channels + c]));
    let mut tensors = BTreeMap::from([("input".to_string(), input)]);
    let none = Params::default();
    let mut all = Vec::new();
    for node in &network.nodes {
        let inputs: Vec<&Tensor> = node.inputs.iter().map(|name| &tensors[name]).collect();
        let output = run(node, &inputs, network.params.get(&node.name).unwrap_or(&none));
        all.push((node.name.clone(), output.hwc()));
        tensors.insert(node.name.clone(), output);
    }
    all
}

fn run(node: &Node, inputs: &[&Tensor], p: &Params) -> Tensor {
    let input = inputs[0];
    match &node.op {
        Op::Conv(op) => conv(input, p, op.out_channels, op.kernel, op.stride, op.padding, op.out),
        Op::Dense(op) => conv(input, p, op.out_features, [1, 1], [1, 1], [0, 0], op.out),
        Op::MaxPool(op) => {
            let h = side(input.h, op.padding[0], op.kernel[0], op.stride[0]);
            let w = side(input.w, op.padding[1], op.kernel[1], op.stride[1]);
            Tensor::zeros(input.c, h, w).fill(|c, y, x| {
                cells(op.kernel, op.stride, op.padding, y, x)
                    .into_iter()
                    .filter_map(|(_, _, y, x)| input.inside(c, y, x))
                    .max()
                    .expect("a window with a cell inside")
            })
        }
        Op::AvgPool(op) => {
            let h = side(input.h, 0, op.kernel[0], op.stride[0]);
            let w = side(input.w, 0, op.kernel[1], op.stride[1]);
            Tensor::zeros(input.c, h, w).fill(|c, y, x| {
                let sum = cells(op.kernel, op.stride, [0, 0], y, x)
                    .into_iter()
                    .map(|(_, _, y, x)| input.at(c, y as usize, x as usize))
                    .sum();
                requantize(sum, p, 0, op.out)
            })
        }
        Op::Flatten(_) => Tensor { c: input.values.len(), h: 1, w: 1, values: input.values.clone() },
        Op::Affine(op) => Tensor::zeros(input.c, input.h, input.w).fill(|c, y, x| {
            requantize(i128::from(p.weight[c]) * input.at(c, y, x) + i128::from(p.bias[c]), p, c, op.out)
        }),
        Op::Add(op) => Tensor::zeros(input.c, input.h, input.w).fill(|c, y, x| {
            let inner = ActType { bits: op.out.bits + 1, signed: true };
            let sum: i128 = (0..2).map(|i| requantize(inputs[i].at(c, y, x), p, i, inner)).sum();
            let (lo, hi) = op.out.range();
            sum.max(i128::from(lo)).min(i128::from(hi))
        }),
        Op::Concat(op) => {
            let channels = inputs.iter().map(|t| t.c).sum();
            Tensor::zeros(channels, input.h, input.w).fill(|mut c, y, x| {
                let mut i = 0;
                while c >= inputs[i].c {
                    c -= inputs[i].c;
                    i += 1;
                }
                requantize(inputs[i].at(c, y, x), p, i, op.out)
            })
        }
    }
}

/// The cells under the window of output (y, x): kernel row and column, input row and column (maybe in the padding).
fn cells(k: [usize; 2], s: [usize; 2], p: [usize; 2], y: usize, x: usize) -> Vec<(usize, usize, i64, i64)> {
    let mut cells = Vec::new();
    for ky in 0..k[0] {
        for kx in 0..k[1] {
            let row = (y * s[0] + ky) as i64 - p[0] as i64;
            let column = (x * s[1] + kx) as i64 - p[1] as i64;
            cells.push((ky, kx, row, column));
        }
    }
    cells
}

fn conv(
    input: &Tensor,
    params: &Params,
    outputs: usize,
    k: [usize; 2],
    s: [usize; 2],
    p: [usize; 2],
    out: Option<ActType>,
) -> Tensor {
    let h = side(input.h, p[0], k[0], s[0]);
    let w = side(input.w, p[1], k[1], s[1]);
    Tensor::zeros(outputs, h, w).fill(|o, y, x| {
        let mut acc = i128::from(params.bias[o]);
        for i in 0..input.c {
            for (ky, kx, row, column) in cells(k, s, p, y, x) {
                let weight = params.weight[((o * input.c + i) * k[0] + ky) * k[1] + kx];
                acc += i128::from(weight) * input.inside(i, row, column).unwrap_or(0);
            }
        }
        match out {
            Some(out) => requantize(acc, params, o, out),
            None => acc,
        }
    })
}

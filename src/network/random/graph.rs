//! The structure of a random network: a chain with side branches that join it again, so that every output is read.

use std::ops::RangeInclusive;

use rand::Rng;
use rand::seq::IndexedRandom;

use super::RandomSpec;
use crate::network::graph::{
    ActType, Affine, AvgPool, Conv, Dense, Flatten, INPUT, Join, MaxPool, Node, Op, Shape, Storage,
};

/// A tensor that later nodes may read.
#[derive(Debug, Clone)]
struct Tensor {
    name: String,
    shape: Shape,
}

/// Windows of one layer, shared by branches that must have one size.
#[derive(Debug, Clone, Copy)]
struct Geometry {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Geometry {
    fn output(&self, input: Shape) -> (usize, usize) {
        let side =
            |axis: usize, size: usize| (size + 2 * self.padding[axis] - self.kernel[axis]) / self.stride[axis] + 1;
        (side(0, input.h), side(1, input.w))
    }
}

/// Kinds of growth.
#[derive(Debug, Clone, Copy)]
enum Growth {
    Conv,
    Dense,
    MaxPool,
    AvgPool,
    Affine,
    Add,
    Concat,
    Flatten,
}

/// Features that a flattened tensor may have where no dense layer follows.
const FLATTENED: usize = 100;

pub(super) struct Builder<'a, R> {
    rng: &'a mut R,
    spec: &'a RandomSpec,
    nodes: Vec<Node>,
    head: Tensor,
}

impl<'a, R: Rng> Builder<'a, R> {
    pub(super) fn new(rng: &'a mut R, spec: &'a RandomSpec, input: Shape) -> Self {
        Builder { rng, spec, nodes: Vec::new(), head: Tensor { name: INPUT.into(), shape: input } }
    }

    /// Grows to the drawn number of nodes, the last layer included.
    pub(super) fn network(mut self) -> Vec<Node> {
        let layers = self.pick(&self.spec.layers).max(3);
        while self.nodes.len() + 1 < layers {
            match self.growth().choose(self.rng) {
                Some(&growth) => self.grow(growth),
                None => break,
            }
        }
        self.last_layer();
        self.nodes
    }

    /// What may follow the head.
    fn growth(&self) -> Vec<Growth> {
        let flat = (self.head.shape.h, self.head.shape.w) == (1, 1);
        // What ends the spatial part comes late or where there is none.
        let late = self.nodes.len() >= 2;
        [
            (true, Growth::Conv),
            (!flat, Growth::Conv),
            (flat || late, Growth::Dense),
            (!flat, Growth::MaxPool),
            (!flat, Growth::AvgPool),
            (true, Growth::Affine),
            (true, Growth::Add),
            (true, Growth::Concat),
            (late && !flat && self.head.shape.len() <= FLATTENED, Growth::Flatten),
        ]
        .into_iter()
        .filter_map(|(allowed, growth)| allowed.then_some(growth))
        .collect()
    }

    fn grow(&mut self, growth: Growth) {
        let from = self.head.clone();
        self.head = match growth {
            Growth::Conv => {
                let geometry = self.geometry(from.shape, |kernel| kernel - 1);
                let channels = self.pick(&self.spec.channels);
                self.conv(&from, geometry, channels)
            }
            Growth::Dense => {
                let from = self.flatten(&from);
                let features = self.pick(&self.spec.channels);
                self.dense(&from, features, true)
            }
            Growth::MaxPool | Growth::AvgPool => self.pool(&from, matches!(growth, Growth::MaxPool)),
            Growth::Affine => {
                let op = Op::Affine(Affine { weight_bits: self.pick(&self.spec.weight_bits), out: self.act() });
                self.push(op, &[&from], from.shape)
            }
            Growth::Add | Growth::Concat => self.join(&from, matches!(growth, Growth::Add)),
            Growth::Flatten => self.flatten(&from),
        };
    }

    fn conv(&mut self, from: &Tensor, geometry: Geometry, out_channels: usize) -> Tensor {
        let Geometry { kernel, stride, padding } = geometry;
        let (h, w) = geometry.output(from.shape);
        let weight_bits = self.pick(&self.spec.weight_bits);
        let (storage, out) = (self.storage(), Some(self.act()));
        let op = Op::Conv(Conv { out_channels, kernel, stride, padding, weight_bits, storage, out });
        self.push(op, &[from], Shape { c: out_channels, h, w })
    }

    fn dense(&mut self, from: &Tensor, out_features: usize, requantized: bool) -> Tensor {
        let weight_bits = self.pick(&self.spec.weight_bits);
        let (storage, out) = (self.storage(), self.act());
        let op = Op::Dense(Dense { out_features, weight_bits, storage, out: requantized.then_some(out) });
        self.push(op, &[from], Shape { c: out_features, h: 1, w: 1 })
    }

    fn pool(&mut self, from: &Tensor, max: bool) -> Tensor {
        let geometry = self.geometry(from.shape, |kernel| if max { kernel / 2 } else { 0 });
        let Geometry { kernel, stride, padding } = geometry;
        let (h, w) = geometry.output(from.shape);
        let op = if max {
            Op::MaxPool(MaxPool { kernel, stride, padding })
        } else {
            Op::AvgPool(AvgPool { kernel, stride, out: self.act() })
        };
        self.push(op, &[from], Shape { h, w, ..from.shape })
    }

    /// Flattens where it must, and sometimes where it need not.
    fn flatten(&mut self, from: &Tensor) -> Tensor {
        if (from.shape.h, from.shape.w) == (1, 1) && self.rng.random_bool(0.7) {
            return from.clone();
        }
        self.push(Op::Flatten(Flatten {}), &[from], Shape { c: from.shape.len(), h: 1, w: 1 })
    }

    /// A convolution beside the head, or two, then a residual add or a concat, sometimes of three; `from` itself is a
    /// side where it fits.
    fn join(&mut self, from: &Tensor, add: bool) -> Tensor {
        let skip = self.rng.random_bool(0.6);
        let geometry = if skip { self.same_size(from.shape) } else { self.geometry(from.shape, |kernel| kernel - 1) };
        let channels = if add && skip { from.shape.c } else { self.pick(&self.spec.channels) };
        let main = self.conv(from, geometry, channels);
        let side = if skip {
            from.clone()
        } else {
            let channels = if add { channels } else { self.pick(&self.spec.channels) };
            self.conv(from, geometry, channels)
        };
        let mut inputs = vec![&main, &side];
        let third = (!add && self.rng.random_bool(0.3)).then(|| self.conv(from, geometry, channels));
        inputs.extend(&third);
        if self.rng.random_bool(0.5) {
            inputs.reverse();
        }
        let out = self.act();
        let c = if add { channels } else { inputs.iter().map(|input| input.shape.c).sum() };
        let op = if add { Op::Add(Join { out }) } else { Op::Concat(Join { out }) };
        self.push(op, &inputs, Shape { c, ..main.shape })
    }

    /// A convolution over all that is left, or a dense layer.
    fn last_layer(&mut self) {
        let from = self.head.clone();
        let classes = self.pick(&self.spec.channels);
        if self.rng.random_bool(0.3) {
            let pad = usize::from(from.shape.h.min(from.shape.w) > 1 && self.rng.random_bool(0.3));
            let kernel = [from.shape.h + 2 * pad, from.shape.w + 2 * pad];
            let stride = [self.pick(&self.spec.stride), self.pick(&self.spec.stride)];
            let geometry = Geometry { kernel, stride, padding: [pad, pad] };
            self.conv(&from, geometry, classes);
            if let Some(Node { op: Op::Conv(conv), .. }) = self.nodes.last_mut() {
                conv.out = None;
            }
        } else {
            let from = self.flatten(&from);
            self.dense(&from, classes, false);
        }
    }

    /// Windows that fit `input`, padded by up to `most_padding` of the kernel's side.
    fn geometry(&mut self, input: Shape, most_padding: impl Fn(usize) -> usize) -> Geometry {
        let mut geometry = Geometry { kernel: [1; 2], stride: [1; 2], padding: [0; 2] };
        for (axis, size) in [input.h, input.w].into_iter().enumerate() {
            let kernel = self.pick(&self.spec.kernel);
            let padding = self.rng.random_range(0..=most_padding(kernel).min(2));
            geometry.kernel[axis] = kernel.min(size + 2 * padding);
            geometry.padding[axis] = padding.min(most_padding(geometry.kernel[axis]));
            geometry.kernel[axis] = geometry.kernel[axis].min(size + 2 * geometry.padding[axis]);
            geometry.stride[axis] = self.pick(&self.spec.stride);
        }
        geometry
    }

    /// Odd windows whose output is as large as the input.
    fn same_size(&mut self, input: Shape) -> Geometry {
        let mut side = |size: usize| (self.pick(&self.spec.kernel).min(2 * size - 1) - 1) / 2;
        let padding = [side(input.h), side(input.w)];
        Geometry { kernel: padding.map(|p| 2 * p + 1), stride: [1; 2], padding }
    }

    fn act(&mut self) -> ActType {
        ActType { bits: self.pick(&self.spec.act_bits), signed: self.rng.random_bool(self.spec.signed) }
    }

    fn storage(&mut self) -> Storage {
        if self.rng.random_bool(0.5) { Storage::Sparse } else { Storage::Dense }
    }

    fn pick<T: rand::distr::uniform::SampleUniform + PartialOrd + Clone>(&mut self, range: &RangeInclusive<T>) -> T {
        self.rng.random_range(range.clone())
    }

    fn push(&mut self, op: Op, inputs: &[&Tensor], shape: Shape) -> Tensor {
        let name = format!("{}{}", op.name(), self.nodes.len());
        let inputs = inputs.iter().map(|tensor| tensor.name.clone()).collect();
        self.nodes.push(Node { name: name.clone(), inputs, op });
        Tensor { name, shape }
    }
}

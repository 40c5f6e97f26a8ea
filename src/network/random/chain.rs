//! Networks in a row of layers of a given structure, with random weights: what scripts measure planner, generator and tools on.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::network::graph::{
    ActType, AvgPool, Conv, Dense, Flatten, INPUT, InputSpec, MaxPool, Node, Op, Shape, Storage,
};
use crate::network::{Network, Params};

/// The network `name` of `layers` over an `input` of `HxWxC` pixels; `bits` are those of weights and activations. Layers:
/// `conv:CHANNELS[:KERNEL[:STRIDE[:PADDING]]]` (3, 1, half the kernel), `sconv:CHANNELS:DENSITY[:KERNEL[:STRIDE[:PADDING]]]` of
/// which `DENSITY` are not 0, `max:KERNEL[:STRIDE[:PADDING]]`, `avg:KERNEL` (stride as the kernel), `sparse:OUTPUTS:DENSITY`,
/// `dense:OUTPUTS`. The first fully connected layer flattens; the last gives the classes. The same bytes for the same seed.
///
/// # Errors
/// Where a text is none of these, or the network is not valid.
pub fn chain<S: AsRef<str>>(name: &str, seed: u64, bits: u32, input: &str, layers: &[S]) -> anyhow::Result<Network> {
    let mut builder = Builder::new(ChaCha8Rng::seed_from_u64(seed), bits, input)?;
    for (i, layer) in layers.iter().enumerate() {
        let layer = layer.as_ref();
        builder.layer(layer, i + 1 == layers.len()).with_context(|| format!("layer {layer:?}"))?;
    }
    let network = builder.network(name);
    network.validate()?;
    Ok(network)
}

/// A network that grows layer by layer.
struct Builder {
    rng: ChaCha8Rng,
    bits: u32,
    input: InputSpec,
    head: Shape,
    /// Bits of the values that arrive.
    arriving: u32,
    nodes: Vec<Node>,
    params: BTreeMap<String, Params>,
}

impl Builder {
    fn new(rng: ChaCha8Rng, bits: u32, input: &str) -> anyhow::Result<Self> {
        let [h, w, c] = numbers(input, 'x')?[..] else { bail!("{input}: expected HxWxC") };
        let input = InputSpec { channels: c, height: h, width: w };
        Ok(Self { rng, bits, input, head: Shape { c, h, w }, arriving: 8, nodes: vec![], params: BTreeMap::new() })
    }

    fn layer(&mut self, text: &str, last: bool) -> anyhow::Result<()> {
        let (kind, rest) = text.split_once(':').context("expected KIND:…")?;
        let out = (!last).then(|| ActType::unsigned(self.bits));
        match kind {
            "conv" => self.conv(&numbers(rest, ':')?, Storage::Dense, 1.0, out),
            "sconv" => {
                let (density, figures) = sparse_figures(rest)?;
                self.conv(&figures, Storage::Sparse, density, out)
            }
            "max" | "avg" => self.pool(kind, &numbers(rest, ':')?),
            "sparse" => {
                let (outputs, density) = rest.split_once(':').context("expected OUTPUTS:DENSITY")?;
                self.dense(outputs.parse()?, Storage::Sparse, density.parse()?, out)
            }
            "dense" => self.dense(rest.parse()?, Storage::Dense, 1.0, out),
            _ => bail!("expected conv, sconv, max, avg, sparse or dense"),
        }
    }

    fn conv(&mut self, figures: &[usize], storage: Storage, density: f64, out: Option<ActType>) -> anyhow::Result<()> {
        let at = |i: usize, default: usize| figures.get(i).copied().unwrap_or(default);
        let (outputs, kernel, stride) = (at(0, 1), at(1, 3), at(2, 1));
        let padding = at(3, kernel / 2);
        let params = self.weights(outputs, self.head.c * kernel * kernel, density, out.is_some());
        self.slide(kernel, stride, padding)?;
        self.head.c = outputs;
        let [kernel, stride, padding] = [kernel, stride, padding].map(|n| [n, n]);
        let conv = Conv { out_channels: outputs, kernel, stride, padding, weight_bits: self.bits, storage, out };
        self.push("conv", Op::Conv(conv), Some(params));
        Ok(())
    }

    fn pool(&mut self, kind: &str, figures: &[usize]) -> anyhow::Result<()> {
        let kernel = *figures.first().context("expected a kernel")?;
        let (stride, padding) = (*figures.get(1).unwrap_or(&kernel), *figures.get(2).unwrap_or(&0));
        self.slide(kernel, stride, padding)?;
        let [kernel, stride, padding] = [kernel, stride, padding].map(|n| [n, n]);
        if kind == "max" {
            self.push("pool", Op::MaxPool(MaxPool { kernel, stride, padding }), None);
        } else {
            let shift = 12;
            let multiplier = vec![((1 << shift) / (kernel[0] * kernel[1])) as u16];
            let params = Params { multiplier, shift: vec![shift], ..Params::default() };
            self.push("pool", Op::AvgPool(AvgPool { kernel, stride, out: ActType::unsigned(self.bits) }), Some(params));
        }
        Ok(())
    }

    fn dense(&mut self, outputs: usize, storage: Storage, density: f64, out: Option<ActType>) -> anyhow::Result<()> {
        if (self.head.h, self.head.w) != (1, 1) {
            self.push("flatten", Op::Flatten(Flatten {}), None);
        }
        let params = self.weights(outputs, self.head.len(), density, out.is_some());
        self.head = Shape { c: outputs, h: 1, w: 1 };
        let dense = Dense { out_features: outputs, weight_bits: self.bits, storage, out };
        self.push("fc", Op::Dense(dense), Some(params));
        Ok(())
    }

    fn slide(&mut self, kernel: usize, stride: usize, padding: usize) -> anyhow::Result<()> {
        let Shape { h, w, .. } = self.head;
        ensure!(kernel > 0 && stride > 0 && kernel <= h.min(w) + 2 * padding, "a window that fits {h} x {w}");
        let side = |size: usize| (size + 2 * padding - kernel) / stride + 1;
        (self.head.h, self.head.w) = (side(h), side(w));
        Ok(())
    }

    fn push(&mut self, kind: &str, op: Op, params: Option<Params>) {
        let before = self.nodes.last().map_or(INPUT, |node| &node.name).to_owned();
        let count = self.nodes.iter().filter(|node| node.name.starts_with(kind)).count() + 1;
        let name = format!("{kind}{count}");
        self.params.extend(params.map(|params| (name.clone(), params)));
        self.nodes.push(Node { name, inputs: vec![before], op });
    }

    /// Random integers of a layer of `outputs` with `each` weights, of which `density` are not 0. Sums deviate by about
    /// (of a weight) x (of an activation) x sqrt(number); multiplier and shift bring two of these to the largest result.
    fn weights(&mut self, outputs: usize, each: usize, density: f64, requantized: bool) -> Params {
        let most = (1_i32 << (self.bits - 1)) - 1;
        let mut draw = || if self.rng.random_bool(density) { self.rng.random_range(-most..=most) as i8 } else { 0 };
        let weight = (0..outputs * each).map(|_| draw()).collect();
        let largest = f64::from((1_u32 << self.arriving) - 1);
        let deviation = 0.35 * f64::from(most).max(1.0) * largest * (each as f64 * density).sqrt().max(1.0);
        let bias = (0..outputs).map(|_| self.rng.random_range(-deviation / 2.0..deviation / 2.0) as i64).collect();
        if !requantized {
            return Params { weight, bias, ..Params::default() };
        }
        self.arriving = self.bits;
        let scale = f64::from((1_u32 << self.bits) - 1) / (2.0 * deviation);
        let shift = (8.0 - scale.log2().ceil()) as u8;
        let full = scale * f64::from(shift).exp2();
        let multiplier = (0..outputs).map(|_| (full * self.rng.random_range(0.6..1.0)) as u16).collect();
        Params { weight, bias, multiplier, shift: vec![shift; outputs] }
    }

    fn network(self, name: &str) -> Network {
        let classes = (0..self.head.c).map(|class| class.to_string()).collect();
        Network { name: name.into(), input: self.input, classes, nodes: self.nodes, params: self.params }
    }
}

/// `CHANNELS:DENSITY[:KERNEL…]`: the density, and the figures without it.
fn sparse_figures(text: &str) -> anyhow::Result<(f64, Vec<usize>)> {
    let (channels, rest) = text.split_once(':').context("expected CHANNELS:DENSITY")?;
    let (density, rest) = rest.split_once(':').map_or((rest, None), |(density, rest)| (density, Some(rest)));
    let figures = std::iter::once(channels).chain(rest.into_iter().flat_map(|rest| rest.split(':')));
    Ok((density.parse()?, numbers(&figures.collect::<Vec<_>>().join(":"), ':')?))
}

fn numbers(text: &str, separator: char) -> anyhow::Result<Vec<usize>> {
    text.split(separator).map(|n| n.parse().with_context(|| format!("{n:?}: expected a number"))).collect()
}

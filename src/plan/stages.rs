//! From a network to the chain of stages that become engines.

use anyhow::Result;

use super::pool::Reduce;
use crate::error::InputError;
use crate::network::Network;
use crate::network::graph::{ActType, INPUT, Op, Shape, Storage};

/// What kind of engine a stage may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Dense multiply-accumulate lanes over windows: `[kernel, stride, padding]`.
    Conv([[usize; 2]; 3]),
    /// The same with weights stored sparse: dense lanes, or the sparse convolution engine.
    SparseConv([[usize; 2]; 3]),
    /// Dense lanes over the flattened stream.
    Dense,
    /// The sparse fully connected engine over the flattened stream.
    Sparse,
    /// A pool: `[kernel, stride, padding]`.
    Pool([[usize; 2]; 3], Reduce),
}

/// One engine to be.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Node of the network.
    pub node: String,
    /// Engine.
    pub kind: Kind,
    /// Shape that arrives, before any flattening.
    pub input: Shape,
    /// Shape of the result.
    pub output: Shape,
    /// Format of what arrives.
    pub act: ActType,
    /// Format of the result; `None` in the last stage.
    pub out: Option<ActType>,
    /// Lanes of the arriving stream where they are given: the network's input, perhaps through pools.
    pub given_lanes: Option<usize>,
    /// Pixels of the arriving stream where an engine, or the network's input, makes it: before any pools.
    pub made_pixels: usize,
}

impl Stage {
    /// True where the stage sees the image as one pixel of many channels.
    pub fn flattens(&self) -> bool {
        matches!(self.kind, Kind::Dense | Kind::Sparse)
    }

    /// Input channels as the engine sees them: all features of a stage that flattens.
    pub fn channels(&self) -> usize {
        if self.flattens() { self.input.len() } else { self.input.c }
    }

    /// Taps of a convolution's window; 1 elsewhere.
    pub fn taps(&self) -> usize {
        match self.kind {
            Kind::Conv([kernel, ..]) | Kind::SparseConv([kernel, ..]) => kernel[0] * kernel[1],
            _ => 1,
        }
    }
}

/// The stages of `network`, in the order of the stream. Flatten nodes become part of the stage after them.
///
/// # Errors
/// [`InputError`] where the network is no chain, or has an operation that has no engine.
pub fn stages(network: &Network) -> Result<Vec<Stage>> {
    let shapes = network.shapes()?;
    let acts = network.act_types();
    let mut stages: Vec<Stage> = Vec::new();
    let mut before = INPUT;
    let mut stream = shapes[INPUT];
    let mut given_lanes = Some(stream.c);
    let mut made_pixels = stream.h * stream.w;
    for (i, node) in network.nodes.iter().enumerate() {
        if node.inputs != [before] {
            let place = format!("nodes[{i}] {:?}.inputs", node.name);
            let expected = format!("[{before:?}]: streams that fork or join have no engine in this version");
            return Err(InputError::new(place, format!("{:?}", node.inputs), expected).into());
        }
        let kind = kind(network, i)?;
        if let Some(kind) = kind {
            stages.push(Stage {
                node: node.name.clone(),
                kind,
                input: stream,
                output: shapes[&node.name],
                act: acts[before],
                out: acts.get(&node.name).copied(),
                given_lanes,
                made_pixels,
            });
            stream = shapes[&node.name];
            if !matches!(kind, Kind::Pool(..)) {
                given_lanes = None;
                made_pixels = stream.h * stream.w;
            }
        }
        before = &node.name;
    }
    Ok(stages)
}

fn kind(network: &Network, i: usize) -> Result<Option<Kind>> {
    let node = &network.nodes[i];
    Ok(Some(match &node.op {
        Op::Conv(c) if c.storage == Storage::Sparse => Kind::SparseConv([c.kernel, c.stride, c.padding]),
        Op::Conv(c) => Kind::Conv([c.kernel, c.stride, c.padding]),
        Op::Dense(d) if d.storage == Storage::Sparse => Kind::Sparse,
        Op::Dense(_) => Kind::Dense,
        Op::MaxPool(p) => Kind::Pool([p.kernel, p.stride, p.padding], Reduce::Max),
        Op::AvgPool(p) => {
            let params = network.params(&node.name);
            let reduce = Reduce::Average { multiplier: params.multiplier[0], shift: params.shift[0], out: p.out };
            Kind::Pool([p.kernel, p.stride, [0, 0]], reduce)
        }
        Op::Flatten(_) => return Ok(None),
        Op::Affine(_) | Op::Add(_) | Op::Concat(_) => {
            let place = format!("nodes[{i}] {:?}.op", node.name);
            let expected = "conv, dense, max_pool, avg_pool or flatten: it has no engine in this version";
            return Err(InputError::new(place, node.op.name(), expected).into());
        }
    }))
}

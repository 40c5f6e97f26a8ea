//! From a valid network to an [`Interpreter`].

use std::collections::BTreeMap;

use super::kernel::{Kernel, Layer};
use super::matrix::Matrix;
use super::requant::Requant;
use super::window::Window;
use super::{Interpreter, Step};
use crate::error::InputErrors;
use crate::network::graph::{ActType, INPUT, Node, Op, Shape};
use crate::network::{Network, Params};

/// What a node's kernel is made from.
struct Context<'a> {
    network: &'a Network,
    node: &'a Node,
    inputs: Vec<Shape>,
    output: Shape,
}

/// Prepares a network that has been validated.
pub(super) fn interpreter(network: &Network) -> Result<Interpreter, InputErrors> {
    let shapes = network.shapes()?;
    let mut slots = BTreeMap::from([(INPUT, 0)]);
    let mut steps = Vec::new();
    for node in &network.nodes {
        let output = shapes[&node.name];
        let inputs = node.inputs.iter().map(|name| shapes[name]).collect();
        let kernel = Context { network, node, inputs, output }.kernel();
        let inputs = node.inputs.iter().map(|name| slots[name.as_str()]).collect();
        slots.insert(&node.name, steps.len() + 1);
        steps.push(Step { name: node.name.clone(), inputs, len: output.len(), kernel });
    }
    let Some(Step { name, inputs, kernel: Kernel::Layer(layer), .. }) = steps.pop() else {
        unreachable!("a valid network ends in conv or dense");
    };
    Ok(Interpreter { input: shapes[INPUT], steps, last: (name, inputs[0]), layer })
}

impl Context<'_> {
    fn params(&self) -> &Params {
        self.network.params(&self.node.name)
    }

    fn kernel(&self) -> Kernel {
        match &self.node.op {
            Op::Conv(op) => self.layer(self.window(op.kernel, op.stride, op.padding)),
            Op::Dense(_) => self.layer(Window::one(self.inputs[0], self.output)),
            Op::MaxPool(op) => Kernel::MaxPool(self.window(op.kernel, op.stride, op.padding)),
            Op::AvgPool(op) => {
                Kernel::AvgPool(self.window(op.kernel, op.stride, [0, 0]), Requant::all(self.params(), op.out)[0])
            }
            Op::Flatten(_) => Kernel::Flatten(self.inputs[0]),
            Op::Affine(op) => {
                let Params { weight, bias, .. } = self.params().clone();
                Kernel::Affine { weight, bias, requant: Requant::all(self.params(), op.out) }
            }
            Op::Add(op) => {
                let (lo, hi) = op.out.range();
                let inner = ActType::signed(op.out.bits + 1);
                Kernel::Add { requant: Requant::all(self.params(), inner), range: (lo as i16, hi as i16) }
            }
            Op::Concat(op) => {
                let channels = self.inputs.iter().map(|shape| shape.c).collect();
                Kernel::Concat { requant: Requant::all(self.params(), op.out), channels }
            }
        }
    }

    fn window(&self, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> Window {
        Window { input: self.inputs[0], output: self.output, kernel, stride, padding }
    }

    fn layer(&self, window: Window) -> Kernel {
        let params = self.params();
        let acc_bits = self.network.acc_bits(&self.node.name).expect("conv and dense have accumulators");
        let weights = channels_last(&params.weight, window.input.c, window.kernel[0] * window.kernel[1]);
        let matrix = Matrix::new(&weights, params.bias.len(), acc_bits);
        let requant = self.node.op.out().map(|out| Requant::all(params, out)).unwrap_or_default();
        Kernel::Layer(Layer { window, matrix, bias: params.bias.clone(), requant })
    }
}

/// Weights `[O, I, taps]` as `[O, taps, I]`, the order of a patch.
fn channels_last(weights: &[i8], channels: usize, taps: usize) -> Vec<i8> {
    let row = |row: &[i8]| -> Vec<i8> {
        (0..taps).flat_map(|tap| (0..channels).map(move |c| (tap, c))).map(|(tap, c)| row[c * taps + tap]).collect()
    };
    weights.chunks_exact(channels * taps).flat_map(row).collect()
}

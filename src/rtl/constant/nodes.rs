//! The adders as Verilog: a wire for each, registers between stages.

use crate::plan::constant::ConstPlan;
use crate::plan::constant::adders::{Adder, Term};
use crate::plan::stream::Stream;
use crate::rtl::literal::range;

/// Inputs that a node's comment spells out.
const SPELT_OUT: usize = 6;

/// What is made in one stage, and the registers behind it.
pub struct Stage {
    pub number: usize,
    pub nodes: Vec<Node>,
    pub registers: Vec<Register>,
}

/// A wire.
pub struct Node {
    pub range: String,
    pub name: String,
    pub value: String,
    pub meaning: String,
}

/// A register.
pub struct Register {
    pub range: String,
    pub name: String,
    pub value: String,
}

/// The products' sum of one output, and where it lies among the sums.
pub struct Sum {
    pub range: String,
    pub name: String,
    pub value: String,
    pub at: usize,
    pub extended: String,
}

/// Names of the nodes.
pub struct Names {
    kernel: [usize; 2],
    inputs: usize,
}

impl Names {
    /// Names for `inputs` inputs under the taps of `kernel`.
    pub fn new(kernel: [usize; 2], inputs: usize) -> Self {
        Self { kernel, inputs }
    }

    /// True where an input's name tells its tap.
    pub fn has_taps(&self) -> bool {
        self.kernel != [1, 1]
    }

    /// The name of `node`.
    pub fn node(&self, node: usize) -> String {
        let [kernel_h, kernel_w] = self.kernel;
        let (channel, tap) = (node / (kernel_h * kernel_w), node % (kernel_h * kernel_w));
        match node.checked_sub(self.inputs) {
            Some(adder) => format!("n{adder}"),
            None if self.has_taps() => format!("x{channel}_{}_{}", tap / kernel_w, tap % kernel_w),
            None => format!("x{channel}"),
        }
    }

    /// The name of `node` behind `registers` registers.
    pub fn late(&self, node: usize, registers: usize) -> String {
        if registers == 0 { self.node(node) } else { format!("{}_q{registers}", self.node(node)) }
    }
}

/// The stages of `plan`, whose inputs are values of `input`.
pub fn stages(plan: &ConstPlan, input: &Stream, names: &Names) -> Vec<Stage> {
    let pipeline = &plan.adders.pipeline;
    let used = |node: &usize| pipeline.read[*node].is_some();
    let stage = |number: usize| Stage {
        number,
        nodes: (0..pipeline.made.len())
            .filter(|&node| pipeline.made[node] == number)
            .filter(used)
            .map(|node| made(plan, input, names, node))
            .collect(),
        registers: (0..pipeline.made.len())
            .filter(|&node| pipeline.made[node] <= number && pipeline.read[node].is_some_and(|last| last > number))
            .map(|node| register(plan, names, node, number - pipeline.made[node]))
            .collect(),
    };
    (1..=pipeline.stages).map(stage).collect()
}

/// The register behind `node` of `late` cycles ago.
fn register(plan: &ConstPlan, names: &Names, node: usize, late: usize) -> Register {
    let bits = &plan.adders.pipeline.bits[node];
    Register {
        range: range(bits[late + 1] as usize),
        name: names.late(node, late + 1),
        value: operand(&names.late(node, late), bits[late], 0, bits[late + 1]),
    }
}

/// The wire of `node`.
fn made(plan: &ConstPlan, input: &Stream, names: &Names, node: usize) -> Node {
    let (graph, bits) = (&plan.adders.graph, plan.adders.pipeline.bits[node][0]);
    let (value, meaning) = match node.checked_sub(graph.inputs) {
        Some(at) => (added(plan, names, &graph.adders[at], node), meaning(&graph.sums[node], names)),
        None => {
            let at = plan.places[node] * input.bits as usize;
            let read = bits.min(input.bits);
            let value = format!("window[{}:{at}]", at + read as usize - 1);
            (if bits > read { format!("{{1'b0, {value}}}") } else { value }, format!("value {}", plan.places[node]))
        }
    };
    Node { range: range(bits as usize), name: names.node(node), value, meaning }
}

fn added(plan: &ConstPlan, names: &Names, adder: &Adder, node: usize) -> String {
    let pipeline = &plan.adders.pipeline;
    let side = |term: Term| {
        let late = pipeline.made[node] - pipeline.made[term.node];
        operand(&names.late(term.node, late), pipeline.bits[term.node][late], term.shift, pipeline.bits[node][0])
    };
    let sign = if adder.right.negative { '-' } else { '+' };
    format!("{} {sign} {}", side(adder.left), side(adder.right))
}

/// The signed value `name` of `have` bits, shifted left by `shift`, in `bits` bits.
pub fn operand(name: &str, have: u32, shift: u32, bits: u32) -> String {
    let room = bits.saturating_sub(shift);
    let value = match (room, have) {
        (0, _) => return format!("{bits}'d0"),
        (room, have) if room < have => format!("{name}[{}:0]", room - 1),
        (room, have) if room > have => format!("{{{}{{{name}[{}]}}}}, {name}", room - have, have - 1),
        _ => name.to_string(),
    };
    match (shift, room > have) {
        (0, false) => value,
        (0, true) => format!("{{{value}}}"),
        _ => format!("{{{value}, {shift}'d0}}"),
    }
}

/// A sum of inputs in words.
pub fn meaning(sum: &[(usize, i64)], names: &Names) -> String {
    if sum.len() > SPELT_OUT {
        return format!("of {} inputs", sum.len());
    }
    let mut text = String::new();
    for &(input, factor) in sum {
        text += match (text.is_empty(), factor < 0) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        if factor.abs() != 1 {
            text += &format!("{}*", factor.abs());
        }
        text += &names.node(input);
    }
    text
}

/// What leaves the last stage: the sums of the outputs.
pub fn sums(plan: &ConstPlan, names: &Names) -> Vec<Sum> {
    let pipeline = &plan.adders.pipeline;
    let each = if plan.steps > 1 { pipeline.sum_bits } else { plan.acc_bits } as usize;
    let value = |term: Term| {
        let late = pipeline.registers(term.node);
        let name = names.late(term.node, late);
        let value = operand(&name, pipeline.bits[term.node][late], term.shift, pipeline.sum_bits);
        if term.negative { format!("-{value}") } else { value }
    };
    let sum = |(output, term): (usize, &Option<Term>)| Sum {
        range: range(pipeline.sum_bits as usize),
        name: format!("sum{output}"),
        value: term.map_or(format!("{}'d0", pipeline.sum_bits), value),
        at: output * each,
        extended: operand(&format!("sum{output}"), pipeline.sum_bits, 0, plan.acc_bits),
    };
    plan.adders.graph.outputs.iter().enumerate().map(sum).collect()
}

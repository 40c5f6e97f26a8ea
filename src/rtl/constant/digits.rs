//! The adders as Verilog where sums are added digit by digit: each keeps its carry, and a shift to the left reads bits of the
//! digits before.

use std::collections::BTreeMap;

use super::nodes::{Names, Node, Register, Stage, Sum};
use crate::plan::constant::adders::Term;
use crate::plan::constant::{ConstPlan, Digits};
use crate::plan::sparse::bits_for;
use crate::plan::stream::Stream;
use crate::rtl::literal::range;

/// What the template needs of the digits.
pub struct Digital {
    /// Bits of a digit.
    pub bits: usize,
    /// Digits of a sum.
    pub count: usize,
    /// Bits of a value.
    pub value_bits: usize,
    /// Digits of a value.
    pub value_digits: usize,
    /// Bits of a counter up to that.
    pub count_bits: u32,
    /// 1 where values have a sign.
    pub signed: u8,
    /// The last stage that starts sums.
    pub last_init: usize,
    /// What goes into the register behind the start of sums in stage 1.
    pub init_chain: String,
    /// A digit, a digit and its carry, digits of all values.
    pub range: String,
    pub sum_range: String,
    pub values_range: String,
}

impl Digital {
    /// Of `plan`, whose values are of `input`.
    pub fn new(plan: &ConstPlan, digits: Digits, input: &Stream) -> Self {
        let (bits, value_digits) = (digits.bits as usize, input.bits.div_ceil(digits.bits) as usize);
        let last_init = plan.last_init();
        Self {
            bits,
            count: digits.count,
            value_bits: input.bits as usize,
            value_digits,
            count_bits: bits_for(value_digits),
            signed: input.signed.into(),
            last_init,
            init_chain: match last_init {
                0..=2 => "init_1".into(),
                last => format!("{{init_q[{}:2], init_1}}", last - 1),
            },
            range: range(bits),
            sum_range: range(bits + 1),
            values_range: range(plan.words * plan.folding.values() * bits),
        }
    }

    /// The stages behind the first that start sums.
    pub fn later_stages(&self) -> std::ops::RangeInclusive<usize> {
        2..=self.last_init
    }
}

/// The engine's adders, and what names them.
struct Adding<'a> {
    plan: &'a ConstPlan,
    names: &'a Names,
    bits: usize,
    /// [`ConstPlan::shifts`].
    shifts: BTreeMap<(usize, usize), usize>,
}

/// The stages of `plan`; behind them one more in which the digits of each output are gathered.
pub fn stages(plan: &ConstPlan, digits: Digits, names: &Names) -> Vec<Stage> {
    let bits = digits.bits as usize;
    let adding = Adding { plan, names, bits, shifts: plan.shifts() };
    let last = plan.adders.pipeline.stages;
    let mut stages: Vec<Stage> = (1..=last).map(|number| adding.stage(number)).collect();
    let mut gathering = Stage { number: last + 1, nodes: Vec::new(), registers: adding.pasts(last + 1) };
    for (output, term) in plan.adders.graph.outputs.iter().enumerate() {
        if let Some(term) = term {
            adding.gather(output, *term, digits.count * bits, &mut gathering);
        }
    }
    stages.push(gathering);
    stages
}

/// The sums of the outputs, where they lie whole.
pub fn sums(plan: &ConstPlan) -> Vec<Sum> {
    let bits = plan.adders.pipeline.sum_bits as usize;
    let sum = |(output, term): (usize, &Option<Term>)| Sum {
        range: range(bits),
        name: format!("sum{output}"),
        value: term.map_or(format!("{bits}'d0"), |_| format!("sum{output}_q{}", range(bits))),
        at: output * bits,
        extended: String::new(),
    };
    plan.adders.graph.outputs.iter().enumerate().map(sum).collect()
}

impl Adding<'_> {
    fn stage(&self, number: usize) -> Stage {
        let pipeline = &self.plan.adders.pipeline;
        let (mut nodes, mut registers) = (Vec::new(), Vec::new());
        for node in (0..pipeline.made.len()).filter(|&node| pipeline.read[node].is_some()) {
            if pipeline.made[node] == number {
                nodes.push(self.made(node));
                registers.extend(self.carry(node));
            }
            if pipeline.made[node] <= number && pipeline.read[node].is_some_and(|last| last > number) {
                let late = number - pipeline.made[node];
                registers.push(Register {
                    range: range(self.bits),
                    name: self.names.late(node, late + 1),
                    value: self.digit(node, late),
                });
            }
        }
        registers.extend(self.pasts(number));
        Stage { number, nodes, registers }
    }

    /// The wire of `node`.
    fn made(&self, node: usize) -> Node {
        let (graph, plan) = (&self.plan.adders.graph, self.plan);
        let (bits, value, meaning) = match node.checked_sub(graph.inputs) {
            Some(at) => {
                let (stage, adder) = (plan.adders.pipeline.made[node], &graph.adders[at]);
                let (left, right) = (self.operand(adder.left, stage), self.operand(adder.right, stage));
                let value = format!("add({left}, {right}, {}_carry_q)", self.names.node(node));
                (self.bits + 1, value, super::nodes::meaning(&graph.sums[node], self.names))
            }
            None => {
                let (at, place) = (plan.places[node] * self.bits, plan.places[node]);
                (self.bits, format!("digits[{}:{at}]", at + self.bits - 1), format!("value {place}"))
            }
        };
        Node { range: range(bits), name: self.names.node(node), value, meaning }
    }

    /// The carry of `node`, where it is an adder: a subtraction starts with 1.
    fn carry(&self, node: usize) -> Option<Register> {
        let graph = &self.plan.adders.graph;
        let adder = &graph.adders[node.checked_sub(graph.inputs)?];
        let (name, stage) = (self.names.node(node), self.plan.adders.pipeline.made[node]);
        Some(carry(&name, stage, adder.right.negative, self.bits))
    }

    /// The bits before the digits that are read shifted in stage `stage`.
    fn pasts(&self, stage: usize) -> Vec<Register> {
        let pipeline = &self.plan.adders.pipeline;
        let past = |(&(_, node), &most): (&(usize, usize), &usize)| {
            let late = stage - pipeline.made[node];
            let (digit, name) = (self.digit(node, late), self.past(node, late));
            let kept = match most.checked_sub(self.bits) {
                Some(0) => digit,
                Some(old) => format!("{{{digit}, {name}[{}:{}]}}", self.bits + old - 1, self.bits),
                None => format!("{}[{}:{}]", self.names.late(node, late), self.bits - 1, self.bits - most),
            };
            Register { range: range(most), name, value: format!("init_{stage} ? {most}'d0 : {kept}") }
        };
        self.shifts.range((stage, 0)..(stage + 1, 0)).map(past).collect()
    }

    /// The digit of `term` as it is read in `stage`; of a negative one all bits inverted.
    fn operand(&self, term: Term, stage: usize) -> String {
        let late = stage - self.plan.adders.pipeline.made[term.node];
        let shift = term.shift as usize;
        let value = if shift == 0 {
            self.digit(term.node, late)
        } else {
            let most = self.shifts[&(stage, term.node)];
            let past = self.past(term.node, late);
            match self.bits.checked_sub(shift) {
                Some(left @ 1..) => {
                    let name = self.names.late(term.node, late);
                    format!("{{{name}[{}:0], {past}[{}:{}]}}", left - 1, most - 1, most - shift)
                }
                _ => format!("{past}[{}:{}]", most - shift + self.bits - 1, most - shift),
            }
        };
        if term.negative { format!("~{value}") } else { value }
    }

    /// The digit of `node` behind `late` registers.
    fn digit(&self, node: usize, late: usize) -> String {
        let name = self.names.late(node, late);
        if late == 0 && node >= self.plan.adders.graph.inputs { name + &range(self.bits) } else { name }
    }

    /// The register of the bits before it.
    fn past(&self, node: usize, late: usize) -> String {
        format!("{}_past_q", self.names.late(node, late))
    }

    /// Adds the gathering of `output` to `stage`, in a register of `bits`.
    fn gather(&self, output: usize, term: Term, bits: usize, stage: &mut Stage) {
        let (name, value) = (format!("digit{output}"), self.operand(term, stage.number));
        let (width, value) = if term.negative {
            stage.registers.push(carry(&name, stage.number, true, self.bits));
            (self.bits + 1, format!("add({}'d0, {value}, {name}_carry_q)", self.bits))
        } else {
            (self.bits, value)
        };
        let digit = format!("{name}{}", range(self.bits));
        let sum = format!("sum{output}_q");
        let value_next = match bits - self.bits {
            0 => digit,
            _ => format!("{{{digit}, {sum}[{}:{}]}}", bits - 1, self.bits),
        };
        stage.registers.push(Register { range: range(bits), name: sum, value: value_next });
        stage.nodes.push(Node { range: range(width), name, value, meaning: format!("of output {output}") });
    }
}

/// The carry of `name`'s sums in `stage`.
fn carry(name: &str, stage: usize, first: bool, bits: usize) -> Register {
    Register {
        range: String::new(),
        name: format!("{name}_carry_q"),
        value: format!("init_{stage} ? 1'b{} : {name}[{bits}]", u8::from(first)),
    }
}

//! When each adder works, and how wide it is: registers between the stages, as few bits of them as a greedy search finds.

use super::adders::{Adder, Graph, Term};

/// Adders one behind the other in a stage: carry chains of up to 20 bits are short against the ways between LUTs.
const LEVELS_A_STAGE: usize = 2;

/// The schedule of a [`Graph`].
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Registers on the way from the inputs to every output, at least one.
    pub stages: usize,
    /// The stage in which each node is made, 1 for inputs.
    pub made: Vec<usize>,
    /// The last stage in which each node is read; `stages + 1` for what leaves, `None` for what nothing reads.
    pub read: Vec<Option<usize>>,
    /// Bits of each node that are read in the stage that makes it and later, in the next one and later, …: its low bits, or all
    /// of them, two's complement; those of a digit where sums are added digit by digit.
    pub bits: Vec<Vec<u32>>,
    /// Bits of an output.
    pub sum_bits: u32,
}

impl Pipeline {
    /// Schedules `graph`, whose sums are added `digit` bits a cycle, or at once.
    pub fn new(graph: &Graph, digit: Option<u32>) -> Self {
        let sum_bits = graph.outputs.iter().flatten().map(|&term| graph.term_bits(term)).max().unwrap_or(1);
        let bits = digit.map_or_else(|| needed_bits(graph, sum_bits), |digit| vec![digit; graph.sums.len()]);
        let levels = Levels::new(graph, &bits).settle();
        let stages = stage(levels.deepest);
        let read = levels.readers.iter().enumerate().map(|(node, readers)| {
            let inside = readers.iter().map(|&reader| stage(levels.at[reader])).max();
            if levels.leaves[node] { Some(stages + 1) } else { inside }
        });
        let read = read.collect();
        let made = levels.at.iter().map(|&level| stage(level)).collect();
        let mut pipeline = Self { stages, made, read, bits: Vec::new(), sum_bits };
        pipeline.bits = match digit {
            None => pipeline.later_bits(graph, &bits),
            Some(digit) => (0..bits.len()).map(|node| vec![digit; pipeline.registers(node) + 1]).collect(),
        };
        pipeline
    }

    /// The same schedule, sums added `digit` bits a cycle instead of other digits: what is best does not depend on their width.
    pub fn with_digit(&self, digit: u32) -> Self {
        let mut other = self.clone();
        other.bits.iter_mut().for_each(|bits| bits.fill(digit));
        other
    }

    /// [`Pipeline::bits`], where a node has as many as in `bits`.
    fn later_bits(&self, graph: &Graph, bits: &[u32]) -> Vec<Vec<u32>> {
        let mut later: Vec<Vec<u32>> = (0..bits.len()).map(|node| vec![0; self.registers(node) + 1]).collect();
        let mut read = |term: Term, stage: usize, room: u32| {
            let needed = room.saturating_sub(term.shift).clamp(1, bits[term.node]);
            let at = &mut later[term.node][..=stage - self.made[term.node]];
            at.iter_mut().for_each(|most| *most = needed.max(*most));
        };
        for (at, adder) in graph.adders.iter().enumerate() {
            let node = graph.inputs + at;
            for term in [adder.left, adder.right] {
                read(term, self.made[node], bits[node]);
            }
        }
        graph.outputs.iter().flatten().for_each(|&term| read(term, self.stages + 1, self.sum_bits));
        later
    }

    /// Registers behind `node`, one a stage.
    pub fn registers(&self, node: usize) -> usize {
        self.read[node].map_or(0, |last| last - self.made[node])
    }

    /// Bits of all registers.
    pub fn register_bits(&self) -> usize {
        self.bits.iter().flat_map(|bits| &bits[1..]).map(|&bits| bits as usize).sum()
    }

    /// Bits of all adders; those below the other operand's lowest bit need none.
    pub fn adder_bits(&self, graph: &Graph) -> usize {
        let bits = |(at, adder): (usize, &Adder)| {
            let passed = if adder.right.negative { adder.right.shift } else { adder.left.shift.max(adder.right.shift) };
            self.bits[graph.inputs + at][0].saturating_sub(passed) as usize
        };
        graph.adders.iter().enumerate().map(bits).sum()
    }
}

/// The stage of a level.
fn stage(level: usize) -> usize {
    level.div_ceil(LEVELS_A_STAGE).max(1)
}

/// The low bits of each node that reach an output of `sum_bits`.
fn needed_bits(graph: &Graph, sum_bits: u32) -> Vec<u32> {
    let mut needed = vec![0; graph.sums.len()];
    let need = |needed: &mut Vec<u32>, term: Term, bits: u32| {
        needed[term.node] = needed[term.node].max(bits.saturating_sub(term.shift));
    };
    graph.outputs.iter().flatten().for_each(|&term| need(&mut needed, term, sum_bits));
    for node in (0..graph.sums.len()).rev() {
        needed[node] = needed[node].min(graph.bits(node)).max(1);
        if let Some(adder) = node.checked_sub(graph.inputs).map(|at| graph.adders[at]) {
            let bits = needed[node];
            need(&mut needed, adder.left, bits);
            need(&mut needed, adder.right, bits);
        }
    }
    needed
}

/// The level of each node while the search moves it: above those that it reads, below those that read it.
struct Levels<'a> {
    graph: &'a Graph,
    bits: &'a [u32],
    at: Vec<usize>,
    deepest: usize,
    readers: Vec<Vec<usize>>,
    leaves: Vec<bool>,
}

impl<'a> Levels<'a> {
    /// Every adder as early as can be.
    fn new(graph: &'a Graph, bits: &'a [u32]) -> Self {
        let mut readers = vec![Vec::new(); graph.sums.len()];
        for (at, adder) in graph.adders.iter().enumerate() {
            readers[adder.left.node].push(graph.inputs + at);
            readers[adder.right.node].push(graph.inputs + at);
        }
        let mut leaves = vec![false; graph.sums.len()];
        graph.outputs.iter().flatten().for_each(|term| leaves[term.node] = true);
        // All of the last stage's levels may be used.
        let deepest = graph.depth().max(1).next_multiple_of(LEVELS_A_STAGE);
        Self { graph, bits, at: graph.depths.clone(), deepest, readers, leaves }
    }

    /// Moves adders, the last first, to where they need the fewest register bits.
    fn settle(mut self) -> Self {
        for node in (self.graph.inputs..self.at.len()).rev() {
            let latest = self.readers[node].iter().map(|&reader| self.at[reader] - 1).min().unwrap_or(self.deepest);
            let choices = self.at[node]..=latest.max(self.at[node]);
            let best = choices.min_by_key(|&level| {
                self.at[node] = level;
                self.register_bits(node)
            });
            self.at[node] = best.unwrap_or(self.at[node]);
        }
        self
    }

    /// Bits of the registers behind `node` and its operands.
    fn register_bits(&self, node: usize) -> usize {
        let Adder { left, right } = self.graph.adders[node - self.graph.inputs];
        let behind = |node: usize| {
            let leaves = self.leaves[node].then(|| stage(self.deepest) + 1);
            let last = self.readers[node].iter().map(|&reader| stage(self.at[reader])).chain(leaves).max();
            last.map_or(0, |last| (last - stage(self.at[node])) * self.bits[node] as usize)
        };
        let operands = if left.node == right.node { behind(left.node) } else { behind(left.node) + behind(right.node) };
        behind(node) + operands
    }
}

//! Constant matrices as adders: every weight a few shifted additions, common parts made once.
//!
//! Weights are written in canonical signed digits, so each costs the fewest additions; then the pair of terms that
//! occurs most often, over all outputs, becomes an adder of its own, until none occurs twice (Hartley, IEEE TCAS-II 1996;
//! da4ml, Sun et al., FPGA 2025, does the like). What is left of each output is summed in a tree.

use std::collections::{BinaryHeap, HashMap};

use crate::network::acc::signed_bits;

/// `node << shift`, perhaps negated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    /// Inputs come first, then adders in the order of [`Graph::adders`].
    pub node: usize,
    /// Places to the left.
    pub shift: u32,
    /// Subtracted.
    pub negative: bool,
}

/// `left + right`; one of their shifts is 0, and `left` is not negative unless both are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adder {
    /// First operand.
    pub left: Term,
    /// Second operand.
    pub right: Term,
}

/// Adders that compute `outputs` from `inputs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// Number of inputs.
    pub inputs: usize,
    /// Operands come from inputs and earlier adders.
    pub adders: Vec<Adder>,
    /// What each output is; `None` where it is 0.
    pub outputs: Vec<Option<Term>>,
    /// Least and largest value of every node.
    pub ranges: Vec<(i64, i64)>,
    /// Adders on the longest way to each node; 0 for inputs.
    pub depths: Vec<usize>,
}

/// Two terms of one output, whatever their common shift and sign.
type Pair = (usize, usize, i32, bool);

impl Graph {
    /// The adders of `weights` (one row an output, one weight an input) over inputs of `range`.
    pub fn new(weights: &[Vec<i32>], range: (i64, i64)) -> Self {
        let inputs = weights.first().map_or(0, Vec::len);
        let mut graph = Self {
            inputs,
            adders: Vec::new(),
            outputs: Vec::new(),
            ranges: vec![range; inputs],
            depths: vec![0; inputs],
        };
        let mut rows: Vec<Vec<Term>> = weights.iter().map(|row| terms(row)).collect();
        graph.share(&mut rows);
        graph.outputs = rows.into_iter().map(|row| graph.sum(row)).collect();
        graph
    }

    /// Bits of `node`, two's complement.
    pub fn bits(&self, node: usize) -> u32 {
        let (lo, hi) = self.ranges[node];
        signed_bits(lo, hi)
    }

    /// Adders on the longest way to an output.
    pub fn depth(&self) -> usize {
        self.outputs.iter().flatten().map(|term| self.depths[term.node]).max().unwrap_or(0)
    }

    /// What the outputs are for `inputs`.
    pub fn evaluate(&self, inputs: &[i64]) -> Vec<i64> {
        let mut nodes = inputs.to_vec();
        let value = |nodes: &[i64], t: Term| (nodes[t.node] << t.shift) * if t.negative { -1 } else { 1 };
        for adder in &self.adders {
            nodes.push(value(&nodes, adder.left) + value(&nodes, adder.right));
        }
        self.outputs.iter().map(|term| term.map_or(0, |t| value(&nodes, t))).collect()
    }

    /// Makes the pairs that occur more than once, most frequent first, and puts them in the place of their terms.
    fn share(&mut self, rows: &mut [Vec<Term>]) {
        let mut counts = Counts::default();
        for row in rows.iter() {
            for (at, &term) in row.iter().enumerate() {
                row[..at].iter().for_each(|&other| counts.add(pair(other, term)));
            }
        }
        while let Some(pair) = counts.most() {
            let made = self.inputs + self.adders.len();
            let used = rows.iter_mut().map(|row| replace(row, pair, made, &mut counts)).sum::<usize>();
            if used > 0 {
                let (left, right) = operands(pair);
                self.push(left, right);
            }
        }
    }

    /// The sum of `row`, shallow terms first.
    fn sum(&mut self, mut row: Vec<Term>) -> Option<Term> {
        while row.len() > 1 {
            row.sort_by_key(|t| std::cmp::Reverse((self.depths[t.node], *t)));
            let (Some(a), Some(b)) = (row.pop(), row.pop()) else { break };
            let (common, negative) = (a.shift.min(b.shift), a.negative && b.negative);
            let place = |t: Term| Term { shift: t.shift - common, negative: t.negative && !negative, ..t };
            let (left, right) = if place(a).negative { (place(b), place(a)) } else { (place(a), place(b)) };
            let node = self.push(left, right);
            row.push(Term { node, shift: common, negative });
        }
        row.pop()
    }

    fn push(&mut self, left: Term, right: Term) -> usize {
        let range = |t: Term| {
            let (lo, hi) = (self.ranges[t.node].0 << t.shift, self.ranges[t.node].1 << t.shift);
            if t.negative { (-hi, -lo) } else { (lo, hi) }
        };
        let ((a, b), (c, d)) = (range(left), range(right));
        self.ranges.push((a + c, b + d));
        self.depths.push(1 + self.depths[left.node].max(self.depths[right.node]));
        self.adders.push(Adder { left, right });
        self.ranges.len() - 1
    }
}

/// The canonical signed digits of a row of weights: no two neighbouring digits are both nonzero.
fn terms(row: &[i32]) -> Vec<Term> {
    let mut terms = Vec::new();
    for (node, &weight) in row.iter().enumerate() {
        let (mut rest, mut shift) = (weight, 0);
        while rest != 0 {
            if rest & 1 != 0 {
                let digit = 2 - (rest & 3);
                terms.push(Term { node, shift, negative: digit < 0 });
                rest -= digit;
            }
            rest >>= 1;
            shift += 1;
        }
    }
    terms
}

fn pair(a: Term, b: Term) -> Pair {
    let (a, b) = if (a.node, a.shift) <= (b.node, b.shift) { (a, b) } else { (b, a) };
    (a.node, b.node, b.shift as i32 - a.shift as i32, a.negative != b.negative)
}

/// The adder of a pair.
fn operands((a, b, apart, differ): Pair) -> (Term, Term) {
    let left = Term { node: a, shift: (-apart).max(0) as u32, negative: false };
    (left, Term { node: b, shift: apart.max(0) as u32, negative: differ })
}

/// Puts node `made` in the place of each occurrence of `pair` in `row`, keeps `counts`, and says how many there were.
fn replace(row: &mut Vec<Term>, wanted: Pair, made: usize, counts: &mut Counts) -> usize {
    let mut used = 0;
    let mut at = 0;
    while at < row.len() {
        let found = (at + 1..row.len()).find(|&other| pair(row[at], row[other]) == wanted);
        let Some(other) = found else {
            at += 1;
            continue;
        };
        let second = row.remove(other);
        row.iter().for_each(|&t| counts.remove(pair(t, second)));
        let first = row.remove(at);
        row.iter().for_each(|&t| counts.remove(pair(t, first)));
        let lead = if (first.node, first.shift) <= (second.node, second.shift) { first } else { second };
        let term = Term { node: made, shift: first.shift.min(second.shift), negative: lead.negative };
        row.iter().for_each(|&t| counts.add(pair(t, term)));
        row.push(term);
        used += 1;
    }
    used
}

/// How often each pair occurs, and the most frequent.
#[derive(Default)]
struct Counts {
    counts: HashMap<Pair, usize>,
    heap: BinaryHeap<(usize, std::cmp::Reverse<Pair>)>,
}

impl Counts {
    fn add(&mut self, pair: Pair) {
        let count = self.counts.entry(pair).or_default();
        *count += 1;
        if *count > 1 {
            self.heap.push((*count, std::cmp::Reverse(pair)));
        }
    }

    fn remove(&mut self, pair: Pair) {
        if let Some(count) = self.counts.get_mut(&pair) {
            *count = count.saturating_sub(1);
            if *count > 1 {
                self.heap.push((*count, std::cmp::Reverse(pair)));
            }
        }
    }

    /// Takes the most frequent pair that occurs at least twice.
    fn most(&mut self) -> Option<Pair> {
        loop {
            let (count, std::cmp::Reverse(pair)) = self.heap.pop()?;
            if self.counts.get(&pair) == Some(&count) {
                return Some(pair);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    #[test]
    fn graphs_compute_their_matrix() {
        let mut rng = StdRng::seed_from_u64(7);
        for (outputs, inputs, bits, density) in
            [(1, 1, 8, 1.0), (3, 9, 8, 1.0), (16, 9, 8, 1.0), (12, 60, 4, 0.3), (4, 8, 2, 0.5)]
        {
            let most = (1 << (bits - 1)) - 1;
            let weight = |rng: &mut StdRng| if rng.random_bool(density) { rng.random_range(-most..=most) } else { 0 };
            let weights: Vec<Vec<i32>> =
                (0..outputs).map(|_| (0..inputs).map(|_| weight(&mut rng)).collect()).collect();
            let graph = Graph::new(&weights, (0, 255));
            for _ in 0..20 {
                let x: Vec<i64> = (0..inputs).map(|_| rng.random_range(0..=255)).collect();
                let expected: Vec<i64> =
                    weights.iter().map(|row| row.iter().zip(&x).map(|(&w, &x)| i64::from(w) * x).sum()).collect();
                assert_eq!(graph.evaluate(&x), expected);
            }
        }
    }

    #[test]
    fn common_parts_are_made_once() {
        // 5x and 7y are needed twice: x + 4x, 8y - y, and one sum each.
        let graph = Graph::new(&[vec![5, 7], vec![5, -7]], (0, 15));
        assert_eq!(graph.adders.len(), 4);
        assert_eq!(Graph::new(&[vec![0, 0], vec![0, -4]], (0, 15)).adders.len(), 0);
    }
}

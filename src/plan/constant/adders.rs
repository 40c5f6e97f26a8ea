//! Constant matrices as adders: every weight a few shifted additions, common parts made once.
//!
//! Weights are written in canonical signed digits, so each costs the fewest additions; then pairs of terms that
//! occur more than once, over all outputs, become adders of their own, until there are none (Hartley, IEEE TCAS-II 1996). Of
//! all pairs that one is next whose operands' common bits times its number are the most, as in da4ml (Sun et al., 2025).
//! What is left of each output is summed in a tree.

use super::pairs::{Counts, Pair, replace};
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
    /// Least and largest value of an input.
    pub range: (i64, i64),
    /// What every node is: its inputs, ascending, each with its factor.
    pub sums: Vec<Vec<(usize, i64)>>,
    /// Adders on the longest way to each node; 0 for inputs.
    pub depths: Vec<usize>,
}

impl Graph {
    /// The adders of `weights` (one row an output, one weight an input) over inputs of `range`.
    pub fn new(weights: &[Vec<i32>], range: (i64, i64)) -> Self {
        let inputs = weights.first().map_or(0, Vec::len);
        let mut graph = Self {
            inputs,
            adders: Vec::new(),
            outputs: Vec::new(),
            range,
            sums: (0..inputs).map(|input| vec![(input, 1)]).collect(),
            depths: vec![0; inputs],
        };
        let mut rows: Vec<Vec<Term>> = weights.iter().map(|row| terms(row)).collect();
        graph.share(&mut rows);
        graph.outputs = rows.into_iter().map(|row| graph.sum(row)).collect();
        graph
    }

    /// Bits of `node`, two's complement.
    pub fn bits(&self, node: usize) -> u32 {
        self.scaled_bits(node, 1)
    }

    /// Bits of `term`, two's complement.
    pub fn term_bits(&self, term: Term) -> u32 {
        self.scaled_bits(term.node, factor(term))
    }

    /// Bits of `node` times `factor`.
    fn scaled_bits(&self, node: usize, factor: i64) -> u32 {
        let ends =
            self.sums[node].iter().map(|&(_, part)| (part * factor * self.range.0, part * factor * self.range.1));
        let (lo, hi) = ends.fold((0, 0), |(lo, hi), (a, b)| (lo + a.min(b), hi + a.max(b)));
        signed_bits(lo, hi)
    }

    /// Adders on the longest way to an output.
    pub fn depth(&self) -> usize {
        self.outputs.iter().flatten().map(|term| self.depths[term.node]).max().unwrap_or(0)
    }

    /// What the outputs are for `inputs`.
    pub fn evaluate(&self, inputs: &[i64]) -> Vec<i64> {
        let mut nodes = inputs.to_vec();
        let value = |nodes: &[i64], t: Term| nodes[t.node] * factor(t);
        for adder in &self.adders {
            nodes.push(value(&nodes, adder.left) + value(&nodes, adder.right));
        }
        self.outputs.iter().map(|term| term.map_or(0, |t| value(&nodes, t))).collect()
    }

    /// Makes the pairs that occur more than once, those that save most first, and puts them in the place of their terms.
    fn share(&mut self, rows: &mut [Vec<Term>]) {
        let mut counts = Counts::new((0..self.inputs).map(|input| self.bits(input)).collect());
        for row in rows.iter() {
            for (at, &term) in row.iter().enumerate() {
                row[..at].iter().for_each(|&other| counts.begin(Pair::new(other, term)));
            }
        }
        counts.begun();
        while let Some(pair) = counts.next() {
            let (left, right) = pair.operands();
            let made = self.push(left, right);
            counts.know(self.bits(made));
            rows.iter_mut().for_each(|row| replace(row, pair, made, &mut counts));
        }
    }

    /// The sum of `row`, shallow terms first.
    fn sum(&mut self, mut row: Vec<Term>) -> Option<Term> {
        while row.len() > 1 {
            row.sort_by_key(|t| std::cmp::Reverse((self.depths[t.node], t.shift + self.bits(t.node), *t)));
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
        self.sums.push(combine(&self.sums[left.node], factor(left), &self.sums[right.node], factor(right)));
        self.depths.push(1 + self.depths[left.node].max(self.depths[right.node]));
        self.adders.push(Adder { left, right });
        self.sums.len() - 1
    }
}

/// What a term multiplies its node with.
pub fn factor(term: Term) -> i64 {
    (1 << term.shift) * if term.negative { -1 } else { 1 }
}

/// `a` times `times_a` plus `b` times `times_b`.
fn combine(a: &[(usize, i64)], times_a: i64, b: &[(usize, i64)], times_b: i64) -> Vec<(usize, i64)> {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut sum = Vec::with_capacity(a.len() + b.len());
    while let Some(input) = a.peek().iter().chain(b.peek().iter()).map(|(input, _)| *input).min() {
        let part = |from: &mut std::iter::Peekable<std::slice::Iter<(usize, i64)>>, times| {
            from.next_if(|(at, _)| *at == input).map_or(0, |(_, part)| part * times)
        };
        let both = part(&mut a, times_a) + part(&mut b, times_b);
        if both != 0 {
            sum.push((input, both));
        }
    }
    sum
}

/// The canonical signed digits of a row of weights.
fn terms(row: &[i32]) -> Vec<Term> {
    let of = |(node, &weight)| digits(weight).map(move |(shift, negative)| Term { node, shift, negative });
    row.iter().enumerate().flat_map(of).collect()
}

/// The canonical signed digits of `weight`, no two neighbouring ones: places, and true where a digit is -1.
pub fn digits(weight: i32) -> impl Iterator<Item = (u32, bool)> {
    // Digits stand where three times the weight and the weight differ.
    let places = ((3 * weight) ^ weight) >> 1;
    (0..i32::BITS - 2).filter(move |at| places >> at & 1 != 0).map(move |at| (at, weight >> (at + 1) & 1 != 0))
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

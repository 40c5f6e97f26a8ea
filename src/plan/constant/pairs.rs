//! Pairs of terms that several outputs have in common, and how often each occurs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

use super::adders::Term;

/// Two terms of one output, whatever their common shift and sign, in one word that orders as they do: nodes (24 bits each),
/// places between them (8), signs that differ (1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pair(u64);

/// What makes places between terms positive.
const PLACES: i32 = 128;

impl Pair {
    /// The pair of two terms.
    pub(super) fn new(a: Term, b: Term) -> Self {
        let (a, b) = if (a.node, a.shift) <= (b.node, b.shift) { (a, b) } else { (b, a) };
        let apart = (b.shift as i32 - a.shift as i32 + PLACES) as u64;
        Self((a.node as u64) << 40 | (b.node as u64) << 16 | apart << 1 | u64::from(a.negative != b.negative))
    }

    fn nodes(self) -> (usize, usize) {
        ((self.0 >> 40) as usize, (self.0 >> 16 & 0xff_ffff) as usize)
    }

    /// The adder of the pair.
    pub(super) fn operands(self) -> (Term, Term) {
        let (a, b) = self.nodes();
        let apart = (self.0 >> 1 & 0xff) as i32 - PLACES;
        let left = Term { node: a, shift: (-apart).max(0) as u32, negative: false };
        (left, Term { node: b, shift: apart.max(0) as u32, negative: self.0 & 1 != 0 })
    }
}

/// Puts node `made` in the place of each occurrence of `pair` in `row`, and keeps `counts`.
pub(super) fn replace(row: &mut Vec<Term>, wanted: Pair, made: usize, counts: &mut Counts) {
    let (a, b) = wanted.nodes();
    let mut at = 0;
    while at < row.len() {
        let may = row[at].node == a || row[at].node == b;
        let found = (at + 1..row.len()).find(|&other| may && Pair::new(row[at], row[other]) == wanted);
        let Some(other) = found else {
            at += 1;
            continue;
        };
        let second = row.remove(other);
        row.iter().for_each(|&t| counts.remove(Pair::new(t, second)));
        let first = row.remove(at);
        row.iter().for_each(|&t| counts.remove(Pair::new(t, first)));
        let lead = if (first.node, first.shift) <= (second.node, second.shift) { first } else { second };
        let term = Term { node: made, shift: first.shift.min(second.shift), negative: lead.negative };
        row.iter().for_each(|&t| counts.add(Pair::new(t, term)));
        row.push(term);
    }
}

/// How often each pair occurs, and what to make next.
pub(super) struct Counts {
    counts: FxHashMap<Pair, usize>,
    /// Bits of the nodes.
    bits: Vec<u32>,
    /// Pairs by what they save; those whose number has changed since are put right when they come up.
    heap: BinaryHeap<(usize, Reverse<Pair>)>,
}

impl Counts {
    /// Of inputs of `bits`.
    pub(super) fn new(bits: Vec<u32>) -> Self {
        Self { counts: FxHashMap::default(), bits, heap: BinaryHeap::new() }
    }

    /// The next node has `bits`.
    pub(super) fn know(&mut self, bits: u32) {
        self.bits.push(bits);
    }

    /// What making a pair saves that occurs `count` times: the bits that its operands have in common, each time.
    fn saving(&self, count: usize, pair: Pair) -> usize {
        let (a, b) = pair.operands();
        let top = (self.bits[a.node] + a.shift).min(self.bits[b.node] + b.shift);
        count * top.saturating_sub(a.shift.max(b.shift)) as usize
    }

    /// Counts a pair that [`Counts::next`] need not know yet.
    pub(super) fn begin(&mut self, pair: Pair) {
        *self.counts.entry(pair).or_default() += 1;
    }

    /// Tells [`Counts::next`] of all pairs.
    pub(super) fn begun(&mut self) {
        let often = self.counts.iter().filter(|(_, count)| **count > 1);
        self.heap = often.map(|(&pair, &count)| (self.saving(count, pair), Reverse(pair))).collect();
    }

    fn add(&mut self, pair: Pair) {
        let count = self.counts.entry(pair).or_default();
        *count += 1;
        if *count > 1 {
            let count = *count;
            self.heap.push((self.saving(count, pair), Reverse(pair)));
        }
    }

    fn remove(&mut self, pair: Pair) {
        if let Some(count) = self.counts.get_mut(&pair) {
            *count = count.saturating_sub(1);
        }
    }

    /// Takes the pair that saves most, of those that occur at least twice.
    pub(super) fn next(&mut self) -> Option<Pair> {
        loop {
            let (saving, Reverse(pair)) = self.heap.pop()?;
            let count = self.counts[&pair];
            let now = self.saving(count, pair);
            match count {
                2.. if now == saving => return Some(pair),
                // What is left of a pair whose terms other pairs took.
                2.. if now < saving => self.heap.push((now, Reverse(pair))),
                _ => {}
            }
        }
    }
}

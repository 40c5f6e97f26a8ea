//! The adders of one layer, found once, and what is known of them before.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::adders::{Graph, digits};
use super::pipeline::Pipeline;
use crate::network::Params;
use crate::network::acc::signed_bits;
use crate::network::graph::ActType;

/// Pairs of digits, counted output by output, up to which a layer's adders are looked for: a second or two.
const MOST_PAIRS: usize = 2_000_000;

/// The adders of one layer, whatever its words and steps; inputs in the order of a row of its weights.
#[derive(Clone)]
pub struct Adders {
    /// What is added.
    pub graph: Arc<Graph>,
    /// When.
    pub pipeline: Pipeline,
}

/// Thousands of them are of no use in a message.
impl fmt::Debug for Adders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} adders in {} stages", self.graph.adders.len(), self.pipeline.stages)
    }
}

/// Adders that were found before, by node and digit.
pub type Found = Mutex<HashMap<(String, Option<u32>), Arc<Adders>>>;

impl Adders {
    /// The adders of `node`, whose rows of weights are applied to values of `act`, `digit` bits a cycle: those in `found`, or
    /// new ones; `None` where the layer is [too large](small).
    pub fn of(node: &str, params: &Params, act: ActType, digit: Option<u32>, found: &Found) -> Option<Arc<Self>> {
        let mut found = found.lock().expect("no holder panics");
        if let Some(adders) = found.get(&(node.to_string(), digit)) {
            return Some(adders.clone());
        }
        small(params)?;
        let (lo, hi) = act.range();
        let mut known = found.iter().filter(|((of, _), _)| of == node);
        let adders = match digit.zip(known.clone().find(|((_, other), _)| other.is_some())) {
            Some((digit, (_, adders))) => {
                Self { graph: adders.graph.clone(), pipeline: adders.pipeline.with_digit(digit) }
            }
            None => {
                let graph = known.next().map(|(_, adders)| adders.graph.clone());
                let graph = graph.unwrap_or_else(|| Arc::new(Graph::new(&rows(params), (lo.into(), hi.into()))));
                let pipeline = Pipeline::new(&graph, digit);
                Self { graph, pipeline }
            }
        };
        let adders = Arc::new(adders);
        found.insert((node.to_string(), digit), adders.clone());
        Some(adders)
    }
}

/// Digits of a layer's weights; `None` where they are too many for the search of common parts.
pub fn small(params: &Params) -> Option<usize> {
    let pairs: usize = row_digits(params).map(|digits| digits * digits / 2).sum();
    (pairs <= MOST_PAIRS).then(|| row_digits(params).sum())
}

/// True where some output is more than one term: there is something to add.
pub fn adds(params: &Params) -> bool {
    row_digits(params).any(|digits| digits > 1)
}

/// Digits of the weights of each output.
fn row_digits(params: &Params) -> impl Iterator<Item = usize> + '_ {
    let count = |row: &[i8]| row.iter().map(|&weight| digits(weight.into()).count()).sum();
    params.weight.chunks(row_length(params)).map(count)
}

/// Bits of the largest sum of products of a layer's weights with values of `act`, two's complement.
pub fn sum_bits(params: &Params, act: ActType) -> u32 {
    let (lo, hi) = act.range();
    let ends = |row: &[i8]| {
        row.iter().fold((0, 0), |(least, most), &weight| {
            let (a, b) = (i64::from(weight) * i64::from(lo), i64::from(weight) * i64::from(hi));
            (least + a.min(b), most + a.max(b))
        })
    };
    let bits = params.weight.chunks(row_length(params)).map(ends).map(|(least, most)| signed_bits(least, most));
    bits.max().unwrap_or(1)
}

fn rows(params: &Params) -> Vec<Vec<i32>> {
    params.weight.chunks(row_length(params)).map(|row| row.iter().map(|&weight| weight.into()).collect()).collect()
}

/// Weights of one output.
fn row_length(params: &Params) -> usize {
    (params.weight.len() / params.bias.len().max(1)).max(1)
}

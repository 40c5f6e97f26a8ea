//! What the ROMs of an engine hold, as far as it decides what synthesis leaves of them: bits that are the same in every word
//! become constants, and a bit that always equals another is made once.

use std::collections::{BTreeMap, BTreeSet};

use super::conv::{const_words, weight_words};
use super::engine::Engine;
use super::layer::{LayerPlan, conv_layer};
use super::memory::Memory;
use super::requant::Requant;
use super::sparse::SparsePlan;
use super::sparse_conv::{lane_programs, row_table};
use super::stages::Stage;
use super::stream::Stream;
use crate::network::Network;

/// A word as fields `(value, bits)`, low bits first.
type Word = Vec<(i64, u32)>;

/// Words up to which bits are compared with each other; deeper memories lie in block RAM, or their bits differ.
const COMPARED_WORDS: usize = 128;

/// The bits of a ROM's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Columns {
    /// Those that are the same in every word.
    pub constant: u32,
    /// Different ones among the others.
    pub distinct: u32,
}

impl Columns {
    /// Those of `words`.
    pub fn of(words: impl IntoIterator<Item = Word>) -> Self {
        let mut all = BitColumns::default();
        for (at, word) in words.into_iter().enumerate() {
            all.add(at, &word);
            if at >= COMPARED_WORDS && !all.has_constants() {
                return Self { constant: 0, distinct: all.values.len() as u32 };
            }
        }
        let varies = |column: &usize| all.ones[*column] && all.zeros[*column];
        let varying: Vec<usize> = (0..all.values.len()).filter(varies).collect();
        let distinct = match all.words {
            0..=COMPARED_WORDS => varying.iter().map(|&column| all.values[column]).collect::<BTreeSet<_>>().len(),
            _ => varying.len(),
        };
        Self { constant: (all.values.len() - varying.len()) as u32, distinct: distinct as u32 }
    }
}

/// The bits of words by place: all of the first words, and whether any word has a one or a zero there.
#[derive(Default)]
struct BitColumns {
    words: usize,
    values: Vec<u128>,
    ones: Vec<bool>,
    zeros: Vec<bool>,
}

impl BitColumns {
    fn add(&mut self, at: usize, word: &Word) {
        let width = word.iter().map(|(_, bits)| *bits as usize).sum();
        self.words = at + 1;
        self.values.resize(width, 0);
        self.ones.resize(width, false);
        self.zeros.resize(width, false);
        let bits = word.iter().flat_map(|&(value, bits)| (0..bits).map(move |bit| value >> bit & 1 == 1));
        for (column, bit) in bits.enumerate() {
            self.ones[column] |= bit;
            self.zeros[column] |= !bit;
            if at < COMPARED_WORDS {
                self.values[column] |= u128::from(bit) << at;
            }
        }
    }

    fn has_constants(&self) -> bool {
        self.ones.iter().zip(&self.zeros).any(|(one, zero)| !one || !zero)
    }
}

/// What is known of the memories of an engine; nothing before somebody looked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    memories: BTreeMap<String, Columns>,
    /// The requantizers' multipliers, of all that work side by side.
    pub multipliers: Option<Columns>,
    /// Their shifts.
    pub shifts: Option<Shifts>,
}

/// The shifts of requantizers, less 1 as they are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shifts {
    /// Their bits of value 8 and above.
    pub eights: Columns,
    /// Those below.
    pub ones: Columns,
    /// The places that the shift by eights moves by, if they are always the same.
    pub fixed: u32,
}

impl Shifts {
    /// Those of `words` of shifts.
    pub fn of(words: &[Vec<i64>]) -> Self {
        let part = |of: fn(i64) -> i64| {
            Columns::of(words.iter().map(|word| word.iter().map(|shift| (of(shift - 1), 3)).collect()))
        };
        // Synthesis sees that less 1 changes no higher bit only where all are odd.
        let odd = words.iter().flatten().all(|shift| shift % 2 == 1);
        let lanes = words.first().map_or(0, Vec::len) as u32;
        let eights = if odd { part(|less| less / 8) } else { Columns { constant: 0, distinct: 3 * lanes } };
        let first = words.iter().flatten().next().map_or(0, |shift| (shift - 1) / 8 * 8);
        Self { eights, ones: part(|less| less % 8), fixed: if eights.distinct == 0 { first as u32 } else { 0 } }
    }
}

impl Contents {
    /// Looks into the ROMs of `layer`, which was planned for `stage` behind the stream `arrives`.
    pub fn of(network: &Network, stage: &Stage, arrives: Stream, layer: &LayerPlan) -> Self {
        let params = network.params(&stage.node);
        let view = || conv_layer(network, stage, arrives);
        let mut contents = Self::default();
        match &layer.engine {
            Engine::Conv(p) => {
                let view = view();
                for late in 0..p.chain() {
                    let words = weight_words(p, &view, late);
                    let words = words.map(|word| word.into_iter().map(|weight| (weight, p.weight_bits)).collect());
                    contents.add(&p.weight_name(late), words);
                }
                contents
                    .constants(&p.requant, const_words(&p.requant, params, p.out_channels, p.folding.out_par, p.step));
            }
            Engine::SparseConv(p) => {
                contents.add("program", lane_programs(p, &view()));
                contents.add("row", row_table(p));
                contents.constants(
                    &p.requant,
                    const_words(&p.requant, params, p.out_channels, p.out_channels, p.folding.step),
                );
            }
            Engine::Constant(p) => contents
                .constants(&p.requant, const_words(&p.requant, params, p.out_channels, p.out_channels, p.folding.step)),
            Engine::Affine(p) => {
                contents.add("weight", p.weight_words(params));
                contents.constants(&p.requant, p.const_words(params));
            }
            Engine::Sparse(p) => contents.sparse(p),
            Engine::Pool(_) | Engine::Join(_) | Engine::Flatten(_) => {}
        }
        contents
    }

    /// The row table and the entries of the sparse engine.
    fn sparse(&mut self, plan: &SparsePlan) {
        let input = &plan.input;
        let mut rows = vec![Word::new(); input.rows];
        let mut multipliers = vec![Word::new(); input.rows];
        for (index, bank) in plan.banks.iter().enumerate() {
            for (local, &row) in bank.rows.iter().enumerate() {
                let multiplier = (input.multiplier.get(row).map_or(0, |&value| value.into()), plan.mul_bits());
                let shift = input.shift.get(row).map_or(0, |&shift| shift.into());
                multipliers[row] = vec![multiplier];
                rows[row] = vec![
                    (local as i64, plan.local_bits),
                    (index as i64, plan.bank_bits()),
                    (shift, plan.shift_bits()),
                    multiplier,
                    (input.bias[row], input.acc_bits),
                ];
            }
            let fields =
                |&(weight, row): &(i32, usize)| vec![(row as i64, plan.local_bits), (weight.into(), input.weight_bits)];
            self.add(&format!("bank{index}"), bank.entries.iter().map(fields));
        }
        self.multipliers = Some(Columns::of(multipliers));
        if plan.shift_bits() > 0 {
            let shifts: Vec<Vec<i64>> = input.shift.iter().map(|&shift| vec![shift.into()]).collect();
            self.shifts = Some(Shifts::of(&shifts));
        }
        self.add("rows", rows);
        self.add("biases", input.bias.iter().map(|&bias| vec![(bias, input.acc_bits)]));
    }

    fn add(&mut self, memory: &str, words: impl IntoIterator<Item = Word>) {
        self.memories.insert(memory.into(), Columns::of(words));
    }

    /// The words of a requantizer's constants: bias, multiplier, shift of each channel.
    fn constants(&mut self, requant: &Requant, words: Vec<Word>) {
        if requant.out.is_some() {
            let fields = if requant.shift.is_none() { 3 } else { 2 };
            let multipliers = |word: &Word| word.chunks(fields).map(|of| of[1]).collect();
            self.multipliers = Some(Columns::of(words.iter().map(multipliers)));
            if requant.shift.is_none() {
                let shifts = |word: &Word| word.chunks(fields).map(|of| of[2].0).collect();
                self.shifts = Some(Shifts::of(&words.iter().map(shifts).collect::<Vec<_>>()));
            }
        }
        self.add("const", words);
    }

    /// The bits of `memory`, where somebody looked.
    pub fn columns(&self, memory: &str) -> Option<Columns> {
        self.memories.get(memory).copied()
    }

    /// `memory` with what is known of it.
    pub fn placed(&self, memory: Memory) -> Memory {
        Memory { columns: self.columns(&memory.name), ..memory }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_that_are_constant_or_equal_are_found() {
        // Two's complement -1, 0, -1: two equal bits; 2, 3, 2: one of them varies, as the others' inverse.
        let words = [(-1, 2), (0, 3), (-1, 2)].map(|(a, b)| vec![(a, 2), (b, 2)]);
        assert_eq!(Columns::of(words), Columns { constant: 1, distinct: 2 });
        let deep = (0..200).map(|n| vec![(n, 9)]);
        assert_eq!(Columns::of(deep), Columns { constant: 1, distinct: 8 });
    }

    #[test]
    fn a_shift_by_eights_is_fixed_where_synthesis_sees_it() {
        assert_eq!(Shifts::of(&[vec![13], vec![15]]).fixed, 8);
        // 9 and 16 less 1 are 8 and 15, but the borrow from 16 is a matter of all its bits.
        assert_eq!(Shifts::of(&[vec![9], vec![16]]).fixed, 0);
        assert_eq!(Shifts::of(&[vec![9], vec![21]]).eights.distinct, 2);
    }
}

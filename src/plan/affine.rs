//! Plan of the affine engine: a multiply and a bias per channel, then requantize.

use serde::Serialize;

use super::Memory;
use super::estimate::in_lut;
use super::requant::Requant;
use super::stream::Stream;
use crate::network::Params;
use crate::network::graph::ActType;

/// Everything the generator needs of an affine engine.
#[derive(Debug, Clone, Serialize)]
pub struct AffinePlan {
    /// Channels a cycle, in and out.
    pub lanes: usize,
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of a product.
    pub product_bits: u32,
    /// Bits of a product with its bias.
    pub acc_bits: u32,
    /// True where the products are made of LUTs, not of DSPs.
    pub lut_products: bool,
    /// Constants and widths of the requantizer.
    pub requant: Requant,
    /// Words a pixel.
    pub groups: usize,
    /// Channels.
    pub channels: usize,
}

impl AffinePlan {
    /// Plans an engine of `lanes` behind `input`, whose accumulator takes `acc_bits`.
    pub fn new(
        input: &Stream,
        lanes: usize,
        weight_bits: u32,
        acc_bits: u32,
        params: &Params,
        out: Option<ActType>,
    ) -> Self {
        Self {
            lanes,
            weight_bits,
            product_bits: (input.bits + weight_bits).min(acc_bits),
            acc_bits,
            lut_products: in_lut(input.bits, weight_bits),
            requant: Requant::new(params, out),
            groups: input.channels.div_ceil(lanes),
            channels: input.channels,
        }
    }

    /// Cycles from a word until its result is in the output queue: weight, product (three), bias and requantizer.
    pub fn latency(&self) -> usize {
        4 + self.requant.latency()
    }

    /// Weights and constants, a word a beat of the pixel.
    pub fn memories(&self) -> Vec<Memory> {
        let memory = |name, bits: u32| {
            Memory::rom(name, self.lanes as u32 * bits, self.groups, self.channels as u64 * u64::from(bits))
        };
        vec![memory("weight", self.weight_bits), memory("const", self.requant.const_bits())]
    }

    /// The weights, a word a beat of the pixel; lanes past the last channel hold 0.
    pub fn weight_words(&self, params: &Params) -> Vec<Vec<(i64, u32)>> {
        self.words(|c| vec![(params.weight.get(c).map_or(0, |&w| i64::from(w)), self.weight_bits)])
    }

    /// The constants, a word a beat of the pixel, per channel bias, multiplier, shift.
    pub fn const_words(&self, params: &Params) -> Vec<Vec<(i64, u32)>> {
        self.words(|c| self.requant.fields(params, c))
    }

    fn words(&self, fields: impl Fn(usize) -> Vec<(i64, u32)>) -> Vec<Vec<(i64, u32)>> {
        let word = |group: usize| (group * self.lanes..(group + 1) * self.lanes).flat_map(&fields).collect();
        (0..self.groups).map(word).collect()
    }
}

//! Resources of a design without synthesis: what `slimgate synth` will count, from the numbers of the plan.
//!
//! Every engine lists its [`Parts`]: multiplier blocks ([`products`]), memories in the family's blocks ([`blocks`]) and
//! flip-flops are counted as the Verilog has them; LUTs are amounts of [`features::Feature`]s, each times the LUTs that one takes
//! in the family ([`luts`]), which `scripts/estimates.sh` fits to what Yosys counts. `tests/estimates.rs` holds the model
//! against measured designs.

pub mod blocks;
mod cells;
mod constant;
mod conv;
pub mod features;
mod luts;
mod others;
pub mod parts;
pub mod products;
mod requant;
mod scale;
mod sparse;
mod window;

use std::ops::Add;

use serde::{Deserialize, Serialize};

use super::Plan;
use super::engine::Engine;
use super::layer::LayerPlan;
use super::pack::Block;
use crate::synth::Target;
pub use parts::Parts;

/// What a multiplier block is worth in LUTs, roughly, where engines or foldings are compared: what it saves.
pub(super) const BLOCK_LUTS: usize = 100;
/// Products up to this sum of operand widths are cheaper in LUTs.
const LUT_PRODUCT_BITS: u32 = 10;

/// Estimated resources, under the names of `slimgate synth --json`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "Shown", try_from = "Shown")]
pub struct Resources {
    /// Family whose blocks are counted.
    pub family: Target,
    /// Lookup tables.
    pub lut: f64,
    /// Flip-flops.
    pub ff: f64,
    /// Multiplier blocks.
    pub dsp: f64,
    /// Block RAM in the family's blocks; halves are AMD's blocks of 18 kbit.
    pub bram: f64,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
struct Shown {
    lut: f64,
    ff: f64,
    dsp: f64,
    /// Null outside AMD's families.
    bram36: Option<f64>,
    bram: f64,
    bram_kind: String,
}

impl From<Resources> for Shown {
    fn from(r: Resources) -> Self {
        let bram36 = r.family.is_amd().then_some(r.bram);
        Self { lut: r.lut, ff: r.ff, dsp: r.dsp, bram36, bram: r.bram, bram_kind: r.family.bram_kind().into() }
    }
}

impl TryFrom<Shown> for Resources {
    type Error = String;

    fn try_from(shown: Shown) -> Result<Self, String> {
        let known = [Target::Xc7, Target::Xcup, Target::Ecp5, Target::Ice40];
        let family = known.into_iter().find(|family| family.bram_kind() == shown.bram_kind);
        let family = family.ok_or_else(|| format!("bram_kind {:?}", shown.bram_kind))?;
        Ok(Self { family, lut: shown.lut, ff: shown.ff, dsp: shown.dsp, bram: shown.bram })
    }
}

impl Resources {
    /// Nothing yet.
    pub const fn none(family: Target) -> Self {
        Self { family, lut: 0.0, ff: 0.0, dsp: 0.0, bram: 0.0 }
    }

    /// Block RAM in kbit, parity among it.
    pub fn bram_kbit(&self) -> f64 {
        self.bram * f64::from(self.family.bram_kbit())
    }

    /// What `parts` take.
    pub fn of(parts: &Parts) -> Self {
        let family = parts.family();
        Self {
            lut: (parts.luts + luts::of(family, &parts.amounts)).round(),
            ff: parts.ff.round(),
            dsp: parts.dsp as f64,
            ..Self::blocks(family, parts.ram_units)
        }
    }

    /// Block RAM alone: `units` of 18 kbit on AMD, else blocks.
    pub fn blocks(family: Target, units: usize) -> Self {
        let blocks = if family.is_amd() { units as f64 / 2.0 } else { units as f64 };
        Self { bram: blocks, ..Self::none(family) }
    }
}

impl Add for Resources {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            family: self.family,
            lut: self.lut + other.lut,
            ff: self.ff + other.ff,
            dsp: self.dsp + other.dsp,
            bram: self.bram + other.bram,
        }
    }
}

/// One engine with its memories, output queue, and the adapters before it.
pub fn layer(layer: &LayerPlan) -> Resources {
    let mut parts = layer_parts(layer);
    parts.join(&adapter_parts(layer));
    Resources::of(&parts)
}

/// A whole design: its engines, and what stands beside them.
pub fn design(plan: &Plan, block: Block) -> Resources {
    let engines = plan.layers.iter().map(|layer| layer.resources);
    engines.fold(Resources::of(&top_parts(plan, block)), Add::add)
}

/// The parts of the adapters before an engine; the top has them.
pub fn adapter_parts(layer: &LayerPlan) -> Parts {
    let mut parts = Parts::new(layer.block);
    layer.inputs.iter().for_each(|feed| cells::adapter(&mut parts, &feed.stream, feed.adapter));
    parts
}

/// The parts of one engine without adapters.
pub fn layer_parts(layer: &LayerPlan) -> Parts {
    let mut parts = Parts::new(layer.block);
    match window_parts(layer) {
        Some(window) => {
            parts.join(&window);
            listed(&mut parts, layer, |name| name != "rows");
        }
        None => listed(&mut parts, layer, |_| true),
    }
    engine(&mut parts, layer);
    if let Some(bits) = layer.engine.queue_addr_bits() {
        cells::credit(&mut parts, bits);
        cells::queue(&mut parts, layer.out.beat_bits(), bits);
    }
    parts
}

/// The memories of `layer` of which `which` is true.
fn listed(parts: &mut Parts, layer: &LayerPlan, which: impl Fn(&str) -> bool) {
    layer.memories.iter().filter(|memory| which(&memory.name)).for_each(|memory| parts.memory(memory));
}

/// The parts of an engine's window generator, where it has one, the rows among them.
pub fn window_parts(layer: &LayerPlan) -> Option<Parts> {
    let (plan, word) = match &layer.engine {
        Engine::Conv(p) => (&p.window, p.folding.in_par * layer.input().bits as usize),
        Engine::SparseConv(p) => (&p.window, p.folding.in_par * layer.input().bits as usize),
        Engine::Constant(p) if !p.direct => (&p.window, p.folding.in_par * layer.input().bits as usize),
        Engine::Pool(p) => (p.window.as_ref()?, p.input.beat_bits()),
        Engine::Constant(_) | Engine::Sparse(_) | Engine::Affine(_) | Engine::Join(_) | Engine::Flatten(_) => {
            return None;
        }
    };
    let mut parts = Parts::new(layer.block);
    listed(&mut parts, layer, |name| name == "rows");
    window::window(&mut parts, plan, word);
    Some(parts)
}

/// The parts of a design beside its engines.
pub fn top_parts(plan: &Plan, block: Block) -> Parts {
    let mut parts = Parts::new(block);
    others::top(&mut parts, plan);
    parts
}

fn engine(parts: &mut Parts, layer: &LayerPlan) {
    match &layer.engine {
        Engine::Conv(p) => conv::conv(parts, p, layer),
        Engine::Sparse(p) => sparse::sparse(parts, p, layer),
        Engine::SparseConv(p) => sparse::sparse_conv(parts, p, layer),
        Engine::Constant(p) => constant::constant(parts, p, layer),
        Engine::Pool(p) => others::pool(parts, p, &layer.out),
        Engine::Affine(p) => others::affine(parts, p, layer),
        Engine::Join(p) => others::join(parts, p),
        Engine::Flatten(p) => others::flatten(parts, p),
    }
}

/// True where a product of `a` and `b` bits is cheaper in LUTs.
pub fn in_lut(a: u32, b: u32) -> bool {
    a + b <= LUT_PRODUCT_BITS
}

/// LUTs of what brings a window's taps into order where several are read a cycle, roughly: a row's and a column's multiplexer
/// each.
pub(super) fn order_luts(k_par: usize, taps: usize, in_par: usize, act_bits: u32) -> usize {
    if k_par > 1 { 2 * taps * in_par * act_bits as usize } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_written_as_synthesis_counts_them() {
        let none = Resources { bram: 2.5, ..Resources::none(Target::Xcup) };
        let text = serde_json::to_value(none).unwrap();
        assert_eq!(
            (&text["bram36"], &text["bram"], &text["bram_kind"]),
            (&2.5.into(), &2.5.into(), &"RAMB36E2".into())
        );
        assert_eq!(serde_json::from_value::<Resources>(text).unwrap(), none);
        let text = serde_json::to_value(Resources::none(Target::Ecp5)).unwrap();
        assert!(text["bram36"].is_null() && text["bram_kind"] == "DP16KD");
    }
}

//! Window generators, `templates/window*.v`.

use super::features::Feature;
use super::parts::{Parts, counter_bits};
use crate::network::acc::signed_bits;
use crate::plan::window::WindowPlan;

/// Bits of the registers that say where a window stands; the same numbers as `src/rtl/window.rs` has.
struct Bits {
    /// Where rows stand in the ring.
    addr: usize,
    /// Complete rows.
    slots: usize,
    /// Image row, column.
    y: usize,
    x: usize,
}

impl Bits {
    fn of(plan: &WindowPlan) -> Self {
        let place = |size: usize, axis: usize| {
            let (stride, kernel) = (plan.stride[axis], plan.kernel[axis]);
            signed_bits(-(kernel as i64), (size + stride + kernel) as i64) as usize
        };
        let slots = counter_bits(plan.rows + 1);
        let unit = if plan.k_par > 1 { 1 } else { plan.row_words() };
        Self { addr: counter_bits(plan.rows * unit).max(1), slots, y: place(plan.height, 0), x: place(plan.width, 1) }
    }
}

/// The generator of `plan` with words of `word` bits.
pub fn window(parts: &mut Parts, plan: &WindowPlan, word: usize) {
    let bits = Bits::of(plan);
    for count in [plan.row_words(), plan.height, plan.inner(), plan.folds, plan.out[1], plan.out[0]] {
        parts.counter(count);
    }
    let moved = || (0..plan.out[0]).map(|row| plan.moved(row));
    let need = varying(moved().map(|moved| moved.need));
    let spare = varying(moved().map(|moved| moved.spare));
    let freed = varying(moved().map(|moved| moved.spare).chain([0]));
    // start; rows held and ready, needed, freed twice; the top row's place; the first row's, where images begin at different ones.
    parts.flops(1 + 2 * bits.slots + need + 2 * freed + bits.addr);
    parts.flops(if plan.used_rows() % plan.rows == 0 { 0 } else { bits.addr });
    // The rows of the windows below.
    let row = if plan.padded() { bits.y } else { 0 };
    parts.flops(row);
    if plan.row_cycles() > 1 {
        parts.flops(row + need + spare + bits.addr);
    }
    if plan.k_par > 1 { banked(parts, plan, word, &bits) } else { ring(parts, plan, word, &bits) }
}

/// Bits in which `values` differ.
fn varying(values: impl Iterator<Item = usize>) -> usize {
    let (all, any) = values.fold((usize::MAX, 0), |(all, any), value| (all & value, any | value));
    (any & !all).count_ones() as usize
}

fn ring(parts: &mut Parts, plan: &WindowPlan, word: usize, bits: &Bits) {
    parts.add(Feature::Window, 1.0);
    parts.add(Feature::WindowAddress, bits.addr as f64);
    parts.add(Feature::WindowPlace, (2 * bits.slots) as f64);
    parts.counter(plan.kernel[0]);
    parts.counter(plan.kernel[1]);
    // Write address, row, offset in it twice, read address; tags; the word.
    parts.flops(5 * bits.addr + 9 + word);
    if plan.padded() {
        parts.add(Feature::WindowPlace, (2 * bits.y + 2 * bits.x) as f64);
        parts.add(Feature::Pad, word as f64);
        parts.flops(bits.y + 2 * bits.x + 3);
    }
}

fn banked(parts: &mut Parts, plan: &WindowPlan, word: usize, bits: &Bits) {
    let [kernel_h, kernel_w] = plan.kernel;
    let taps = kernel_h * kernel_w;
    let (bank, place) = (counter_bits(kernel_w), counter_bits(plan.bank_words()));
    parts.add(Feature::Banked, 1.0);
    parts.add(Feature::BankedPlace, (2 * bits.slots + 2 * bits.addr + 3 * place) as f64);
    parts.add(Feature::BankedMemory, (plan.rows * kernel_w) as f64);
    parts.counter(plan.inner());
    parts.counter(plan.phases());
    // Write slot, bank, word; the window's bank, word, the word to read; the banks' addresses.
    parts.flops(bits.addr + 2 * bank + 3 * place + kernel_w * place);
    // Tags; slot, bank and phase on their way.
    parts.flops(12 + 2 * bits.addr + 3 * bank + 3 * counter_bits(plan.phases()));
    parts.mux(Feature::Order, plan.rows, taps * word);
    parts.mux(Feature::Order, kernel_w, taps * word);
    parts.mux(Feature::Order, plan.phases(), plan.k_par * word);
    parts.flops((taps + plan.k_par) * word);
    if plan.padded() {
        parts.add(Feature::BankedPlace, (bits.y + (kernel_h + kernel_w) * 3) as f64);
        parts.add(Feature::Pad, (taps * word) as f64);
        parts.flops(bits.x + 3 * (kernel_h + kernel_w));
    }
}

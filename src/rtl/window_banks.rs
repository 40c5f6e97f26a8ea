//! Numbers of the banked window generator, `templates/window_banks.v`: several taps a cycle.

use super::literal::{Counter, Signed, lit, range};
use crate::plan::window::WindowPlan;

/// What the banked organisation needs beside the numbers that both share.
pub struct Banked {
    /// Column modulo the kernel's width.
    pub bank: Counter,
    /// Literals and range with a carry bit.
    pub bank_wide: Counter,
    /// Word in a bank.
    pub place: Counter,
    /// Groups of taps.
    pub phase: Counter,
    /// Words of a bank.
    pub depth: usize,
    /// Range of a cycle's taps.
    pub taps_word: String,
    /// Words from a pixel's last to its first.
    pub back_words: String,
    /// Words a pixel.
    pub pixel_words: String,
    /// The number of banks.
    pub banks: String,
    /// Banks and words from a window to the next, and the words where the banks wrap.
    pub stride_bank: String,
    pub stride_place: String,
    pub stride_place_more: String,
    /// Where the first window's first column stands.
    pub start_bank: String,
    pub start_place: String,
    /// One-hot ranges and literals.
    pub slot_hot: String,
    pub slot_one: String,
    pub bank_hot: String,
    pub bank_one: String,
    pub line_hot: String,
    /// Conditions that the window's rows and columns lie in the image, last first.
    pub row_inside: String,
    pub col_inside: String,
    /// Taps of the last group that do not exist.
    pub spare_taps: usize,
}

impl Banked {
    /// The numbers of `plan`; `y` and `x` are the registers of the window's first tap.
    pub fn new(plan: &WindowPlan, y: &Signed, x: &Signed, word_bits: usize) -> Self {
        let [kernel_h, kernel_w] = plan.kernel;
        let (stride, groups, left) = (plan.stride[1], plan.groups, -(plan.padding[1] as i64));
        let bank = Counter::new(kernel_w);
        let place = Counter::new(plan.bank_words());
        let wide_bits = bank.bits + 1;
        let wide = |value: usize| lit(wide_bits, value as u64);
        let modulus = 1i64 << place.bits;
        let words = |pixels: i64| place.lit((pixels * groups as i64).rem_euclid(modulus) as usize);
        Self {
            bank_wide: Counter { bits: wide_bits, range: range(wide_bits as usize), ..Counter::new(kernel_w) },
            phase: Counter::new(plan.phases()),
            depth: plan.bank_words(),
            taps_word: range(plan.k_par * word_bits),
            back_words: place.lit(groups - 1),
            pixel_words: words(1),
            banks: wide(kernel_w),
            stride_bank: wide(stride % kernel_w),
            stride_place: words((stride / kernel_w) as i64),
            stride_place_more: words((stride / kernel_w) as i64 + 1),
            start_bank: bank.lit(left.rem_euclid(kernel_w as i64) as usize),
            start_place: words(left.div_euclid(kernel_w as i64)),
            slot_hot: range(plan.rows),
            slot_one: lit(plan.rows as u32, 1),
            bank_hot: range(kernel_w),
            bank_one: lit(kernel_w as u32, 1),
            line_hot: range(kernel_h),
            row_inside: inside("top_y_q", y, plan.height, kernel_h),
            col_inside: inside("left_x_q", x, plan.width, kernel_w),
            spare_taps: plan.phases() * plan.k_par - kernel_h * kernel_w,
            bank,
            place,
        }
    }
}

/// For each of `taps` places from `first` on, last first: it lies in `0 .. size`.
fn inside(first: &str, register: &Signed, size: usize, taps: usize) -> String {
    let tap = |tap: i64| {
        let (low, high) = (register.lit(-tap), register.lit(size as i64 - tap));
        format!("({first} >= {low}) && ({first} < {high})")
    };
    (0..taps as i64).rev().map(tap).collect::<Vec<_>>().join(", ")
}

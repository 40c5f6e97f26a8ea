//! The line buffer and window generator, `templates/window.v`.

use std::collections::BTreeMap;

use anyhow::Result;
use askama::Template;

use super::literal::{Counter, Signed, lit, range};
use super::window_banks::Banked;
use super::{Artifact, text};
use crate::plan::window::{Moved, WindowPlan};

/// [`WindowPlan::moved`] in literals.
struct MovedLiterals {
    need: String,
    spare: String,
}

/// The same for all rows of windows: the usual one, and the rows where it is another.
struct RowsMoved {
    usual: MovedLiterals,
    special: Vec<(String, MovedLiterals)>,
}

impl RowsMoved {
    fn new(plan: &WindowPlan, oy: &Counter, slots: &Counter) -> Self {
        let rows = || (0..plan.out[0]).map(|row| (row, plan.moved(row)));
        let mut counts = BTreeMap::new();
        rows().for_each(|(_, moved)| *counts.entry(moved).or_insert(0) += 1);
        let (_, usual) = rows().max_by_key(|(_, moved)| counts[moved]).expect("a row");
        let literals = |m: Moved| MovedLiterals { need: slots.lit(m.need), spare: slots.lit(m.spare) };
        let special = rows().filter(|(_, moved)| *moved != usual);
        Self { special: special.map(|(row, moved)| (oy.lit(row), literals(moved))).collect(), usual: literals(usual) }
    }
}

#[derive(Template)]
#[template(path = "window.v")]
struct Window<'a> {
    plan: &'a WindowPlan,
    banked: Banked,
    module: String,
    node: String,
    height: usize,
    width: usize,
    groups: usize,
    word_bits: usize,
    kernel_h: usize,
    kernel_w: usize,
    stride_h: usize,
    stride_w: usize,
    pad_h: usize,
    pad_w: usize,
    out_h: usize,
    out_w: usize,
    rows: usize,
    word: String,
    addr: Counter,
    col: Counter,
    row: Counter,
    slots: Counter,
    inner: Counter,
    kx: Counter,
    ky: Counter,
    folds: Counter,
    ox: Counter,
    oy: Counter,
    y: Signed,
    x: Signed,
    off: Signed,
    /// Rows of an image that windows touch, where there are others.
    used_rows: Option<String>,
    rows_moved: RowsMoved,
    stride_y: String,
    start_y: String,
    rows_y: String,
    below_addr: String,
    first_addr: String,
    lead_addr: String,
    down_addr: String,
    stride_x: String,
    start_x: String,
    cols_x: String,
    stride_off: String,
    start_off: String,
    tap_jump: String,
    fold_offset: String,
    unused_off: String,
    first_need: String,
    first_top: String,
    ram_depth: usize,
    ram_style: &'static str,
    padded: bool,
    rows_ahead: bool,
    pad_word: String,
}

/// The module `<module>_window` for words of `word_bits` bits; taps in the padding read `pad_word`. `ram_style` is
/// that of the rows.
pub fn emit(
    module: &str,
    node: &str,
    plan: &WindowPlan,
    word_bits: usize,
    pad_word: String,
    ram_style: &'static str,
) -> Result<Artifact> {
    let window = Window { ram_style, ..Window::new(module, node, plan, word_bits, pad_word) };
    Ok(Artifact::new(format!("rtl/{module}_window.v"), window.render()? + "\n"))
}

impl<'a> Window<'a> {
    fn new(module: &str, node: &str, plan: &'a WindowPlan, word_bits: usize, pad_word: String) -> Self {
        let [[kernel_h, kernel_w], [stride_h, stride_w], [pad_h, pad_w]] = [plan.kernel, plan.stride, plan.padding];
        let [out_h, out_w] = plan.out;
        let (used, row_words) = (plan.used_rows(), plan.row_words());
        // Where rows stand in the ring: words of one memory, or slots with memories of their own.
        let unit = if plan.k_par > 1 { 1 } else { row_words };
        let depth = plan.rows * unit;
        let addr = Counter::new(depth);
        let row = Counter::new(plan.height);
        let slots = Counter::new(plan.rows + 1);
        let (folds, oy) = (Counter::new(plan.folds), Counter::new(out_h));
        let far = |size: usize, stride: usize, kernel: usize| (size + stride + kernel) as i64;
        let far_x = far(plan.width, stride_w, kernel_w);
        let y = Signed::holding(-(kernel_h as i64), far(plan.height, stride_h, kernel_h), 2);
        let x = Signed::holding(-(kernel_w as i64), far_x, 2);
        let groups = plan.groups as i64;
        let off = Signed::holding(-(pad_w as i64 + 1) * groups, far_x * groups, addr.bits + 1);
        Window {
            plan,
            banked: Banked::new(plan, &y, &x, word_bits),
            module: format!("{module}_window"),
            node: node.to_string(),
            height: plan.height,
            width: plan.width,
            groups: plan.groups,
            word_bits,
            kernel_h,
            kernel_w,
            stride_h,
            stride_w,
            pad_h,
            pad_w,
            out_h,
            out_w,
            rows: plan.rows,
            word: range(word_bits),
            col: Counter::new(row_words),
            inner: Counter::new(plan.inner()),
            kx: Counter::new(kernel_w),
            ky: Counter::new(kernel_h),
            ox: Counter::new(out_w),
            used_rows: (used < plan.height).then(|| row.lit(used)),
            rows_moved: RowsMoved::new(plan, &oy, &slots),
            stride_y: y.lit(stride_h as i64),
            start_y: y.lit(-(pad_h as i64)),
            rows_y: y.lit(plan.height as i64),
            below_addr: addr.moved("top_addr_q", stride_h * unit),
            first_addr: addr.moved("first_addr_q", used * unit),
            lead_addr: addr.moved("first_addr_q", (used + plan.rows * pad_h - pad_h) * unit),
            down_addr: addr.moved("row_addr_q", unit),
            stride_x: x.lit(stride_w as i64),
            start_x: x.lit(-(pad_w as i64)),
            cols_x: x.lit(plan.width as i64),
            stride_off: off.lit(stride_w as i64 * groups),
            start_off: off.lit(-(pad_w as i64) * groups),
            tap_jump: off.lit(if plan.depthwise { groups } else { 1 }),
            fold_offset: if plan.depthwise {
                format!(" + $signed({{{}, fold_word}})", lit(off.bits - folds.bits, 0))
            } else {
                String::new()
            },
            unused_off: format!("&{{1'b0, off_q[{}:{}]}}", off.msb, addr.bits),
            first_need: slots.lit(plan.needed_rows(0)),
            first_top: addr.lit((plan.rows - 1) * pad_h * unit % depth),
            ram_depth: depth,
            ram_style: "auto",
            padded: plan.padded(),
            rows_ahead: plan.row_cycles() > 1,
            pad_word,
            addr,
            oy,
            row,
            slots,
            folds,
            y,
            x,
            off,
        }
    }
}

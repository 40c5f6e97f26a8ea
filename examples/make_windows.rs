//! Writes window generators of small geometries, which `scripts/formal.sh` proves, into a folder: `NAME_window.v`, and in
//! `NAME.set` the parameters that formal/window.v needs.
//!
//! ```sh
//! cargo run --no-default-features --example make_windows -- FOLDER
//! ```

use std::path::Path;

use anyhow::Context;
use slimgate::network::graph::Shape;
use slimgate::plan::window::WindowPlan;
use slimgate::rtl::window::emit;

/// A geometry: rows, columns, words a pixel; kernel, stride, padding; folds; one word a fold (pools); taps a cycle.
struct Case {
    name: &'static str,
    image: [usize; 3],
    window: [[usize; 2]; 3],
    folds: usize,
    depthwise: bool,
    k_par: usize,
}

const fn case(name: &'static str, image: [usize; 3], window: [[usize; 2]; 3], folds: usize, k_par: usize) -> Case {
    Case { name, image, window, folds, depthwise: false, k_par }
}

const CASES: [Case; 8] = [
    case("ring_padded", [3, 3, 1], [[3, 3], [1, 1], [1, 1]], 1, 1),
    case("ring_folds", [3, 3, 2], [[2, 2], [1, 1], [0, 0]], 2, 1),
    case("ring_stride", [4, 4, 1], [[3, 3], [2, 2], [1, 1]], 2, 1),
    case("ring_dropped", [5, 3, 1], [[2, 2], [2, 1], [0, 0]], 1, 1),
    Case { depthwise: true, ..case("ring_pool", [4, 4, 2], [[3, 3], [2, 2], [1, 1]], 2, 1) },
    case("banks_padded", [4, 4, 1], [[3, 3], [1, 1], [1, 1]], 2, 9),
    case("banks_stride", [4, 5, 2], [[3, 3], [2, 2], [1, 1]], 1, 4),
    case("banks_dropped", [5, 4, 1], [[2, 3], [2, 1], [0, 1]], 2, 3),
];

fn main() -> anyhow::Result<()> {
    let dir = std::env::args().nth(1).context("usage: make_windows FOLDER")?;
    CASES.iter().try_for_each(|case| write(Path::new(&dir), case))
}

fn write(dir: &Path, case: &Case) -> anyhow::Result<()> {
    let [height, width, groups] = case.image;
    let [kernel, stride, padding] = case.window;
    let out = [0, 1].map(|axis| (case.image[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1);
    let shape = |[h, w]: [usize; 2]| Shape { c: groups, h, w };
    let plan = WindowPlan::new(shape([height, width]), shape(out), case.window, groups, case.folds, case.depthwise)
        .with_taps(case.k_par);
    let module = emit(case.name, case.name, &plan, 1, "1'd0".into(), "auto")?;
    let set = [
        ("Height", height),
        ("Width", width),
        ("Groups", groups),
        ("KernelH", kernel[0]),
        ("KernelW", kernel[1]),
        ("StrideH", stride[0]),
        ("StrideW", stride[1]),
        ("PadH", padding[0]),
        ("PadW", padding[1]),
        ("OutH", out[0]),
        ("OutW", out[1]),
        ("Folds", case.folds),
        ("Depthwise", usize::from(case.depthwise)),
        ("KPar", case.k_par),
    ];
    let set: String = set.iter().map(|(name, value)| format!("-set {name} {value} ")).collect();
    std::fs::write(dir.join(format!("{}_window.v", case.name)), module.text)?;
    Ok(std::fs::write(dir.join(format!("{}.set", case.name)), set + "\n")?)
}

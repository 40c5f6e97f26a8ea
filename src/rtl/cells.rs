//! The hand-written cells that the engines instantiate, and which of them a design needs.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Artifact, leaf};
use crate::plan::Plan;

const CELLS: &[(&str, &str)] = &[
    ("sg_acc", include_str!("../../templates/cells/sg_acc.v")),
    ("sg_booth", include_str!("../../templates/cells/sg_booth.v")),
    ("sg_buffer", include_str!("../../templates/cells/sg_buffer.v")),
    ("sg_burst", include_str!("../../templates/cells/sg_burst.v")),
    ("sg_credit", include_str!("../../templates/cells/sg_credit.v")),
    ("sg_delay", include_str!("../../templates/cells/sg_delay.v")),
    ("sg_digits", include_str!("../../templates/cells/sg_digits.v")),
    ("sg_dot", include_str!("../../templates/cells/sg_dot.v")),
    ("sg_fork", include_str!("../../templates/cells/sg_fork.v")),
    ("sg_gather_bank", include_str!("../../templates/cells/sg_gather_bank.v")),
    ("sg_gather_lane", include_str!("../../templates/cells/sg_gather_lane.v")),
    ("sg_narrow", include_str!("../../templates/cells/sg_narrow.v")),
    ("sg_pick", include_str!("../../templates/cells/sg_pick.v")),
    ("sg_pixels", include_str!("../../templates/cells/sg_pixels.v")),
    ("sg_probe", include_str!("../../templates/cells/sg_probe.v")),
    ("sg_product", include_str!("../../templates/cells/sg_product.v")),
    ("sg_ram", include_str!("../../templates/cells/sg_ram.v")),
    ("sg_ram_async", include_str!("../../templates/cells/sg_ram_async.v")),
    ("sg_reduce", include_str!("../../templates/cells/sg_reduce.v")),
    ("sg_requant", include_str!("../../templates/cells/sg_requant.v")),
    ("sg_rom", include_str!("../../templates/cells/sg_rom.v")),
    ("sg_scores", include_str!("../../templates/cells/sg_scores.v")),
    ("sg_serial", include_str!("../../templates/cells/sg_serial.v")),
    ("sg_skew", include_str!("../../templates/cells/sg_skew.v")),
    ("sg_sparse_bank", include_str!("../../templates/cells/sg_sparse_bank.v")),
    ("sg_sparse_drain", include_str!("../../templates/cells/sg_sparse_drain.v")),
    ("sg_sparse_front", include_str!("../../templates/cells/sg_sparse_front.v")),
    ("sg_sum", include_str!("../../templates/cells/sg_sum.v")),
    ("sg_times", include_str!("../../templates/cells/sg_times.v")),
    ("sg_tree", include_str!("../../templates/cells/sg_tree.v")),
    ("sg_widen", include_str!("../../templates/cells/sg_widen.v")),
];

/// The cells that the modules in `files` instantiate, and the leaves that those of `plan` stand on.
///
/// # Errors
/// Where a leaf cell cannot be emitted.
pub fn needed(plan: &Plan, files: &[Artifact]) -> Result<Vec<Artifact>> {
    let mut cells = instantiated(files);
    cells.extend(leaf::slice_files()?);
    for addr_bits in plan.layers.iter().filter_map(|layer| layer.engine.queue_addr_bits()) {
        cells.extend(leaf::fifo_files(addr_bits)?);
    }
    Ok(cells)
}

/// The cells that the modules in `files` instantiate, directly or through other cells.
pub fn instantiated(files: &[Artifact]) -> Vec<Artifact> {
    let mut cells = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = files.iter().map(|f| f.text.as_str()).collect();
    while let Some(text) = open.pop() {
        for (name, cell) in CELLS {
            let used = text.contains(&format!(" {name} #(")) || text.contains(&format!(" {name} u_"));
            if used && seen.insert(*name) {
                cells.push(Artifact::new(format!("rtl/{name}.v"), *cell));
                open.push(cell);
            }
        }
    }
    cells
}

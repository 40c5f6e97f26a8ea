//! The words of the memories: what each lane does in each cycle, and where each row's sum is.

use super::super::conv::ConvLayer;
use super::{Bank, SparseConvPlan};

/// One entry of a lane's program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Entry {
    weight: i64,
    column: usize,
    last: bool,
}

/// The program, a word a cycle: the entries of all lanes in the order of the banks, each as the fields weight, column, last
/// of its row.
pub fn lane_programs(plan: &SparseConvPlan, layer: &ConvLayer) -> Vec<Vec<(i64, u32)>> {
    let lanes: Vec<Vec<Entry>> = plan
        .banks
        .iter()
        .flat_map(|bank| bank.lanes.iter().map(move |rows| (bank.slot, rows)))
        .map(|(slot, rows)| rows.iter().flat_map(|&row| entries(plan, layer, slot, row)).collect())
        .collect();
    let fields = |entry: Entry| {
        [(entry.weight, plan.weight_bits), (entry.column as i64, plan.column_bits()), (i64::from(entry.last), 1)]
    };
    let word = |cycle: usize| {
        let all = lanes.iter().map(|lane| lane.get(cycle).copied().unwrap_or_default());
        all.flat_map(fields).collect()
    };
    (0..plan.window_cycles).map(word).collect()
}

/// A row's nonzero weights in a slot, columns ascending; one of weight 0 where it has none.
fn entries(plan: &SparseConvPlan, layer: &ConvLayer, slot: usize, row: usize) -> Vec<Entry> {
    let taps = plan.window.kernel[0] * plan.window.kernel[1];
    let (k, lane) = (slot / plan.folding.in_par, slot % plan.folding.in_par);
    let mut entries = Vec::new();
    for column in 0..plan.columns() {
        let tap = column / plan.window.groups * plan.folding.k_par + k;
        let channel = column % plan.window.groups * plan.folding.in_par + lane;
        if tap < taps && channel < plan.in_channels {
            let weight = i64::from(layer.params.weight[(row * plan.in_channels + channel) * taps + tap]);
            if weight != 0 {
                entries.push(Entry { weight, column, last: false });
            }
        }
    }
    if entries.is_empty() {
        entries.push(Entry::default());
    }
    if let Some(entry) = entries.last_mut() {
        entry.last = true;
    }
    entries
}

/// The table of the rows, a word a beat: for each bank the address of its exit's row in a lane, and which lane, as far as
/// there is a choice (the number of lanes: none of them).
pub fn row_table(plan: &SparseConvPlan) -> Vec<Vec<(i64, u32)>> {
    let fields = |bank: &Bank, beat: usize| {
        let row = beat * plan.folding.step + bank.exit;
        let place = bank.lanes.iter().enumerate().find_map(|(lane, rows)| Some((lane, rows.binary_search(&row).ok()?)));
        let (lane, address) = place.unwrap_or((bank.lanes.len(), 0));
        let select = if bank.choices(plan.steps) == 1 { 0 } else { lane as i64 };
        [(address as i64, bank.row_bits()), (select, bank.select_bits(plan.steps))]
    };
    (0..plan.steps).map(|beat| plan.banks.iter().flat_map(|bank| fields(bank, beat)).collect()).collect()
}

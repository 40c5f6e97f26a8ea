//! The summary on the terminal.

use std::fmt::Write;
use std::ops::Range;
use std::path::Path;

use comfy_table::{CellAlignment, Table, presets};

use super::model::{Report, Stage};
use super::{JSON, MARKDOWN, show};

/// A short table of the stages, what was simulated, and where the whole report is.
pub fn summary(report: &Report, run: &Path) -> String {
    let mut table = table(&["network", "validation", "test", "params", "stored", "smaller", "MACs", "BOPs"], 1..8);
    report.stages.iter().for_each(|stage| {
        table.add_row(row(stage));
    });
    let mut text = format!("{table}\n");
    let ratios = &report.ratios;
    let _ = writeln!(
        text,
        "final: {} of {} test images right (integer interpreter), {}; {} smaller in stored_bits, {} in params_bits",
        show::percent(report.last.test_accuracy),
        report.test_images,
        show::points(ratios.test_accuracy_loss),
        show::times(ratios.stored_bits),
        show::times(ratios.params_bits),
    );
    hardware(report, &mut text);
    let _ = writeln!(text, "report: {} and {}", run.join(MARKDOWN).display(), run.join(JSON).display());
    text
}

/// An empty table; the columns `figures` hold figures, to the right.
pub(super) fn table(heads: &[&str], figures: Range<usize>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY);
    table.set_header(heads);
    let columns = table.column_iter_mut().skip(figures.start).take(figures.len());
    columns.for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

fn row(stage: &Stage) -> [String; 8] {
    let figures = &stage.figures;
    [
        show::stage(&stage.name),
        show::percent(figures.val_accuracy),
        show::percent(figures.test_accuracy),
        show::kilobytes(figures.params_bits),
        show::kilobytes(figures.stored_bits),
        show::times(stage.times_smaller),
        show::count(figures.macs),
        show::count(figures.bops),
    ]
}

fn hardware(report: &Report, text: &mut String) {
    let Some(design) = &report.hardware else { return };
    let (planned, lanes) = (design.planned_cycles_per_image, design.lanes);
    let _ = writeln!(text, "Verilog: {}, {lanes} lanes, {planned} cycles an image planned", design.dir.display());
    match &report.rtl {
        Some(rtl) => text.push_str(&rtl.report.text()),
        None => text.push_str("not simulated yet\n"),
    }
}

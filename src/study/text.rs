//! `study.md`: the study for people.

use std::fmt::Write;

use super::record::{Against, Found, GridFound, Kept, Spread, Study};
use crate::config::search::Objective;
use crate::search::margin::Target;

/// The study as Markdown.
pub fn markdown(study: &Study) -> String {
    let target = match study.target {
        Target::Drop(drop) => format!("{:.2} points of validation accuracy below the baseline's", 100.0 * drop),
        Target::Accuracy(accuracy) => format!("a validation accuracy of {:.2} %", 100.0 * accuracy),
    };
    let mut text = format!("# Study: {}\n\nTarget: {target}. What is counted: docs/study.md.\n", study.name);
    orders(study, &mut text);
    searches(study, &mut text);
    if let Some(grid) = &study.grid {
        against(study, grid, &mut text);
    }
    text
}

/// The orders over all seeds.
fn orders(study: &Study, text: &mut String) {
    let seeds: std::collections::BTreeSet<u64> = study.searches.iter().map(|search| search.seed).collect();
    let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
    let _ = write!(
        text,
        "\n## Orders\n\nMean (least to most) over the seeds {}, least {} first.\n\n\
         | order |{} stored kbit | weights kbit | validation % | test % | candidates | training s | target met |\n\
         |---|{} ---|---|---|---|---|---|---|\n",
        seeds.join(", "),
        objective(study.objective),
        cost_cell(study, objective(study.objective)),
        cost_cell(study, "---"),
    );
    for order in &study.orders {
        let _ = writeln!(
            text,
            "| {} |{} {} | {} | {} | {} | {} | {} | {} of {} |",
            order.order.join(", "),
            cost_cell(study, &spread(order.cost, 1.0, 0)),
            spread(order.stored_bits, 1e-3, 1),
            spread(order.params_bits, 1e-3, 1),
            spread(order.val_accuracy, 100.0, 2),
            spread(order.test_accuracy, 100.0, 2),
            spread(order.candidates, 1.0, 1),
            spread(order.seconds, 1.0, 1),
            order.met,
            seeds.len()
        );
    }
}

/// Every search.
fn searches(study: &Study, text: &mut String) {
    let _ = write!(
        text,
        "\n## Searches\n\n\
         | seed | order | kept | stored kbit | weights kbit | validation % | test % | candidates | training s | \
         grid's seconds / its |\n|---|---|---|---|---|---|---|---|---|---|\n"
    );
    for search in &study.searches {
        let order = search.order.join(", ");
        let seconds = search.against_grid.map_or("-".into(), |against| format!("{:.1}", against.seconds));
        let _ = writeln!(text, "| {} | {order} | {} | {seconds} |", search.seed, cells(&search.found));
    }
    if let Some(grid) = &study.grid {
        let _ = writeln!(text, "| {} | grid {} | {} | 1 |", grid.seed, grid.order.join(", "), cells(&grid.found));
    }
}

fn cells(found: &Found) -> String {
    let missed = if found.met { "" } else { " (below the target)" };
    let kept = |kept: &Kept| format!("{}: {}", kept.stage, kept.what);
    format!(
        "{} | {:.1} | {:.1} | {:.2}{missed} | {:.2} | {} | {:.1}",
        found.kept.iter().map(kept).collect::<Vec<_>>().join("; "),
        found.stored_bits as f64 / 1e3,
        found.params_bits as f64 / 1e3,
        100.0 * found.val_accuracy,
        100.0 * found.test_accuracy,
        found.candidates,
        found.seconds
    )
}

/// The margin searches of the grid's seed against the grid.
fn against(study: &Study, grid: &GridFound, text: &mut String) {
    let _ = write!(
        text,
        "\n## Margin search against brute force\n\n\
         The grid ({}, seed {}): {} combinations, {} candidates, {:.1} s; its best network has {:.1} kbit.\n\n\
         | order | seconds | grid's seconds / its | grid's trainings / its | stored bits / those of the grid's best |{}\n\
         |---|---|---|---|---|{}\n",
        grid.order.join(", "),
        grid.seed,
        grid.combinations,
        grid.found.candidates,
        grid.found.seconds,
        grid.found.stored_bits as f64 / 1e3,
        cost_cell(study, &format!("{} / that of the grid's best", objective(study.objective))),
        cost_cell(study, "---"),
    );
    for search in &study.searches {
        let Some(Against { seconds, trainings, stored_bits, cost }) = search.against_grid else { continue };
        let own = search.found.seconds;
        let order = search.order.join(", ");
        let cost = cost_cell(study, &format!("{cost:.3}"));
        let _ = writeln!(text, "| {order} | {own:.1} | {seconds:.1} | {trainings:.1} | {stored_bits:.3} |{cost}");
    }
}

/// A cell of the column of what is minimized; stored bits have columns of their own.
fn cost_cell(study: &Study, cell: &str) -> String {
    if study.objective == Objective::StoredBits { String::new() } else { format!(" {cell} |") }
}

/// What is minimized, with its unit.
const fn objective(objective: Objective) -> &'static str {
    match objective {
        Objective::ParamsBits => "weight bits",
        Objective::StoredBits => "bits stored",
        Objective::Cycles => "cycles an image",
        Objective::Energy => "energy an image, pJ",
    }
}

/// `12.3 (11.0 to 14.2)`, each value times `unit`; one number where there is no spread.
fn spread(spread: Spread, unit: f64, decimals: usize) -> String {
    let [mean, min, max] = [spread.mean, spread.min, spread.max].map(|v| format!("{:.decimals$}", v * unit));
    if min == max { mean } else { format!("{mean} ({min} to {max})") }
}

//! Where every figure of `report.json` comes from, by its place there.

use std::collections::BTreeMap;

use serde_json::Value;

/// Start of a place, and the source of every number below it; the longest start that fits decides. `[]` is any item.
const SOURCES: [(&str, &str); 62] = [
    ("version", "of the format"),
    ("test_images", "counted in the data set"),
    ("baseline.test_accuracy", "measured: libtorch on the test set"),
    ("baseline.val_accuracy", "measured: libtorch on the validation split"),
    ("baseline", "counted from the network"),
    ("final.test_accuracy", "measured: integer interpreter on the test set"),
    ("final.val_accuracy", "measured: libtorch on the validation split, integers imitated"),
    ("final", "counted from the network"),
    ("ratios", "computed from baseline and final"),
    ("stages[].accuracy", "measured on the test set: integer interpreter, libtorch for float"),
    ("stages[].test_accuracy", "measured on the test set: integer interpreter, libtorch for float"),
    ("stages[].val_accuracy", "measured: libtorch on the validation split, integers imitated"),
    ("stages[]", "counted from the network"),
    ("search.target_val_accuracy", "computed from the run file and the baseline"),
    ("search.seconds", "measured: wall clock"),
    ("search.candidates[].rung", "chosen by the search"),
    ("search.candidates[].ratio", "chosen by the search"),
    ("search.candidates[].bits", "chosen by the search"),
    ("search.candidates[].val_accuracy", "measured: libtorch on the validation split, integers imitated"),
    ("search.candidates[].seconds", "measured: wall clock"),
    ("search.candidates[]", "counted from the network"),
    ("layers[].channels_before", "counted from the float network"),
    ("layers[].engine.lane_utilisation", "measured by simulation"),
    ("layers[].engine", "planned"),
    ("layers[]", "counted from the network"),
    ("hardware.clock_mhz", "run file"),
    ("hardware.estimated", "estimated by the planner's resource model"),
    ("hardware.seconds", "measured: wall clock"),
    ("hardware.files", "counted in the design's folder"),
    ("hardware", "planned"),
    ("rtl.planned_cycles_per_image", "planned"),
    ("rtl.stall", "run file"),
    ("rtl.seed", "run file"),
    ("rtl", "measured by simulation"),
    ("power.version", "of the format"),
    ("power.clock_mhz", "command line"),
    ("power.volts", "of the technology, see power.sources"),
    ("power.images", "measured by simulation"),
    ("power.cycles_per_image", "measured by simulation"),
    ("power.images_per_second", "computed from the clock and the simulation"),
    ("power.parts[].moved", "measured by simulation"),
    ("power.sources[]", "published or of the library: its own source"),
    ("power.gates", "measured by synthesis and gate-level simulation"),
    ("power.gates.estimated", "estimated by the power model (docs/power.md)"),
    ("power", "estimated by the power model (docs/power.md)"),
    ("ablation.version", "of the format"),
    ("ablation.power.images", "measured by simulation"),
    ("ablation.power.clock_mhz", "run file"),
    ("ablation.power.sources[]", "published or of the library: its own source"),
    ("ablation.power", "estimated by the power model (docs/power.md)"),
    ("ablation.rows[].test_accuracy", "measured on the test set: integer interpreter, libtorch for float"),
    ("ablation.rows[].params_bits", "counted from the network"),
    ("ablation.rows[].memory_bits", "planned"),
    ("ablation.rows[].weight_bits", "planned"),
    ("ablation.rows[].lanes", "planned"),
    ("ablation.rows[].planned_cycles_per_image", "planned"),
    ("ablation.rows[].cycles_per_image", "measured by simulation"),
    ("ablation.rows[].images", "measured by simulation"),
    ("ablation.rows[].estimated", "estimated by the planner's resource model"),
    ("ablation.rows[].synthesized", "measured by synthesis: ablation.tool"),
    ("ablation.rows[].energy", "estimated by the power model (docs/power.md)"),
    ("reproduce", "run file, and measured: wall clock, processor"),
];

/// The source of the number at `place`, such as `stages[].macs`.
pub fn source(place: &str) -> Option<&'static str> {
    let fits = |start: &str| {
        place.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '_', '[']))
    };
    let found = SOURCES.iter().filter(|(start, _)| fits(start)).max_by_key(|(start, _)| start.len());
    found.map(|(_, source)| *source)
}

/// The place of every number in `report`, and its source; `None` where there is none.
pub fn all(report: &Value) -> BTreeMap<String, Option<&'static str>> {
    let mut found = BTreeMap::new();
    walk(report, String::new(), &mut found);
    found
}

fn walk(value: &Value, place: String, found: &mut BTreeMap<String, Option<&'static str>>) {
    match value {
        Value::Number(_) => {
            found.insert(place.clone(), source(&place));
        }
        Value::Array(items) => items.iter().for_each(|item| walk(item, format!("{place}[]"), found)),
        Value::Object(items) => {
            let dot = if place.is_empty() { "" } else { "." };
            items.iter().for_each(|(key, item)| walk(item, format!("{place}{dot}{key}"), found));
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_start_that_fits_decides() {
        let value = serde_json::json!({ "rtl": { "seed": 1, "cycles": 2, "tool": "t" }, "rtlike": 3, "stages": [{ "macs": 4 }] });
        let found = all(&value);
        let expected = [
            ("rtl.cycles", Some("measured by simulation")),
            ("rtl.seed", Some("run file")),
            ("rtlike", None),
            ("stages[].macs", Some("counted from the network")),
        ];
        assert_eq!(found, expected.map(|(place, source)| (place.to_string(), source)).into());
    }
}

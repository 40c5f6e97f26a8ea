//! How figures are written for people.

use std::collections::BTreeMap;

use crate::search::journal::{Bits, Entry, Role};

/// `92.31 %`.
pub fn percent(fraction: f64) -> String {
    format!("{:.2} %", 100.0 * fraction)
}

/// A loss of accuracy as a change in points: `-0.80 points`.
pub fn points(loss: f64) -> String {
    format!("{:+.2} points", 0.0 - 100.0 * loss)
}

/// `12.3 kB` of 8000 bits each.
pub fn kilobytes(bits: u64) -> String {
    format!("{:.1} kB", bits as f64 / 8e3)
}

/// `12.3` or, from 1000 on, `1234`, with `x`.
pub fn times(ratio: f64) -> String {
    if ratio >= 1000.0 { format!("{ratio:.0} x") } else { format!("{ratio:.1} x") }
}

/// A count in three or four digits: `950`, `12.3 k`, `4.56 M`.
pub fn count(value: u64) -> String {
    let value = value as f64;
    for (unit, size) in [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)] {
        if value >= size {
            let scaled = value / size;
            return if scaled >= 100.0 { format!("{scaled:.0} {unit}") } else { format!("{scaled:.2} {unit}") };
        }
    }
    format!("{value:.0}")
}

/// A figure in three digits at least: `0.123`, `4.56`, `78.9`, `1234`.
pub fn three_digits(value: f64) -> String {
    let decimals = match value {
        v if v >= 100.0 || v == 0.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 3,
    };
    // A sum of nothing is -0.
    format!("{:.decimals$}", value + 0.0)
}

/// The value, or a dash.
pub fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".into(), |value| value.to_string())
}

/// `in_par 4, out_par 2`.
pub fn folding(folding: &BTreeMap<String, usize>) -> String {
    folding.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

/// A finished candidate in one line, for a person who watches the search.
pub fn candidate(entry: &Entry) -> String {
    let what = match entry.role {
        Role::Baseline => "baseline".into(),
        Role::Preparation => "preparation".into(),
        Role::Polish => "fine-tuning".into(),
        Role::Candidate => reduction(entry),
    };
    let verdict = match (entry.role, entry.accepted) {
        (Role::Candidate, true) => "accepted",
        (Role::Candidate, false) => "below the target",
        _ => "",
    };
    let (accuracy, kbit) = (100.0 * entry.val_accuracy, entry.stored_bits as f64 / 1e3);
    let line =
        format!("{:<6} {what:<16} {accuracy:6.2} % {kbit:9.1} kbit {:6.0} s  {verdict}", entry.stage, entry.seconds);
    line.trim_end().to_string()
}

/// What a candidate reduces: `w 3, a 4`, or `40 %`, or nothing.
pub fn reduction(entry: &Entry) -> String {
    match &entry.bits {
        _ if entry.ratio > 0.0 => format!("{:.1} % removed", 100.0 * entry.ratio),
        Some(bits) => widths(bits),
        None => "32-bit".into(),
    }
}

fn widths(bits: &Bits) -> String {
    format!("w {}, a {}", range(&bits.weights), range(&bits.activations))
}

/// `4`, or `2-5` where they differ.
fn range(bits: &BTreeMap<String, u32>) -> String {
    match (bits.values().min(), bits.values().max()) {
        (Some(low), Some(high)) if low == high => low.to_string(),
        (Some(low), Some(high)) => format!("{low}-{high}"),
        _ => "-".into(),
    }
}

/// What the stages are called in full.
pub fn stage(name: &str) -> String {
    let long = match name {
        "float" => "32-bit float",
        "iq" => "IQ, integer quantization",
        "ns" => "NS, network slimming",
        "dc" => "DC, deep compression",
        "polish" => "polish",
        other => other,
    };
    long.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_three_digits() {
        let counts = [0, 999, 1000, 12_345, 123_456, 4_560_000, 2_000_000_000].map(count);
        assert_eq!(counts, ["0", "999", "1.00 k", "12.35 k", "123 k", "4.56 M", "2.00 G"]);
        assert_eq!(
            (percent(0.92314), kilobytes(12_300), times(33.333)),
            ("92.31 %".into(), "1.5 kB".into(), "33.3 x".into())
        );
    }

    #[test]
    fn three_digits_are_shown() {
        assert_eq!([-0.0, 0.1234, 4.567, 78.91, 1234.4].map(three_digits), ["0", "0.123", "4.57", "78.9", "1234"]);
    }

    #[test]
    fn a_loss_is_a_change_downwards() {
        assert_eq!([0.008, -0.001, 0.0].map(points), ["-0.80 points", "+0.10 points", "+0.00 points"]);
    }

    #[test]
    fn widths_that_differ_are_a_range() {
        let of = |bits: &[u32]| bits.iter().enumerate().map(|(i, b)| (format!("n{i}"), *b)).collect();
        assert_eq!(widths(&Bits { weights: of(&[3, 3]), activations: of(&[2, 5, 4]) }), "w 3, a 2-5");
    }
}

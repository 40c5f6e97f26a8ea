//! From a key path or a parser's error to the line of the run file.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use crate::error::InputError;

/// A run file's text with the place of every key.
pub struct Source<'a> {
    text: &'a str,
    /// Key path (`network.layers[2].kernel`), byte range of the key, byte range of the value.
    keys: Vec<(String, Range<usize>, Range<usize>)>,
}

impl<'a> Source<'a> {
    /// Reads the keys; of a text that is no TOML, those before the fault.
    pub fn new(text: &'a str) -> Self {
        let mut keys = Vec::new();
        let (table, _) = DeTable::parse_recoverable(text);
        collect(table.get_ref(), "", &mut keys);
        Self { text, keys }
    }

    /// Puts the line of the key path in `fault.place` in front of it; of a missing key, the line of its section.
    pub fn locate(&self, fault: InputError) -> InputError {
        let mut path = fault.place.as_str();
        loop {
            if let Some((_, key, _)) = self.keys.iter().find(|(p, ..)| p == path) {
                return InputError { place: format!("line {}: {}", self.line(key.start), fault.place), ..fault };
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return fault,
            }
        }
    }

    /// A parser's error as a wrong input: its line, the key there, what was found and expected.
    pub fn explain(&self, err: &Error) -> InputError {
        let span = err.span().unwrap_or(0..0);
        let holds = |range: &Range<usize>| range.start <= span.start && span.end <= range.end;
        let length = |range: &Range<usize>| range.end - range.start;
        let around = self.keys.iter().flat_map(|(path, key, value)| [(path, key), (path, value)]);
        let path = around.filter(|(_, range)| holds(range)).min_by_key(|(_, range)| length(range));
        let place = path.map_or(String::new(), |(path, _)| format!(": {path}"));
        let (found, expected) = split_message(err.message());
        InputError::new(format!("line {}{place}", self.line(span.start)), found, expected)
    }

    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|b| **b == b'\n').count() + 1
    }
}

fn collect(table: &DeTable<'_>, prefix: &str, keys: &mut Vec<(String, Range<usize>, Range<usize>)>) {
    for (key, value) in table.iter() {
        let dot = if prefix.is_empty() { "" } else { "." };
        let path = format!("{prefix}{dot}{}", key.get_ref());
        keys.push((path.clone(), key.span(), value.span()));
        collect_value(value, &path, keys);
    }
}

fn collect_value(value: &Spanned<DeValue<'_>>, path: &str, keys: &mut Vec<(String, Range<usize>, Range<usize>)>) {
    match value.get_ref() {
        DeValue::Table(table) => collect(table, path, keys),
        DeValue::Array(array) => {
            for (i, item) in array.iter().enumerate() {
                let path = format!("{path}[{i}]");
                keys.push((path.clone(), item.span(), item.span()));
                collect_value(item, &path, keys);
            }
        }
        _ => {}
    }
}

/// Splits serde's `FOUND, expected EXPECTED` and puts Rust's type names in plain words.
fn split_message(message: &str) -> (String, String) {
    let message = message.trim().replace('\n', " ");
    if let Some(field) = message.strip_prefix("missing field ") {
        return (format!("no {field}"), format!("the key {field}"));
    }
    let Some((found, expected)) = message.split_once(", expected ") else {
        return (message, "a run file as in docs/run-file.md".into());
    };
    let expected = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "f64" => "a number",
        _ if expected.starts_with("struct ") => "a table",
        other => other,
    };
    (found.into(), expected.into())
}

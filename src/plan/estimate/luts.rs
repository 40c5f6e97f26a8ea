//! LUTs a piece of every feature, for each family: `luts.json`, fitted by `scripts/estimates.sh`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::features::FEATURES;
use crate::synth::Target;

/// One number a feature and family, in the order of [`FEATURES`].
type Table = BTreeMap<String, [f64; FEATURES.len()]>;

static TABLE: OnceLock<Table> = OnceLock::new();

fn table() -> &'static Table {
    TABLE.get_or_init(|| {
        let text = include_str!("luts.json");
        let families: BTreeMap<String, BTreeMap<String, f64>> =
            serde_json::from_str(text).expect("luts.json is a table");
        let row = |features: BTreeMap<String, f64>| {
            std::array::from_fn(|i| *features.get(FEATURES[i]).unwrap_or_else(|| panic!("luts.json: {}", FEATURES[i])))
        };
        families.into_iter().map(|(family, features)| (family, row(features))).collect()
    })
}

/// LUTs of `amounts` of the features.
pub fn of(family: Target, amounts: &[f64; FEATURES.len()]) -> f64 {
    table()[family.name()].iter().zip(amounts).map(|(luts, amount)| luts * amount).sum()
}

//! Section `[study]`: which orders, which seeds, and whether the grid is walked. `docs/study.md` explains it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::search::StageName;
use crate::error::InputError;

/// What `slimgate study` compares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StudyConfig {
    /// Orders of the stages; every permutation of `search.order` where empty.
    pub orders: Vec<Vec<StageName>>,
    /// Seeds: every order is searched with each.
    pub seeds: Vec<u64>,
    /// Whether the brute-force grid is walked, with the first seed and in the order `search.order`.
    pub grid: bool,
}

impl Default for StudyConfig {
    fn default() -> Self {
        Self { orders: Vec::new(), seeds: vec![1, 2, 3], grid: true }
    }
}

impl StudyConfig {
    /// Everything wrong with the section's values; places are key paths.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        for (i, order) in self.orders.iter().enumerate() {
            let distinct: BTreeSet<_> = order.iter().collect();
            if distinct.len() != order.len() || !distinct.contains(&StageName::Iq) {
                let expected = "iq, and ns and dc where wanted, each once";
                faults.push(InputError::new(format!("study.orders[{i}]"), names(order), expected));
            } else if self.orders[..i].contains(order) {
                faults.push(InputError::new(format!("study.orders[{i}]"), names(order), "every order once"));
            }
        }
        let distinct: BTreeSet<_> = self.seeds.iter().collect();
        if distinct.is_empty() || distinct.len() != self.seeds.len() {
            faults.push(InputError::new("study.seeds", format!("{:?}", self.seeds), "one seed or more, each once"));
        }
        if let Some(seed) = self.seeds.iter().find(|seed| i64::try_from(**seed).is_err()) {
            faults.push(InputError::new("study.seeds", seed.to_string(), "at most 2^63 - 1"));
        }
        faults
    }

    /// The orders, in words of the search.
    pub fn orders(&self, search: &[StageName]) -> Vec<Vec<String>> {
        let orders = if self.orders.is_empty() { permutations(search) } else { self.orders.clone() };
        orders.iter().map(|order| order.iter().map(|stage| stage.as_str().to_string()).collect()).collect()
    }
}

fn names(order: &[StageName]) -> String {
    format!("{:?}", order.iter().map(|stage| stage.as_str()).collect::<Vec<_>>())
}

/// Every permutation; the given one first.
fn permutations(stages: &[StageName]) -> Vec<Vec<StageName>> {
    if stages.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (i, first) in stages.iter().enumerate() {
        let rest: Vec<StageName> = stages.iter().enumerate().filter(|(k, _)| *k != i).map(|(_, s)| *s).collect();
        all.extend(permutations(&rest).into_iter().map(|tail| [vec![*first], tail].concat()));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_list_every_permutation_is_searched_the_given_order_first() {
        let all = StudyConfig::default().orders(&StageName::ALL);
        assert_eq!(all.len(), 6);
        assert_eq!(all[0], ["iq", "ns", "dc"]);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 6);
    }

    #[test]
    fn wrong_orders_and_seeds_are_told_at_once() {
        use StageName::{Dc, Iq, Ns};
        let orders = vec![vec![Ns, Dc], vec![Iq, Iq], vec![Iq], vec![Iq]];
        let faults = StudyConfig { orders, seeds: vec![1, 1], grid: true }.check();
        let places: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["study.orders[0]", "study.orders[1]", "study.orders[3]", "study.seeds"]);
        assert_eq!(StudyConfig { seeds: Vec::new(), ..StudyConfig::default() }.check().len(), 1);
        assert!(StudyConfig::default().check().is_empty());
    }
}

//! One seed's searches on its bench, and what each of them used.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::run::record::SearchOutcome;
use crate::search::bench::{Measured, SearchResult};
use crate::search::grid::{self, GridPlan};
use crate::search::journal::Entry;
use crate::search::margin::{self, Plan};
use crate::search::recorded::{Maker, Recorded};

/// A finished search.
#[derive(Debug, Clone)]
pub struct Searched {
    /// Its decisions and its final network.
    pub outcome: SearchOutcome,
    /// Lines of all networks that it asked for, whether it made them or found them in the journal, oldest first: what
    /// it would cost alone.
    pub used: Vec<Entry>,
}

impl Searched {
    fn of<M: Maker>(bench: &mut Recorded<M>, search: SearchResult, network: Measured) -> Self {
        let keys: BTreeSet<String> = bench.take_used();
        let used = bench.journal().entries().iter().filter(|entry| keys.contains(&entry.key)).cloned().collect();
        let met = network.accuracy >= search.target;
        Self { outcome: SearchOutcome { search, network, met }, used }
    }

    /// The line of the final network.
    pub fn network(&self) -> Option<&Entry> {
        self.used.iter().find(|entry| entry.key == self.outcome.network.key)
    }
}

/// Margin search in one order.
///
/// # Errors
/// Those of a candidate.
pub fn order<M: Maker>(bench: &mut Recorded<M>, plan: &Plan, polish: bool) -> Result<Searched> {
    bench.take_used();
    let search = margin::search(bench, plan)?;
    let network = if polish { bench.finish(&search)? } else { search.network().clone() };
    Ok(Searched::of(bench, search, network))
}

/// Most networks of the grid that are polished.
const MOST_POLISHES: usize = 5;

/// The grid, and its best network: as the margin search's, it is polished, and must then meet the target itself. With an
/// allowance the next best, five at most, are polished until one does; else the best of them ends the search.
///
/// # Errors
/// Those of a candidate.
pub fn grid<M: Maker>(bench: &mut Recorded<M>, plan: &GridPlan, polish: bool) -> Result<(Searched, Vec<Measured>)> {
    bench.take_used();
    let grid = grid::all(bench, plan)?;
    let sorted = grid.best_first();
    let (mut search, mut network) = (sorted[0].clone(), sorted[0].network().clone());
    for (i, next) in sorted.into_iter().take(if polish { MOST_POLISHES } else { 0 }).enumerate() {
        let polished = bench.polish(next.network())?;
        if i == 0 || polished.rank(&network, next.target).is_lt() {
            (search, network) = (next, polished);
        }
        if network.accuracy >= search.target {
            break;
        }
    }
    Ok((Searched::of(bench, search, network), grid.networks().cloned().collect()))
}

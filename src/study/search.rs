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

/// The grid, and its best network: as the margin search's, it is polished, and must then meet the target itself. With an
/// allowance the next smallest is polished until one does.
///
/// # Errors
/// Those of a candidate.
pub fn grid<M: Maker>(bench: &mut Recorded<M>, plan: &GridPlan, polish: bool) -> Result<(Searched, Vec<Measured>)> {
    bench.take_used();
    let grid = grid::all(bench, plan)?;
    let mut search = grid.best();
    let mut network = search.network().clone();
    if polish {
        for next in grid.best_first() {
            let meets_lowered = next.network().accuracy >= next.target - plan.allowance;
            network = bench.polish(next.network())?;
            search = next;
            if network.accuracy >= search.target || !meets_lowered {
                break;
            }
        }
    }
    Ok((Searched::of(bench, search, network), grid.networks().cloned().collect()))
}

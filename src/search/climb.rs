//! The deepest passing rung of one ladder.
//!
//! The method climbs rung by rung until one fails. Where accuracy only falls with the reduction, galloping (rungs
//! 0, 1, 3, 7, …) and then bisecting finds the same rung with fewer candidates; `tests/search_margin.rs` proves it
//! over every ladder and every threshold.

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// How the rungs of a ladder are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Every rung, until one fails: the published method.
    Linear,
    /// Doubling steps until one fails, then bisection: the same rung where accuracy only falls.
    #[default]
    Gallop,
    /// Bisection of the whole ladder, from its middle: the fewest candidates on a long ladder, and the same rung where
    /// accuracy only falls.
    Bisect,
}

/// The deepest of `rungs` rungs that passes, `None` where rung 0 fails.
///
/// `passes` is asked at most once for each rung.
pub fn deepest(schedule: Schedule, rungs: usize, passes: impl FnMut(usize) -> Result<bool>) -> Result<Option<usize>> {
    match schedule {
        Schedule::Linear => linear(rungs, passes),
        Schedule::Gallop => gallop(rungs, passes),
        Schedule::Bisect => bisect(0, rungs, passes),
    }
}

fn linear(rungs: usize, mut passes: impl FnMut(usize) -> Result<bool>) -> Result<Option<usize>> {
    for rung in 0..rungs {
        if !passes(rung)? {
            return Ok(rung.checked_sub(1));
        }
    }
    Ok(rungs.checked_sub(1))
}

fn gallop(rungs: usize, mut passes: impl FnMut(usize) -> Result<bool>) -> Result<Option<usize>> {
    // Rungs below `good` pass, rungs from `bad` on fail: `good` counts, it is no index.
    let (mut good, mut bad) = (0, rungs);
    while good < bad {
        let rung = (2 * good).clamp(1, rungs) - 1;
        if !passes(rung)? {
            bad = rung;
            break;
        }
        good = rung + 1;
    }
    bisect(good, bad, passes)
}

/// Rungs below `good` pass, rungs from `bad` on fail.
fn bisect(mut good: usize, mut bad: usize, mut passes: impl FnMut(usize) -> Result<bool>) -> Result<Option<usize>> {
    while good < bad {
        let rung = good + (bad - good) / 2;
        if passes(rung)? { good = rung + 1 } else { bad = rung }
    }
    Ok(good.checked_sub(1))
}

//! Random foldings, for property tests: anything the engines promise to take.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::Plan;
use super::choose::{Chooser, Want, parallelisms, plan, steps};
use super::conv::Folding;
use super::sparse::SparseFolding;
use super::stages::Stage;
use crate::network::Network;

/// Draws every choice from `rng`.
struct RandomChooser<'a, R: Rng>(&'a mut R);

impl<R: Rng> Chooser for RandomChooser<'_, R> {
    fn dense(&mut self, stage: &Stage, want: Option<&Want>) -> Option<(Folding, usize)> {
        let fitting: Vec<(Folding, usize)> = parallelisms(stage.channels())
            .into_iter()
            .filter(|&in_par| in_par <= 16)
            .flat_map(|in_par| parallelisms(stage.output.c).into_iter().map(move |out_par| Folding { in_par, out_par }))
            .flat_map(|folding| steps(stage, folding, want).into_iter().map(move |step| (folding, step)))
            .collect();
        fitting.choose(self.0).copied()
    }

    fn sparse(&mut self, stage: &Stage) -> SparseFolding {
        let banks = self.0.random_range(1..=stage.output.c.min(8));
        SparseFolding { banks, in_lanes: 1 }
    }
}

/// A plan of `network` with random foldings.
///
/// # Errors
/// As [`plan`].
pub fn random(network: &Network, rng: &mut impl Rng) -> anyhow::Result<Plan> {
    plan(network, &mut RandomChooser(rng))
}

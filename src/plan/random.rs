//! Random foldings, for property tests: anything the engines promise to take.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::choose::{Chooser, Want, columns, foldings, plan, steps, steps_within};
use super::conv::Folding;
use super::layer::Choice;
use super::sparse::SparseFolding;
use super::sparse_conv::SparseConvFolding;
use super::stages::Stage;
use super::{Plan, dsp};
use crate::network::Network;

/// Draws every choice from `rng`.
struct RandomChooser<'a, R: Rng>(&'a mut R);

impl<R: Rng> Chooser for RandomChooser<'_, R> {
    fn dense(&mut self, stage: &Stage, want: Option<&Want>) -> Option<(Folding, usize)> {
        let all = foldings(stage).into_iter().filter(|f| f.in_par <= 16 && (f.k_par == 1 || f.lanes() <= 64));
        // Several taps a cycle in half the draws, as far as the kernel has them.
        let many = stage.taps() > 1 && self.0.random_bool(0.5);
        let fitting: Vec<(Folding, usize)> = all
            .filter(|f| (f.k_par > 1) == many)
            .flat_map(|folding| steps(stage, folding, want).into_iter().map(move |step| (folding, step)))
            .collect();
        fitting.choose(self.0).copied()
    }

    fn sparse(&mut self, stage: &Stage) -> SparseFolding {
        let banks = self.0.random_range(1..=stage.output.c.min(8));
        SparseFolding { banks, in_lanes: 1 }
    }

    /// The sparse engine in most draws, with many lanes or few.
    fn sparse_conv(&mut self, stage: &Stage, want: Option<&Want>) -> Option<Choice> {
        let all = foldings(stage).into_iter().filter(|f| f.out_par == stage.output.c && f.products() <= 32);
        let fitting: Vec<SparseConvFolding> = all
            .flat_map(|f| {
                let columns = columns(stage, f);
                let cycles = columns + columns * stage.output.c * self.0.random_range(0..=6_usize).pow(2) / 36;
                let folding = move |step| SparseConvFolding { k_par: f.k_par, in_par: f.in_par, step, cycles };
                steps_within(stage, f, cycles, want).into_iter().map(folding)
            })
            .collect();
        let sparse = fitting.choose(self.0).copied().filter(|_| self.0.random_bool(0.8)).map(Choice::SparseConv);
        sparse.or_else(|| self.dense(stage, want).map(|(folding, step)| Choice::Conv(folding, step)))
    }
}

/// A plan of `network` with random foldings.
///
/// # Errors
/// As [`plan`].
pub fn random(network: &Network, rng: &mut impl Rng) -> anyhow::Result<Plan> {
    let mut plan = plan(network, &mut RandomChooser(rng))?;
    // Some lanes in LUTs.
    let blocks = plan.resources.dsp as usize;
    dsp::limit(&mut plan, rng.random_range(0..=blocks));
    Ok(plan)
}

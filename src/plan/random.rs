//! Random foldings, for property tests: anything the engines promise to take.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::Plan;
use super::choose::{self, Chooser, Planned, columns, foldings, plan, readable, steps, steps_within};
use super::constant::ConstFolding;
use super::constant::layer::{adds, small, sum_bits};
use super::conv::Folding;
use super::layer::Choice;
use super::pack::Block;
use super::sparse::SparseFolding;
use super::sparse_conv::SparseConvFolding;
use super::stages::Stage;
use super::want::Demand;
use crate::network::Network;
use crate::synth::Target;

/// Digits of the weights of a layer that may get the constant engine: more of them take simulators long and show nothing new.
const MOST_DIGITS: usize = 400;

/// Draws every choice from `rng`.
struct RandomChooser<'a, R: Rng>(&'a mut R, &'a Network);

impl<R: Rng> Chooser for RandomChooser<'_, R> {
    fn dense(&mut self, stage: &Stage, demand: &Demand) -> Option<(Folding, usize)> {
        let all = foldings(stage).into_iter().filter(|f| f.in_par <= 16 && (f.k_par == 1 || f.lanes() <= 64));
        // Several taps a cycle in half the draws, as far as the kernel has them.
        let many = stage.taps() > 1 && self.0.random_bool(0.5);
        let fitting: Vec<(Folding, usize)> = all
            .filter(|f| (f.k_par > 1) == many)
            .flat_map(|folding| steps(stage, folding, &demand.wants).into_iter().map(move |step| (folding, step)))
            .collect();
        fitting.choose(self.0).copied()
    }

    fn sparse(&mut self, stage: &Stage, demand: &Demand) -> SparseFolding {
        let banks = self.0.random_range(1..=stage.output.c.min(8));
        let folding = |in_lanes| SparseFolding { banks, in_lanes };
        let fed = |&in_lanes: &usize| readable(stage, in_lanes, demand, u64::MAX);
        let lanes: Vec<usize> = (2..=4).filter(fed).chain([1]).collect();
        folding(lanes.choose(self.0).copied().unwrap_or(1))
    }

    /// The sparse engine in most draws, with many lanes or few.
    fn sparse_conv(&mut self, stage: &Stage, demand: &Demand) -> Option<Choice> {
        let all = foldings(stage).into_iter().filter(|f| f.out_par == stage.output.c && f.products() <= 32);
        let fitting: Vec<SparseConvFolding> = all
            .flat_map(|f| {
                let columns = columns(stage, f);
                let cycles = columns + columns * stage.output.c * self.0.random_range(0..=6_usize).pow(2) / 36;
                let folding = move |step| SparseConvFolding { k_par: f.k_par, in_par: f.in_par, step, cycles };
                steps_within(stage, f, cycles, &demand.wants).into_iter().map(folding)
            })
            .collect();
        let sparse = fitting.choose(self.0).copied().filter(|_| self.0.random_bool(0.8)).map(Choice::SparseConv);
        sparse.or_else(|| self.dense(stage, demand).map(|(folding, step)| Choice::Conv(folding, step)))
    }

    /// In a quarter of the draws, where a layer is small enough.
    fn constant(&mut self, stage: &Stage, demand: &Demand, _: Option<Choice>) -> Option<ConstFolding> {
        let params = self.1.params(&stage.node);
        small(params).filter(|&digits| digits <= MOST_DIGITS)?;
        let all = foldings(stage).into_iter().filter(|f| f.out_par == stage.output.c && f.products() <= 64);
        let fitting: Vec<ConstFolding> = all
            .flat_map(|f| {
                let folding = move |step| ConstFolding { k_par: f.k_par, in_par: f.in_par, step, digit: None };
                steps_within(stage, f, usize::MAX, &demand.wants).into_iter().map(folding)
            })
            .collect();
        let folding = fitting.choose(self.0).copied().filter(|_| self.0.random_bool(0.25))?;
        let several = folding.step < stage.output.c && adds(params);
        let digit = Some(self.0.random_range(1..=4));
        let digit = digit.filter(|&d| several && d < sum_bits(params, stage.input().act) && self.0.random_bool(0.5));
        Some(ConstFolding { digit, ..folding })
    }

    fn lanes(&mut self, stage: &Stage, demand: &Demand) -> Option<usize> {
        choose::lanes(stage, &demand.wants).choose(self.0).copied()
    }
}

/// A plan of `network` with random foldings.
///
/// # Errors
/// As [`plan`].
pub fn random(network: &Network, rng: &mut impl Rng) -> anyhow::Result<Plan> {
    let family = [Target::Xc7, Target::Xcup, Target::Ecp5].choose(rng).copied().unwrap_or(Target::Xc7);
    // Some lanes in LUTs.
    let most = rng.random_bool(0.5).then(|| rng.random_range(0..=64));
    plan(network, Block::of(family), most, &Planned::default(), &mut RandomChooser(rng, network))
}

//! Networks whose graphs fork and join: exact, at the planned pace, and their buffers as deep as it takes.

mod graph_sim;
#[path = "../examples/make_graphs/networks.rs"]
mod networks;

use graph_sim::{buffers, goal, holds, simulate};
use slimgate::plan::Plan;
use slimgate::plan::buffers::size;
use slimgate::plan::choose::{self, Chooser, foldings, plan, steps};
use slimgate::plan::constant::ConstFolding;
use slimgate::plan::conv::Folding;
use slimgate::plan::device::Device;
use slimgate::plan::layer::Choice;
use slimgate::plan::reach::balance;
use slimgate::plan::sparse::SparseFolding;
use slimgate::plan::stages::Stage;
use slimgate::plan::want::Demand;
use tempfile::TempDir;

#[test]
fn a_residual_network_keeps_its_pace() {
    holds(&networks::resnet8(), 20_000, 20, 3);
}

#[test]
fn a_densely_connected_network_keeps_its_pace() {
    holds(&networks::densenet(), 20_000, 20, 3);
}

#[test]
fn a_buffer_of_less_than_the_rule_deadlocks() {
    let network = networks::block(8, 2);
    let mut plan = balance(&network, &goal(600)).unwrap();
    let simulate = |plan: &Plan| simulate(TempDir::new().unwrap().path(), &network, plan, 4, 0.2);
    let outcome = simulate(&plan);
    assert!(outcome.passed(), "{outcome:?}");
    // The first sum needs a row of conv1 beside its own and that needs a row more: three rows of conv0 wait.
    let row = 8 * plan.layers[0].out.beats_a_pixel();
    let [(node, 1, port)] = &mut buffers(&mut plan)[..] else { panic!("one buffer, on the shortcut") };
    assert_eq!(node, "add");
    assert!((3 * row..6 * row).contains(&port.depth), "{} words for rows of {row}", port.depth);
    port.depth = 2 * row;
    let outcome = simulate(&plan);
    assert!(outcome.deadlock.is_some(), "{outcome:?}");
}

/// Convolutions of several taps as fast as can be, a window and a whole pixel a cycle; everything else as slow.
struct Uneven;

impl Chooser for Uneven {
    fn dense(&mut self, stage: &Stage, demand: &Demand) -> Option<(Folding, usize)> {
        foldings(stage).into_iter().rev().find_map(|f| steps(stage, f, &demand.wants).first().map(|&step| (f, step)))
    }

    fn sparse(&mut self, _: &Stage, _: &Demand) -> SparseFolding {
        SparseFolding { banks: 1, in_lanes: 1 }
    }

    fn sparse_conv(&mut self, stage: &Stage, demand: &Demand) -> Option<Choice> {
        self.dense(stage, demand).map(|(folding, step)| Choice::Conv(folding, step))
    }

    fn constant(&mut self, stage: &Stage, _: &Demand, _: Option<Choice>) -> Option<ConstFolding> {
        let whole = ConstFolding { k_par: stage.taps(), in_par: stage.channels(), step: stage.output.c, digit: None };
        (stage.taps() > 1).then_some(whole)
    }

    fn lanes(&mut self, stage: &Stage, demand: &Demand) -> Option<usize> {
        choose::lanes(stage, &demand.wants).first().copied()
    }
}

#[test]
fn a_shortcut_slower_than_its_fork_does_not_deadlock() {
    let block = Device::named("xc7z020").unwrap().block();
    for network in [networks::block(64, 1), networks::wide()] {
        let mut plan = plan(&network, block, None, &Default::default(), &mut Uneven).unwrap();
        // As if something else were slow: between the rows, all is at rest.
        plan.cycles_per_image *= 8;
        size(&mut plan);
        let outcome = simulate(TempDir::new().unwrap().path(), &network, &plan, 3, 0.0);
        assert!(outcome.passed(), "{}: {outcome:?}", network.name);
    }
}

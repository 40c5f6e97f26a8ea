//! Networks whose graphs fork and join: exact, at the planned pace, and their buffers as deep as it takes.

mod graph_sim;
#[path = "../examples/make_graphs/networks.rs"]
mod networks;

use graph_sim::{buffers, goal, holds, simulate};
use slimgate::plan::Plan;
use slimgate::plan::reach::balance;
use tempfile::TempDir;

#[test]
fn a_residual_network_keeps_its_pace() {
    holds(&networks::resnet8(), 20_000, 20);
}

#[test]
fn a_densely_connected_network_keeps_its_pace() {
    holds(&networks::densenet(), 20_000, 20);
}

#[test]
fn a_buffer_of_less_than_the_rule_deadlocks() {
    let network = networks::block(8);
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

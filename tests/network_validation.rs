//! What a valid network is: each rule broken once, each message with its place.

mod tiny;

use slimgate::network::graph::{ActType, INPUT, Node, Op};
use slimgate::network::{Network, graph};
use tiny::tiny;

/// The errors of `tiny` after a change.
fn errors(change: impl FnOnce(&mut Network)) -> String {
    let mut network = tiny();
    change(&mut network);
    network.validate().expect_err("a broken network").to_string()
}

fn conv(network: &mut Network) -> &mut graph::Conv {
    match &mut network.nodes[0].op {
        Op::Conv(conv) => conv,
        _ => unreachable!(),
    }
}

fn pool(network: &mut Network) -> &mut graph::MaxPool {
    match &mut network.nodes[1].op {
        Op::MaxPool(pool) => pool,
        _ => unreachable!(),
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Network), wanted: &str) {
    let found = errors(change);
    assert!(found.contains(wanted), "wanted: {wanted}\nfound:  {found}");
}

#[test]
fn tiny_is_valid_and_has_shapes_and_types() {
    let network = tiny();
    network.validate().unwrap();
    let shapes = network.shapes().unwrap();
    let shape = |name: &str| (shapes[name].c, shapes[name].h, shapes[name].w);
    assert_eq!([shape(INPUT), shape("conv1"), shape("pool1")], [(1, 4, 4), (2, 4, 4), (2, 2, 2)]);
    assert_eq!([shape("flat"), shape("fc")], [(8, 1, 1), (3, 1, 1)]);
    let types = network.act_types();
    assert_eq!((types[INPUT], types["flat"]), (ActType::unsigned(8), ActType::unsigned(4)));
    assert!(!types.contains_key("fc"));
    // conv1: 100 + 4 * 255 and -3 * 255; channel 1: +-9 * 255, bias -7. fc: 15 * 15 and -15 * 15 - 4.
    assert_eq!(network.acc_range("conv1"), Some((-9 * 255 - 7, 9 * 255)));
    assert_eq!(network.acc_range("fc"), Some((-229, 225)));
    assert_eq!((network.acc_bits("conv1"), network.acc_bits("fc")), (Some(13), Some(9)));
    assert_eq!(network.acc_bits("pool1"), None);
}

#[test]
fn names() {
    check(|n| n.name = "Tiny".into(), "name: found \"Tiny\"; expected a name [a-z]");
    check(|n| n.name = "sg_x".into(), "not beginning \"sg_\"");
    check(
        |n| n.nodes[2].name = "pool1".into(),
        "nodes[2].name: found \"pool1\"; expected a name that no other node has",
    );
    check(|n| n.nodes[3].name = "top".into(), "nodes[3].name: found \"top\"");
    check(|n| n.nodes[3].name = "f-c".into(), "nodes[3].name: found \"f-c\"");
    check(|n| n.nodes[3].name = "x".repeat(65), "at most 64 characters");
    check(|n| n.classes[2] = "a".into(), "classes[2]: found \"a\"");
    check(|n| n.classes.truncate(2), "classes: found 2 names; expected 3");
    check(|n| n.nodes.clear(), "nodes: found an empty list; expected at least one node");
}

#[test]
fn order_and_arity() {
    check(
        |n| n.nodes[1].inputs[0] = "flat".into(),
        "nodes[1] \"pool1\".inputs[0]: found \"flat\"; expected \"input\" or the",
    );
    check(|n| n.nodes[1].inputs[0] = "pool1".into(), "nodes[1] \"pool1\".inputs[0]");
    check(|n| n.nodes[1].inputs.clear(), "nodes[1] \"pool1\".inputs: found 0 inputs for max_pool; expected 1 input");
    check(|n| n.nodes[1].inputs.push(INPUT.into()), "found 2 inputs for max_pool");
    check(|n| n.nodes[1].inputs[0] = INPUT.into(), "nodes[0] \"conv1\": found an output that nobody reads");
    let join = |n: &mut Network, inputs: [&str; 2], op| {
        let inputs = inputs.iter().map(|s| s.to_string()).collect();
        n.nodes.insert(1, Node { name: "j".into(), inputs, op });
        n.nodes[2].inputs[0] = "j".into();
    };
    let add = || Op::Add(graph::Join { out: ActType::unsigned(4) });
    check(|n| join(n, ["conv1", "conv1"], add()), "nodes[1] \"j\".inputs[1]: found \"conv1\" again");
    check(|n| join(n, ["conv1", INPUT], add()), "found [2, 4, 4] and [1, 4, 4]; expected inputs of one shape");
}

#[test]
fn bits_and_last_layer() {
    check(|n| conv(n).weight_bits = 1, "nodes[0] \"conv1\".weight_bits: found 1; expected 2 to 8");
    check(|n| conv(n).weight_bits = u32::MAX, "nodes[0] \"conv1\".weight_bits");
    check(|n| conv(n).out = Some(ActType::signed(9)), "nodes[0] \"conv1\".out.bits: found 9; expected 1 to 8");
    check(|n| conv(n).out = Some(ActType::signed(0)), "nodes[0] \"conv1\".out.bits: found 0");
    check(|n| conv(n).out = None, "nodes[0] \"conv1\".out: found none");
    check(|n| n.nodes.truncate(2), "nodes[1] \"pool1\": found max_pool; expected conv or dense as the last node");
    check(
        |n| match &mut n.nodes[3].op {
            Op::Dense(dense) => dense.out = Some(ActType::unsigned(8)),
            _ => unreachable!(),
        },
        "nodes[3] \"fc\".out: found a format; expected none",
    );
    check(
        |n| {
            n.nodes.truncate(1);
            conv(n).out = None;
        },
        "nodes[0] \"conv1\": found output [2, 4, 4]; expected [classes, 1, 1]",
    );
}

#[test]
fn geometry() {
    check(
        |n| conv(n).padding = [3, 0],
        "nodes[0] \"conv1\".padding[0]: found 3; expected at most 2 (less than the kernel)",
    );
    check(
        |n| pool(n).padding = [0, 2],
        "nodes[1] \"pool1\".padding[1]: found 2; expected at most 1 (at most half the kernel)",
    );
    check(|n| conv(n).stride = [0, 1], "nodes[0] \"conv1\".stride[0]: found 0; expected 1 to 255");
    check(|n| conv(n).kernel = [3, usize::MAX], "nodes[0] \"conv1\".kernel[1]");
    check(|n| pool(n).kernel = [5, 2], "nodes[1] \"pool1\".kernel[0]: found 5; expected at most 4, the padded input");
    check(|n| conv(n).out_channels = 0, "nodes[0] \"conv1\".out_channels: found 0; expected 1 to 65535");
    check(|n| n.input.height = 0, "input: found [1, 0, 4]");
    check(|n| n.input.width = usize::MAX, "input: found");
    check(|n| n.nodes[3].inputs[0] = "pool1".into(), "nodes[3] \"fc\": found input [2, 2, 2]; expected [F, 1, 1]");
}

#[test]
fn integers() {
    fn params<'a>(n: &'a mut Network, node: &str) -> &'a mut slimgate::network::Params {
        n.params.get_mut(node).unwrap()
    }
    check(|n| params(n, "conv1").weight[4] = -4, "nodes[0] \"conv1\".weight[4]: found -4; expected -3 to 3");
    check(|n| params(n, "conv1").weight.fill(-128), "weight[0]: found -128 (and 17 more out of range)");
    check(
        |n| _ = params(n, "conv1").weight.pop(),
        "nodes[0] \"conv1\".weight: found 17 values; expected 18 (shape [2, 1, 3, 3])",
    );
    check(|n| params(n, "conv1").shift[1] = 0, "nodes[0] \"conv1\".shift[1]: found 0; expected 1 to 40");
    check(|n| params(n, "conv1").shift[0] = 41, "nodes[0] \"conv1\".shift[0]: found 41");
    check(|n| params(n, "conv1").bias[1] = i64::MIN, "nodes[0] \"conv1\".bias[1]: found -9223372036854775808");
    check(|n| params(n, "conv1").bias[1] = (1 << 47) - 1, "an accumulator of 49 signed bits");
    check(|n| params(n, "fc").bias[1] = (1 << 31) - 1, "nodes[3] \"fc\": found an accumulator of 33 signed bits");
    check(|n| params(n, "fc").shift.push(1), "nodes[3] \"fc\".shift: found 1 values; expected 0");
    check(|n| _ = n.params.remove("fc"), "nodes[3] \"fc\".weight: found 0 values; expected 24");
    check(|n| _ = n.params.insert("ghost".into(), Default::default()), "tensors of \"ghost\": found no such node");
}

#[test]
fn first_error_does_not_hide_the_rest() {
    let found = errors(|n| {
        n.name = "9".into();
        conv(n).weight_bits = 9;
        pool(n).stride = [0, 0];
    });
    assert_eq!(found.lines().count(), 3, "{found}");
}

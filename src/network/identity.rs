//! Names: of the network, its nodes and its classes.

use std::collections::BTreeSet;

use super::Network;
use super::graph::INPUT;
use super::limits::MAX_NAME;
use crate::error::InputError;

/// Names no node may have: the input, and the module that holds them all.
const RESERVED_NODES: [&str; 2] = [INPUT, "top"];
/// Prefix of the hardware's own cells, so that `<network>_<node>` never names one of them.
const CELLS: &str = "sg";

/// Everything wrong with the names of a network.
pub(super) fn errors(network: &Network) -> Vec<InputError> {
    let mut errors = Vec::new();
    let name = &network.name;
    if !is_identifier(name) {
        errors.push(InputError::new("name", format!("\"{name}\""), identifier()));
    } else if name == CELLS || name.starts_with("sg_") {
        errors.push(InputError::new(
            "name",
            format!("\"{name}\""),
            "a name other than \"sg\" and not beginning \"sg_\"",
        ));
    }
    let mut seen = BTreeSet::from(RESERVED_NODES);
    for (index, node) in network.nodes.iter().enumerate() {
        let place = format!("nodes[{index}].name");
        let found = format!("\"{}\"", node.name);
        if !is_identifier(&node.name) {
            errors.push(InputError::new(place, found, identifier()));
        } else if !seen.insert(&node.name) {
            errors.push(InputError::new(place, found, "a name that no other node has, neither \"input\" nor \"top\""));
        }
    }
    let mut seen = BTreeSet::new();
    for (index, class) in network.classes.iter().enumerate() {
        if class.is_empty() || !seen.insert(class) {
            let place = format!("classes[{index}]");
            errors.push(InputError::new(place, format!("\"{class}\""), "a name that no other class has, not empty"));
        }
    }
    errors
}

/// `[a-z][a-z0-9_]*`, of bounded length.
fn is_identifier(name: &str) -> bool {
    let tail_ok = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    tail_ok && name.len() <= MAX_NAME && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// What [`is_identifier`] wants.
fn identifier() -> String {
    format!("a name [a-z][a-z0-9_]*, at most {MAX_NAME} characters")
}

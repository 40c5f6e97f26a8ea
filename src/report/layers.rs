//! The layer table: what each node was, is, and how it is built.

use anyhow::Result;

use super::model::{Layer, LayerEngine};
use super::sources::Sources;
use crate::run::record::EngineRecord;

/// The final network's nodes, in graph order.
pub fn layers(sources: &Sources) -> Result<Vec<Layer>> {
    let network = &sources.network;
    let before = sources.config.network.resolve(network.input.shape(), network.classes.len())?;
    let shapes = network.shapes()?;
    let types = network.act_types();
    let sizes = network.sizes()?;
    let last = network.nodes.last().map(|node| node.name.as_str());
    let layer = |(node, (_, size)): (&crate::network::graph::Node, &(String, crate::network::sizes::Sizes))| Layer {
        name: node.name.clone(),
        op: node.op.name(),
        channels_before: before.iter().find(|spec| spec.name == node.name).map(|spec| spec.shape.c),
        channels: shapes[&node.name].c,
        weight_bits: node.op.weight_bits(),
        activation_bits: types.get(&node.name).filter(|_| last != Some(&node.name)).map(|ty| ty.bits),
        weights: size.weights,
        nonzeros: size.nonzeros,
        macs: size.nonzero_macs,
        stored_bits: size.stored_bits,
        engine: engine(sources, &node.name),
    };
    Ok(network.nodes.iter().zip(&sizes.nodes).map(layer).collect())
}

fn engine(sources: &Sources, node: &str) -> Option<LayerEngine> {
    let record = sources.design.as_ref()?.layers.iter().find(|layer| layer.node == node)?;
    let EngineRecord { engine, folding, lanes, cycles_per_image, bound, timeline, .. } = record.clone();
    let utilisation = sources.simulation.as_ref().and_then(|s| s.report.lane_utilisation.get(node).copied());
    Some(LayerEngine {
        kind: engine,
        folding,
        lanes,
        planned_cycles: cycles_per_image,
        bound,
        lane_utilisation: utilisation,
        timeline,
    })
}

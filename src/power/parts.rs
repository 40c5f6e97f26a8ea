//! A design's activity sorted by layer and kind: what a technology then gives energies to.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::activity::{Activity, Net, Scope};

/// What a part of a design is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Multipliers, adders, accumulators, requantizers and their control.
    Compute,
    /// Memories that nothing writes: weights, their positions, biases, multipliers, shifts.
    WeightMemory,
    /// Rows of the image and the windows made of them.
    LineBuffers,
    /// Queues, adapters, forks and the buffers of joins.
    Activations,
    /// What the clock moves, whatever the data.
    Clock,
    /// What flows without any change.
    Leakage,
}

impl Kind {
    /// Every kind, in the order of a table.
    pub const ALL: [Kind; 6] =
        [Kind::Compute, Kind::WeightMemory, Kind::LineBuffers, Kind::Activations, Kind::Clock, Kind::Leakage];

    /// Its name as people read it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Compute => "compute",
            Kind::WeightMemory => "weight memory",
            Kind::LineBuffers => "line buffers",
            Kind::Activations => "activations",
            Kind::Clock => "clock",
            Kind::Leakage => "leakage",
        }
    }
}

/// Layer of what stands between the engines: slices, lane adapters, forks, the count of pixels.
pub const STREAMS: &str = "streams";

/// What moved in one kind of one layer, over a whole simulation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Flip-flops.
    pub register_bits: u64,
    /// Changes of their outputs.
    pub register_toggles: u64,
    /// Changes of all other nets.
    pub wire_toggles: u64,
    /// Changes of products.
    pub product_toggles: u64,
    /// Changes of products, each times half the product's bits: what moves inside a multiplier made of gates.
    pub product_work: u64,
    /// Bits read from memories.
    pub read_bits: u64,
    /// Bits written into memories.
    pub written_bits: u64,
}

/// Sorts by layer and kind. `top` is the top module's name, `layers` the nodes that have an engine.
pub fn sort(activity: &Activity, top: &str, layers: &[String]) -> BTreeMap<(String, Kind), Moved> {
    let mut sorted: BTreeMap<(String, Kind), Moved> = BTreeMap::new();
    let places: Vec<(String, Kind)> = activity.scopes.iter().map(|scope| place(&scope.path, top, layers)).collect();
    let registers = registers(activity);
    for (index, net) in activity.nets.iter().enumerate() {
        // What a memory does is counted by its accesses.
        if memory(&activity.scopes[net.scope]).is_none() {
            count(sorted.entry(places[net.scope].clone()).or_default(), net, registers.contains(&index));
        }
    }
    for (scope, (layer, kind)) in activity.scopes.iter().zip(places) {
        let Some(memory) = memory(scope) else { continue };
        let kind = if memory.written.is_none() { Kind::WeightMemory } else { kind };
        let moved = sorted.entry((layer, kind)).or_default();
        let bits = |(enable, data): (usize, usize)| activity.nets[enable].high * u64::from(activity.nets[data].bits);
        moved.read_bits += bits(memory.read);
        moved.written_bits += memory.written.map_or(0, bits);
    }
    sorted
}

fn place(path: &[String], top: &str, layers: &[String]) -> (String, Kind) {
    let below = path.iter().position(|name| name == top).map_or(path.len(), |at| at + 1);
    let instances: Vec<&str> = path[below.min(path.len())..].iter().map(String::as_str).collect();
    let node = instances.first().and_then(|name| name.strip_prefix("u_"));
    let Some(node) = node.filter(|node| layers.iter().any(|layer| layer == node)) else {
        return (STREAMS.into(), Kind::Activations);
    };
    let inside = |names: &[&str]| instances.iter().any(|instance| names.contains(instance));
    let kind = if inside(&["u_window", "u_partial"]) {
        Kind::LineBuffers
    } else if inside(&["u_queue", "u_credit", "u_words", "u_pages"]) {
        Kind::Activations
    } else {
        Kind::Compute
    };
    (node.into(), kind)
}

/// Enable and data of a memory's ports, as nets.
struct Ports {
    read: (usize, usize),
    written: Option<(usize, usize)>,
}

/// The ports, where the scope is an instance of sg_rom, sg_ram or sg_ram_sync.
fn memory(scope: &Scope) -> Option<Ports> {
    let net = |name: &str| scope.names.get(name).copied();
    let pair = |enable, data| Some((net(enable)?, net(data)?));
    net("AddrBits")?;
    if let Some(read) = pair("en_i", "data_o").filter(|_| net("Depth").is_some()) {
        return Some(Ports { read, written: None });
    }
    let written = pair("write_en_i", "write_data_i").or_else(|| pair("wr_en_i", "wr_data_i"))?;
    // One without a read enable reads what is written, sooner or later.
    let read = pair("read_en_i", "read_data_o").or_else(|| pair("wr_en_i", "rd_data_o"))?;
    Some(Ports { read, written: Some(written) })
}

fn count(moved: &mut Moved, net: &Net, register: bool) {
    if net.name == "prod" || net.name.starts_with("prod_q") {
        moved.product_toggles += net.toggles;
        moved.product_work += net.toggles * u64::from(net.bits) / 2;
    }
    if register {
        moved.register_bits += u64::from(net.bits);
        moved.register_toggles += net.toggles;
    } else {
        moved.wire_toggles += net.toggles;
    }
}

/// Outputs of cells that are registers without saying so: start of the instance's name, start of the port's.
const OUTPUTS: [(&str, &str); 7] = [
    ("u_requant", "data_o"),
    ("i_requant", "data_o"),
    ("u_sum", "data_o"),
    ("u_acc", "done_o"),
    ("u_scores_out", "m_axis_"),
    ("u_pixel_count", "err_tlast_o"),
    ("u_buffer", "out_valid_o"),
];

/// The nets that are registers. The project's end in `_q`, `_q2`, ...; those of rust-hdl's cells are called `q`.
fn registers(activity: &Activity) -> HashSet<usize> {
    let mut found = HashSet::new();
    for scope in activity.scopes.iter().filter(|scope| memory(scope).is_none()) {
        let instance = scope.path.last().map_or("", String::as_str);
        let output = |name: &str| OUTPUTS.iter().any(|(at, port)| instance.starts_with(at) && name.starts_with(port));
        let named = |name: &str| name == "q" || name.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with("_q");
        let registers = scope.names.iter().filter(|(name, _)| named(name) || output(name) && *name != "m_axis_tready");
        found.extend(registers.map(|(_, net)| *net));
    }
    found
}

//! The joins, `templates/join.v`: add and concat.

use anyhow::Result;
use askama::Template;

use super::literal::{Counter, lit, range};
use super::queue::queue;
use super::{Artifact, text};
use crate::plan::LayerPlan;
use crate::plan::join::{How, JoinPlan, Port};
use crate::plan::memory::style;
use crate::plan::requant::SHIFT_BITS;
use crate::plan::sparse::bits_for;

#[derive(Template)]
#[template(path = "join.v")]
struct Join<'a> {
    module: &'a str,
    add: bool,
    formula: String,
    output_text: String,
    cycles: u64,
    ports: Vec<Input>,
    out_range: String,
    turns: Counter,
    lanes: usize,
    value_bits: usize,
    values: String,
    multipliers: String,
    shifts: String,
    mul_bits: usize,
    var_shift: u8,
    shift: u8,
    out_bits: usize,
    out_signed: u8,
    latency: usize,
    queue: String,
}

/// One stream that enters.
struct Input {
    k: usize,
    text: String,
    buffered: String,
    range: String,
    verilog: String,
    take: String,
    mul_bits: u32,
    multiplier: u16,
    shift: u8,
}

#[derive(Template)]
#[template(path = "port.v")]
struct PortVerilog<'a> {
    module: &'a str,
    k: usize,
    what: String,
    range: String,
    lanes: usize,
    bits: usize,
    value_bits: usize,
    extended: String,
    depth: usize,
    addr_bits: u32,
    fill_bits: u32,
    style: &'static str,
}

/// `rtl/<module>.v`.
pub fn emit(module: &str, layer: &LayerPlan, plan: &JoinPlan) -> Result<Artifact> {
    let ports = (0..plan.ports.len()).map(|k| input(module, layer, plan, k)).collect::<Result<Vec<_>>>()?;
    let mul_bits = ports.iter().map(|port| port.mul_bits).max().unwrap_or(1);
    let add = plan.how == How::Add;
    let shift = plan.ports[0].shift;
    let (lo, hi) = plan.out.range();
    let each = |of: &dyn Fn(&Port) -> String| per_lane(plan, of);
    let join = Join {
        module,
        add,
        formula: match plan.how {
            How::Add => format!(
                "out = clamp(in0 * multiplier0 >>> shift0 + in1 * multiplier1 >>> shift1, {lo}, {hi}), both rounded and kept within one bit more"
            ),
            How::Concat => text::result(Some(plan.out), "in"),
        },
        output_text: text::stream(&layer.out, layer.out.lanes),
        cycles: layer.cycles_per_image,
        ports,
        out_range: range(layer.out.beat_bits()),
        turns: Counter::new(if plan.turns.len() > 1 { plan.beats() } else { 1 }),
        lanes: plan.lanes,
        value_bits: plan.value_bits as usize,
        values: values(plan),
        multipliers: each(&|port| lit(mul_bits, port.multiplier.into())),
        shifts: each(&|port| lit(SHIFT_BITS, port.shift.into())),
        mul_bits: mul_bits as usize,
        var_shift: u8::from(plan.ports.iter().any(|port| port.shift != shift)),
        shift,
        out_bits: plan.out.bits as usize,
        out_signed: u8::from(plan.out.signed),
        latency: plan.latency(),
        queue: queue(layer.out.beat_bits(), layer.engine.queue_addr_bits().unwrap_or(1), 1, "1'b0")?,
    };
    Ok(Artifact::new(format!("rtl/{module}.v"), join.render()? + "\n"))
}

fn input(module: &str, layer: &LayerPlan, plan: &JoinPlan, k: usize) -> Result<Input> {
    let port = &plan.ports[k];
    let (bits, spare) = (port.bits as usize, (plan.value_bits - port.bits) as usize);
    let range = range(port.lanes * bits);
    let buffered = match port.depth {
        0 => "no buffer".into(),
        depth => format!("a buffer of {}", text::count(depth, "word")),
    };
    let verilog = PortVerilog {
        module,
        k,
        what: buffered.clone(),
        range: range.clone(),
        lanes: port.lanes,
        bits,
        value_bits: plan.value_bits as usize,
        extended: match (spare, port.signed) {
            (0, _) => "value".into(),
            (_, true) => format!("{{{{{spare}{{value[{}]}}}}, value}}", bits - 1),
            (_, false) => format!("{{{spare}'d0, value}}"),
        },
        depth: port.depth,
        addr_bits: bits_for(port.depth.saturating_sub(1)),
        fill_bits: bits_for(port.depth),
        style: style(&layer.memories, &format!("buffer{k}")),
    };
    Ok(Input {
        k,
        text: text::stream(&layer.inputs[k].stream, port.lanes),
        buffered,
        range,
        verilog: verilog.render()?,
        take: take(plan, k),
        mul_bits: bits_for(port.multiplier.into()),
        multiplier: port.multiplier,
        shift: port.shift,
    })
}

/// The condition that a beat takes a word of stream `k`.
fn take(plan: &JoinPlan, k: usize) -> String {
    if plan.turns.len() == 1 {
        return "1'b1".into();
    }
    let turns = Counter::new(plan.beats());
    let first: usize = plan.turns[..k].iter().map(|(_, beats)| beats).sum();
    let behind = first + plan.turns[k].1;
    let from = (first > 0).then(|| format!("(turn_q >= {})", turns.lit(first)));
    let to = (behind < turns.count).then(|| format!("(turn_q < {})", turns.lit(behind)));
    from.into_iter().chain(to).collect::<Vec<_>>().join(" && ")
}

/// The values of a beat, by turn.
fn values(plan: &JoinPlan) -> String {
    by_turn(plan, |streams| {
        let lanes: usize = streams.iter().map(|&k| plan.ports[k].lanes).sum();
        let spare = plan.lanes.saturating_sub(lanes) * plan.value_bits as usize;
        let unused = (spare > 0).then(|| format!("{spare}'d0"));
        let names = streams.iter().rev().map(|k| format!("values{k}"));
        joined(unused.into_iter().chain(names).collect())
    })
}

/// A constant for each lane of a beat, by turn.
fn per_lane(plan: &JoinPlan, constant: &dyn Fn(&Port) -> String) -> String {
    by_turn(plan, |streams| {
        let lanes = |k: usize| if streams.len() == 1 { plan.lanes } else { plan.ports[k].lanes };
        let parts = streams.iter().rev().map(|&k| format!("{{{}{{{}}}}}", lanes(k), constant(&plan.ports[k])));
        joined(parts.collect())
    })
}

/// One part as it is, several as a concatenation.
fn joined(mut parts: Vec<String>) -> String {
    if parts.len() == 1 { parts.remove(0) } else { format!("{{{}}}", parts.join(", ")) }
}

/// What `of` gives for the turn that it is.
fn by_turn(plan: &JoinPlan, of: impl Fn(&[usize]) -> String) -> String {
    let mut turns: Vec<String> = plan.turns.iter().map(|(streams, _)| of(streams)).collect();
    let last = turns.pop().unwrap_or_default();
    turns.iter().enumerate().rev().fold(last, |rest, (k, turn)| format!("take{k} ? {turn} : {rest}"))
}

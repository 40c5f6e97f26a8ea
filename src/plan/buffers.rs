//! How much must wait in front of a join, and behind a pool.
//!
//! Where branches of a graph meet again, the shorter one must hold back what the longer one has not finished, or the fork
//! before them stops both. A buffer gets what waits in it where time plays no part ([`untimed`](super::untimed)), so that nothing
//! deadlocks, or in a run of the [`schedule`](super::schedule) at the planned pace, which can be kept then, if that is more.

use super::Plan;
use super::conv::log2_ceil;
use super::engine::Engine;
use super::layer::LayerPlan;
use super::passage::{Visit, pass};
use super::schedule::Pace;
use super::untimed::waiting;

/// Words of room beside those of the schedule, which knows latencies to a few cycles.
const MARGIN: usize = 8;
/// Deepest queue behind a pool, as a power of two.
const DEEPEST_QUEUE: u32 = 9;

/// Gives every join of `plan` its buffers, and counts their memories.
pub fn size(plan: &mut Plan) {
    if !plan.layers.iter().any(|layer| matches!(layer.engine, Engine::Join(_))) {
        return;
    }
    let readers = readers(&plan.layers);
    let (must, keep) = (waiting(plan, &readers), paced(plan));
    for (layer, (must, keep)) in plan.layers.iter_mut().zip(must.into_iter().zip(keep)) {
        let Engine::Join(join) = &mut layer.engine else { continue };
        for (k, port) in join.ports.iter_mut().enumerate() {
            let most = must[k].max(keep[k]);
            // One word waits as well in the queue of an engine that works for this join alone.
            let queued = layer.inputs[k].from.is_some_and(|from| readers[from] == 1);
            port.depth = if most <= usize::from(queued) { 0 } else { most + MARGIN };
        }
        layer.recount();
    }
}

/// Gives each pool in front of a sparse engine room for a row: a pool's results come in bursts, a row while the last row of
/// its windows passes, and the sparse engine, unlike one with a line buffer, takes them one by one at its own pace.
pub fn smooth(plan: &mut Plan) {
    let sparse = plan.layers.iter().filter(|layer| matches!(layer.engine, Engine::Sparse(_)));
    let sources: Vec<usize> = sparse.filter_map(|layer| layer.inputs[0].from).collect();
    for source in sources {
        let layer = &mut plan.layers[source];
        let row = layer.out.width * layer.out.beats_a_pixel();
        let Engine::Pool(pool) = &mut layer.engine else { continue };
        pool.queue_addr_bits = pool.queue_addr_bits.max(log2_ceil(row).min(DEEPEST_QUEUE));
        layer.recount();
    }
}

/// How many engines read the stream of each layer.
fn readers(layers: &[LayerPlan]) -> Vec<usize> {
    let mut readers = vec![0; layers.len()];
    layers.iter().flat_map(|layer| &layer.inputs).filter_map(|feed| feed.from).for_each(|from| readers[from] += 1);
    readers
}

/// What waits in front of each join at the planned pace.
fn paced(plan: &Plan) -> Vec<Vec<usize>> {
    let interval = plan.cycles_per_image;
    let mut images = 4;
    loop {
        let (waiting, lag) = run(plan, Pace { interval, images });
        // So many images are on their way through the longest branch; beyond them the schedule repeats itself.
        let enough = (lag / interval) as usize + 3;
        if enough <= images {
            return waiting;
        }
        images = enough;
    }
}

/// What waits in front of each join, and when the first image has passed the last of them.
fn run(plan: &Plan, pace: Pace) -> (Vec<Vec<usize>>, u64) {
    let mut waiting = Vec::new();
    let mut lag = 0;
    pass(plan, pace, |Visit { words, taken, .. }| {
        if let Some(first) = taken.first() {
            lag = lag.max(first[first.len() / pace.images - 1]);
        }
        waiting.push(words.iter().zip(taken).map(|(there, taken)| most(there, taken)).collect());
    });
    (waiting, lag)
}

/// The most words that were there before the join took the first of them.
fn most(there: &[u64], taken: &[u64]) -> usize {
    let mut arrived = 0;
    let waiting = taken.iter().enumerate().map(|(word, time)| {
        while there.get(arrived).is_some_and(|there| there < time) {
            arrived += 1;
        }
        arrived.saturating_sub(word)
    });
    waiting.max().unwrap_or(0)
}

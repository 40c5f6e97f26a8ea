//! How much must wait in front of a join.
//!
//! Where branches of a graph meet again, the shorter one must hold back what the longer one has not finished, or the fork
//! before them stops both. A buffer gets the most words that wait in it in two runs of the [`schedule`](super::schedule):
//! one in which engines take no time, so that all waits there that the pixels which the join needs can give: with that
//! much room no stall, however it falls, can end in a deadlock. And one at the planned pace: with that much room the
//! planned pace can be kept.

use super::Plan;
use super::engine::Engine;
use super::schedule::{Clock, Times};

/// Words of room beside those of the schedule, which knows latencies to a few cycles.
const MARGIN: usize = 8;
/// Words that wait for the pace alone and that the output queue of the engine before holds as well.
const QUEUED: usize = 4;

/// Gives every join of `plan` its buffers, and counts their memories.
pub fn size(plan: &mut Plan) {
    if !plan.layers.iter().any(|layer| matches!(layer.engine, Engine::Join(_))) {
        return;
    }
    let interval = plan.cycles_per_image;
    let (must, _) = run(plan, Clock { interval, images: 2, instant: true });
    let keep = paced(plan, interval);
    for (layer, (must, keep)) in plan.layers.iter_mut().zip(must.into_iter().zip(keep)) {
        let Engine::Join(join) = &mut layer.engine else { continue };
        for (port, (must, keep)) in join.ports.iter_mut().zip(must.into_iter().zip(keep)) {
            port.depth = if must == 0 && keep <= QUEUED { 0 } else { must.max(keep) + MARGIN };
        }
        layer.recount();
    }
}

/// What waits in front of each join at the planned pace.
fn paced(plan: &Plan, interval: u64) -> Vec<Vec<usize>> {
    let mut images = 4;
    loop {
        let (waiting, lag) = run(plan, Clock { interval, images, instant: false });
        // So many images are on their way through the longest branch; beyond them the schedule repeats itself.
        let enough = (lag / interval) as usize + 3;
        if enough <= images {
            return waiting;
        }
        images = enough;
    }
}

/// What waits in front of each join, and when the first image has passed the last of them.
fn run(plan: &Plan, clock: Clock) -> (Vec<Vec<usize>>, u64) {
    let mut times: Vec<Times> = Vec::new();
    let mut waiting = Vec::new();
    let mut lag = 0;
    let pixels = clock.pixels(plan.input.height * plan.input.width);
    for (i, layer) in plan.layers.iter().enumerate() {
        let beats = |from: Option<usize>| from.map_or(&pixels, |from| &times[from]);
        let words: Vec<Times> = layer.inputs.iter().map(|feed| clock.adapt(feed, beats(feed.from))).collect();
        let (results, wait) = match &layer.engine {
            Engine::Join(join) => {
                let (taken, results) = clock.join(join, &words);
                lag = lag.max(taken[0][taken[0].len() / clock.images - 1]);
                (results, words.iter().zip(&taken).map(|(there, taken)| most(there, taken)).collect())
            }
            _ => (clock.results(layer, &words[0]), Vec::new()),
        };
        times.push(results);
        waiting.push(wait);
        release(plan, i, &mut times);
    }
    (waiting, lag)
}

/// The most words that were there before the join took the first of them.
fn most(there: &Times, taken: &Times) -> usize {
    let mut arrived = 0;
    let waiting = taken.iter().enumerate().map(|(word, time)| {
        while there.get(arrived).is_some_and(|there| there < time) {
            arrived += 1;
        }
        arrived.saturating_sub(word)
    });
    waiting.max().unwrap_or(0)
}

/// Forgets the streams that no layer behind `done` reads.
fn release(plan: &Plan, done: usize, times: &mut [Times]) {
    for feed in &plan.layers[done].inputs {
        let Some(from) = feed.from else { continue };
        let later = plan.layers[done + 1..].iter().flat_map(|layer| &layer.inputs);
        if !later.into_iter().any(|feed| feed.from == Some(from)) {
            times[from] = Times::new();
        }
    }
}

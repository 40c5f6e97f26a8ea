//! When each beat of each stream is there, in a design that nothing holds up: pixels enter evenly, every engine starts as
//! soon as what it needs has arrived, and results always have room.

use super::constant::ConstPlan;
use super::engine::Engine;
use super::join::JoinPlan;
use super::layer::{Feed, LayerPlan};
use super::pool::PoolPlan;
use super::stream::Adapter;
use super::window::WindowPlan;

/// The cycle in which each beat of a stream is there, image after image.
pub type Times = Vec<u64>;

/// How images enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Cycles from one image to the next.
    pub interval: u64,
    /// Images.
    pub images: usize,
}

impl Pace {
    /// Pixels, evenly over the interval.
    pub fn pixels(&self, pixels: usize) -> Times {
        let all = (0..self.images).flat_map(|image| (0..pixels).map(move |pixel| (image as u64, pixel as u64)));
        all.map(|(image, pixel)| image * self.interval + pixel * self.interval / pixels as u64).collect()
    }
}

/// The words that the engine behind `feed` gets.
pub fn adapt(feed: &Feed, beats: &[u64]) -> Times {
    match feed.adapter {
        Adapter::None => beats.to_vec(),
        Adapter::Widen { ratio, beats: each } => {
            let words = beats.chunks(each).flat_map(|pixel| pixel.chunks(ratio));
            words.filter_map(|word| word.last()).map(|time| time + 1).collect()
        }
        Adapter::Narrow { ratio, beats: each } => {
            let (mut free, mut words) = (0, Times::new());
            for (k, &time) in beats.iter().enumerate() {
                let first = k % each.div_ceil(ratio) * ratio;
                for _ in first..each.min(first + ratio) {
                    free = (time + 1).max(free + 1);
                    words.push(free);
                }
            }
            words
        }
    }
}

/// When the results of `layer` are there, of an engine that reads one stream of `words`.
pub fn results(layer: &LayerPlan, words: &[u64]) -> Times {
    match &layer.engine {
        Engine::Conv(p) => {
            let pass = Pass { cycles: p.window.fold_cycles(), steps: p.steps, latency: p.latency() };
            windows(&p.window, words, layer.out.beats_a_pixel(), pass)
        }
        Engine::SparseConv(p) => {
            windows(&p.window, words, p.steps, Pass { cycles: p.window_cycles, steps: p.steps, latency: p.latency() })
        }
        Engine::Constant(p) if p.direct => pixels(p, words),
        Engine::Constant(p) => {
            let latency = (p.words + p.latency()).saturating_sub(p.window_cycles);
            windows(&p.window, words, p.steps, Pass { cycles: p.window_cycles, steps: p.steps, latency })
        }
        Engine::Pool(p) => pool(p, words),
        Engine::Sparse(p) => whole(words, p.beats, layer.out.beats(), p.cycles_bound),
        Engine::Flatten(p) => whole(words, p.values(), p.values(), p.values() as u64),
        Engine::Affine(p) => late(served(words), p.latency()),
        Engine::Join(_) => unreachable!("a join reads several streams"),
    }
}

/// One passage of a window through an engine.
struct Pass {
    /// Cycles until the next may start.
    cycles: usize,
    /// Results.
    steps: usize,
    /// Cycles from its end to its first result.
    latency: usize,
}

/// Passes over windows, `beats` results a window.
fn windows(window: &WindowPlan, words: &[u64], beats: usize, pass: Pass) -> Times {
    let Pass { cycles, steps, latency } = pass;
    let (mut free, mut results) = (0, Times::new());
    for image in words.chunks(window.image_words() as usize) {
        for row in 0..window.out[0] {
            free = free.max(image[window.needed_rows(row) * window.row_words() - 1]);
            for pass in 0..window.out[1] * window.folds {
                free += cycles as u64;
                let left = beats - (pass % window.folds) * steps;
                results.extend((0..steps.min(left)).map(|step| free + (latency + step) as u64));
            }
        }
    }
    results
}

/// Results of images of one pixel that come straight from the stream.
fn pixels(plan: &ConstPlan, words: &[u64]) -> Times {
    let (mut start, mut free, mut results) = (0, 0, Times::new());
    for pixel in words.chunks(plan.words) {
        start = pixel[0].max(start);
        let end = pixel[plan.words - 1].max(start + plan.words as u64).max(free);
        (start, free) = (end, end + plan.window_cycles as u64);
        results.extend((0..plan.steps).map(|step| end + (plan.latency() + step) as u64));
    }
    results
}

/// Cycles from a pool's last word to its result out of the queue, at most: read, reduce, requantize.
const POOL_LATENCY: usize = 13;

fn pool(pool: &PoolPlan, words: &[u64]) -> Times {
    if let Some(window) = &pool.window {
        let pass = Pass { cycles: window.fold_cycles(), steps: 1, latency: POOL_LATENCY };
        return windows(window, words, pool.groups(), pass);
    }
    let groups = pool.groups();
    let mut results = Times::new();
    for image in words.chunks(pool.input.beats()) {
        for last in pool.last_pixels() {
            results.extend(&image[last * groups..(last + 1) * groups]);
        }
    }
    late(results, POOL_LATENCY)
}

/// An engine that gives an image's `results` when all its words, `each` an image, are in, `cycles` after the first at
/// the earliest.
fn whole(words: &[u64], each: usize, results: usize, cycles: u64) -> Times {
    let (mut free, mut all) = (0, Times::new());
    for image in words.chunks(each) {
        free = image[each - 1].max(free.max(image[0]) + cycles);
        all.extend((0..results).map(|result| free + (result + POOL_LATENCY) as u64));
    }
    all
}

/// One beat a cycle.
fn served(ready: &[u64]) -> Times {
    let mut free = 0;
    let each = ready.iter().map(|&time| {
        free = time.max(free + 1);
        free
    });
    each.collect()
}

fn late(mut times: Times, latency: usize) -> Times {
    times.iter_mut().for_each(|time| *time += latency as u64);
    times
}

/// When a join takes each word of its streams, and when its results are there.
pub fn join(join: &JoinPlan, words: &[Times]) -> (Vec<Times>, Times) {
    let (mut taken, mut ready) = (vec![Times::new(); words.len()], Times::new());
    let mut free = 0;
    for _ in 0..words[0].len() / join.ports[0].words {
        for (streams, beats) in &join.turns {
            for _ in 0..*beats {
                let there = streams.iter().map(|&k| words[k][taken[k].len()]).max().unwrap_or(0);
                free = there.max(free + 1);
                streams.iter().for_each(|&k| taken[k].push(free));
                ready.push(free);
            }
        }
    }
    (taken, late(ready, join.latency()))
}

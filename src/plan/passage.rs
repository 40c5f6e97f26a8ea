//! The passage of images through a whole design by the [`schedule`](super::schedule): engine by engine, and as a timeline.

use super::Plan;
use super::engine::Engine;
use super::layer::LayerPlan;
use super::schedule::{Pace, Times, adapt, join, results};

/// What goes on at one engine.
pub struct Visit<'a> {
    /// The engine.
    pub layer: &'a LayerPlan,
    /// When the words of each of its streams are there.
    pub words: &'a [Times],
    /// When a join takes them; empty for other engines.
    pub taken: &'a [Times],
    /// When its results are there.
    pub results: &'a Times,
}

/// Sends images through `plan` and shows each engine, in the order of the plan.
pub fn pass(plan: &Plan, pace: Pace, mut show: impl FnMut(Visit)) {
    let mut times: Vec<Times> = Vec::new();
    let pixels = pace.pixels(plan.input.height * plan.input.width);
    for (i, layer) in plan.layers.iter().enumerate() {
        let beats = |from: Option<usize>| from.map_or(&pixels, |from| &times[from]);
        let words: Vec<Times> = layer.inputs.iter().map(|feed| adapt(feed, beats(feed.from))).collect();
        let (taken, out) = match &layer.engine {
            Engine::Join(plan) => join(plan, &words),
            _ => (Vec::new(), results(layer, &words[0])),
        };
        show(Visit { layer, words: &words, taken: &taken, results: &out });
        times.push(out);
        release(plan, i, &mut times);
    }
}

/// Forgets the streams that no layer behind `done` reads.
fn release(plan: &Plan, done: usize, times: &mut [Times]) {
    for from in plan.layers[done].inputs.iter().filter_map(|feed| feed.from) {
        let mut later = plan.layers[done + 1..].iter().flat_map(|layer| &layer.inputs);
        if !later.any(|feed| feed.from == Some(from)) {
            times[from] = Times::new();
        }
    }
}

/// For each engine and each of `images` images at the planned pace, the cycles in which its first word is there and in which
/// its last result is.
pub fn timeline(plan: &Plan, images: usize) -> Vec<Vec<[u64; 2]>> {
    let mut spans = Vec::new();
    pass(plan, Pace { interval: plan.cycles_per_image, images }, |visit| {
        let of = |times: &Times, image: usize| {
            let each = times.len() / images;
            [times[image * each], times[(image + 1) * each - 1]]
        };
        let first = |image| visit.words.iter().map(|words| of(words, image)[0]).min().unwrap_or(0);
        spans.push((0..images).map(|image| [first(image), of(visit.results, image)[1]]).collect());
    });
    spans
}

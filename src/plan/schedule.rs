//! When each beat of each stream is there, as the design runs that nothing holds up: pixels enter evenly, every engine
//! starts as soon as what it needs has arrived, and results always have room.

use super::engine::Engine;
use super::join::JoinPlan;
use super::layer::{Feed, LayerPlan};
use super::pool::PoolPlan;
use super::stream::Adapter;
use super::window::WindowPlan;

/// The cycle in which each beat of a stream is there, image after image.
pub type Times = Vec<u64>;

/// How time is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Cycles from one image to the next.
    pub interval: u64,
    /// Images that enter.
    pub images: usize,
    /// Engines take no time: a beat is there with the last pixel that it depends on.
    pub instant: bool,
}

impl Clock {
    /// `cycles`, or none.
    fn take(&self, cycles: usize) -> u64 {
        if self.instant { 0 } else { cycles as u64 }
    }

    /// Pixels, evenly over the interval.
    pub fn pixels(&self, pixels: usize) -> Times {
        let all = (0..self.images).flat_map(|image| (0..pixels).map(move |pixel| (image as u64, pixel as u64)));
        all.map(|(image, pixel)| image * self.interval + pixel * self.interval / pixels as u64).collect()
    }

    /// The words that the engine behind `feed` gets.
    pub fn adapt(&self, feed: &Feed, beats: &Times) -> Times {
        match feed.adapter {
            Adapter::None => beats.clone(),
            Adapter::Widen { ratio, beats: each } => {
                let words = beats.chunks(each).flat_map(|pixel| pixel.chunks(ratio));
                words.filter_map(|word| word.last()).map(|time| time + self.take(1)).collect()
            }
            Adapter::Narrow { ratio, beats: each } => {
                let (mut free, mut words) = (0, Times::new());
                for (k, &time) in beats.iter().enumerate() {
                    let first = k % each.div_ceil(ratio) * ratio;
                    for _ in first..each.min(first + ratio) {
                        free = (time + self.take(1)).max(free + self.take(1));
                        words.push(free);
                    }
                }
                words
            }
        }
    }

    /// When the results of `layer` are there, of an engine that reads one stream of `words`.
    pub fn results(&self, layer: &LayerPlan, words: &Times) -> Times {
        match &layer.engine {
            Engine::Conv(p) => {
                self.windows(&p.window, p.window.fold_cycles(), words, layer.out.beats_a_pixel(), p.steps, p.latency())
            }
            Engine::SparseConv(p) => self.windows(&p.window, p.window_cycles, words, p.steps, p.steps, p.latency()),
            Engine::Pool(p) => self.pool(p, words),
            Engine::Sparse(p) => self.whole(words, p.beats, layer.out.beats(), p.cycles_bound),
            Engine::Flatten(p) => self.whole(words, p.values(), p.values(), p.values() as u64),
            Engine::Affine(p) => self.late(self.served(words.iter().copied()), p.latency()),
            Engine::Join(_) => unreachable!("a join reads several streams"),
        }
    }

    /// Passes of `pass_cycles` over windows, `steps` results each, `beats` results a window.
    fn windows(
        &self,
        window: &WindowPlan,
        pass_cycles: usize,
        words: &Times,
        beats: usize,
        steps: usize,
        latency: usize,
    ) -> Times {
        let (mut free, mut results) = (0, Times::new());
        for image in words.chunks(window.image_words() as usize) {
            for row in 0..window.out[0] {
                free = free.max(image[window.needed_rows(row) * window.row_words() - 1]);
                for pass in 0..window.out[1] * window.folds {
                    free += self.take(pass_cycles);
                    let left = beats - (pass % window.folds) * steps;
                    results.extend((0..steps.min(left)).map(|step| free + self.take(latency + step)));
                }
            }
        }
        results
    }

    fn pool(&self, pool: &PoolPlan, words: &Times) -> Times {
        let latency = 8; // at most: read, reduce, requantize, queue
        if let Some(window) = &pool.window {
            return self.windows(window, window.fold_cycles(), words, pool.groups(), 1, latency);
        }
        let ([kernel_h, kernel_w], width, groups) = (pool.kernel, pool.input.width, pool.groups());
        let mut results = Times::new();
        for image in words.chunks(pool.input.beats()) {
            for (y, x) in (0..pool.out[0]).flat_map(|y| (0..pool.out[1]).map(move |x| (y, x))) {
                let last = ((y + 1) * kernel_h - 1) * width + (x + 1) * kernel_w - 1;
                results.extend(image[last * groups..(last + 1) * groups].iter().map(|time| time + self.take(latency)));
            }
        }
        results
    }

    /// An engine that gives an image's `results` when all its `words` are in, `cycles` after the first at the earliest.
    fn whole(&self, words: &Times, each: usize, results: usize, cycles: u64) -> Times {
        let (mut free, mut all) = (0, Times::new());
        for image in words.chunks(each) {
            let work = if self.instant { 0 } else { cycles };
            free = image[each - 1].max(free.max(image[0]) + work);
            all.extend((0..results).map(|result| free + self.take(result + 8)));
        }
        all
    }

    /// One beat a cycle.
    fn served(&self, ready: impl Iterator<Item = u64>) -> Times {
        let mut free = 0;
        ready
            .map(|time| {
                free = time.max(free + self.take(1));
                free
            })
            .collect()
    }

    fn late(&self, mut times: Times, latency: usize) -> Times {
        times.iter_mut().for_each(|time| *time += self.take(latency + 2));
        times
    }

    /// When a join takes each word of its streams, and when its results are there.
    pub fn join(&self, join: &JoinPlan, words: &[Times]) -> (Vec<Times>, Times) {
        let (mut taken, mut ready) = (vec![Times::new(); words.len()], Times::new());
        let mut free = 0;
        for _ in 0..words[0].len() / join.ports[0].words {
            for (streams, beats) in &join.turns {
                for _ in 0..*beats {
                    let there = streams.iter().map(|&k| words[k][taken[k].len()]).max().unwrap_or(0);
                    free = there.max(free + self.take(1));
                    streams.iter().for_each(|&k| taken[k].push(free));
                    ready.push(free);
                }
            }
        }
        (taken, self.late(ready, join.latency()))
    }
}

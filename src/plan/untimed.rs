//! What must wait in front of joins for a design never to stand still, however long its engines take.
//!
//! Pixels enter with all the time in between that anything takes. An engine with a line buffer gives its pixels evenly from
//! when their rows are complete, as fast as its own come: the rows of its ring suffice for that. Every other engine gives a
//! pixel at once. With buffers for what waits meanwhile a design can run so; then it never deadlocks, since its engines and
//! bounded queues are a Kahn network, in which no timing decides whether it goes on.

use super::Plan;
use super::engine::Engine;
use super::join::JoinPlan;
use super::layer::LayerPlan;
use super::window::WindowPlan;

/// Images that pass.
const IMAGES: usize = 2;
/// Time between two pixels in a row of the network's input that come one behind the other.
const STEP: u64 = 1 << 8;

/// A stream, pixel by pixel.
struct Pixels {
    /// When each is there, image after image.
    times: Vec<u64>,
    /// Time between two of them in a row, at most.
    step: u64,
}

impl Pixels {
    /// Those of each image as an engine sees them that wants `pixels` an image: all, or one that holds them all.
    fn images(&self, pixels: usize) -> impl Iterator<Item = &[u64]> {
        let each = self.times.len() / IMAGES;
        self.times.chunks(each).map(move |image| &image[if pixels == each { 0 } else { each - 1 }..])
    }
}

/// For each layer and each stream that enters a join there, the most words that wait; `readers` of each layer's stream.
pub fn waiting(plan: &Plan, readers: &[usize]) -> Vec<Vec<usize>> {
    let mut streams: Vec<Pixels> = Vec::new();
    let mut waiting = Vec::new();
    let input = evenly(plan);
    for layer in &plan.layers {
        let from: Vec<&Pixels> =
            layer.inputs.iter().map(|feed| feed.from.map_or(&input, |from| &streams[from])).collect();
        let out = results(layer, &from);
        waiting.push(match &layer.engine {
            Engine::Join(join) => {
                let held = layer.inputs.iter().map(|feed| feed.from.is_some_and(|from| keeps(plan, readers, from)));
                ports(join, &from, held, &out.times)
            }
            _ => Vec::new(),
        });
        streams.push(out);
    }
    waiting
}

/// The network's pixels, far enough apart.
fn evenly(plan: &Plan) -> Pixels {
    let pixels = plan.input.height * plan.input.width;
    // No engine takes longer for an image than the one before for its own, but for rows and columns of padding.
    let work = |layer: &LayerPlan| (pixels + layer.out.height * layer.out.width) as u64 * STEP;
    let interval: u64 = 2 * plan.layers.iter().map(work).sum::<u64>();
    Pixels { times: (0..(IMAGES * pixels) as u64).map(|pixel| pixel * interval).collect(), step: STEP }
}

/// The pixels that `layer` gives of those that enter it.
fn results(layer: &LayerPlan, from: &[&Pixels]) -> Pixels {
    let first = from[0];
    let times = match &layer.engine {
        Engine::Join(_) => {
            let last = |pixel: usize| from.iter().map(|stream| stream.times[pixel]).max().expect("a stream");
            (0..first.times.len()).map(last).collect()
        }
        Engine::Affine(_) => first.times.clone(),
        engine => match (window(engine), engine) {
            (Some(window), _) => return windows(window, first),
            (None, Engine::Pool(pool)) => {
                let images = first.images(pool.input.height * pool.input.width);
                images.flat_map(|image| pool.last_pixels().map(|last| image[last])).collect()
            }
            // A whole image at a time.
            _ => first.images(1).map(|image| image[0]).collect(),
        },
    };
    Pixels { times, step: from.iter().map(|stream| stream.step).min().expect("a stream") }
}

/// The line buffer of an engine that has one.
fn window(engine: &Engine) -> Option<&WindowPlan> {
    match engine {
        Engine::Conv(plan) => Some(&plan.window),
        Engine::SparseConv(plan) => Some(&plan.window),
        Engine::Constant(plan) => (!plan.direct).then_some(&plan.window),
        Engine::Pool(plan) => plan.window.as_ref(),
        _ => None,
    }
}

/// One result a window, evenly.
fn windows(window: &WindowPlan, from: &Pixels) -> Pixels {
    let [rows, columns] = window.out;
    let step = (from.step * (window.stride[0] * window.width) as u64 / columns as u64).max(1);
    let (mut next, mut times) = (0, Vec::new());
    for image in from.images(window.height * window.width) {
        for row in 0..rows {
            next = next.max(image[window.needed_rows(row) * window.width - 1]);
            times.extend((0..columns as u64).map(|column| next + column * step));
            next += columns as u64 * step;
        }
    }
    Pixels { times, step }
}

/// True for an engine that works for one reader alone and keeps in its line buffer what it has not given yet.
fn keeps(plan: &Plan, readers: &[usize], layer: usize) -> bool {
    readers[layer] == 1 && window(&plan.layers[layer].engine).is_some()
}

/// The most words that wait in front of each port of `join`, which takes pixels when they are `taken`; `held` as in [`most`].
fn ports(join: &JoinPlan, from: &[&Pixels], held: impl Iterator<Item = bool>, taken: &[u64]) -> Vec<usize> {
    let each = join.ports.iter().zip(from).zip(held).map(|((port, stream), held)| {
        let pixels = most(&stream.times, taken, held);
        if pixels <= 1 { 0 } else { pixels * port.words }
    });
    each.collect()
}

/// The most pixels that are there when the join takes one, that one among them; `held`: without those of the same moment.
fn most(there: &[u64], taken: &[u64], held: bool) -> usize {
    let waiting = taken.iter().enumerate().map(|(pixel, time)| {
        let arrived = there.partition_point(|there| there < time || (!held && there == time));
        arrived.saturating_sub(pixel)
    });
    waiting.max().unwrap_or(0)
}

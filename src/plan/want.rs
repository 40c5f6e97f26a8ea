//! What the consumers of a stream want of its lanes.

use super::stages::Arrival;
use super::stream::Adapter;
use crate::network::graph::Shape;

/// What one stage that reads a stream wants of its lanes.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// Lanes of the consumer's words.
    pub lanes: usize,
    /// True where the consumer sees the image as one pixel.
    pub flattens: bool,
    /// True where words without values cost next to nothing: the sparse engine skips them.
    pub skips: bool,
    /// Shape that arrives there.
    pub shape: Shape,
}

impl Want {
    /// True where a stream of `lanes` can be adapted to what is wanted. Of a flattened image the unused lanes of every pixel's
    /// last beat come too: they may not make more words where these cost cycles.
    pub fn takes(&self, lanes: usize) -> bool {
        let Shape { c, h, w } = self.shape;
        if !self.flattens {
            return Adapter::between(lanes, self.lanes, c).is_some();
        }
        let (values, padded) = (c * h * w, c.div_ceil(lanes) * lanes * h * w);
        let words = |values: usize| values.div_ceil(self.lanes);
        (self.skips || words(padded) == words(values)) && Adapter::between(lanes, self.lanes, padded).is_some()
    }
}

/// True where a stream of `lanes` can be adapted to all that is wanted.
pub fn all_take(wants: &[Want], lanes: usize) -> bool {
    wants.iter().all(|want| want.takes(lanes))
}

/// What the stages around one want: of the stream that it makes, and of the streams that it reads.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// Of its own stream, one for each stage that reads it; none after the last stage.
    pub wants: Vec<Want>,
    /// Of each stream that it reads, by other stages behind it.
    pub beside: Vec<Vec<Want>>,
    /// Cycles an image that the slowest pool behind its stream takes, for each beat of a pixel; 0 without one.
    pub rounds: u64,
}

impl Arrival {
    /// True where this stream can give `want`, and `beside` too, in at most `beats` beats an image (a given stream comes
    /// as it does), behind a concat without whole pixels side by side.
    pub fn gives(&self, want: &Want, beside: &[Want], beats: u64) -> bool {
        self.gives_in(|lanes| self.unit.is_none_or(|unit| unit % lanes == 0), want, beside, beats)
    }

    /// The same with whole pixels, a beat each, which are wide.
    pub fn gives_whole(&self, want: &Want, beside: &[Want], beats: u64) -> bool {
        self.gives_in(|lanes| lanes == self.shape.c, want, beside, beats)
    }

    fn gives_in(&self, had: impl Fn(usize) -> bool, want: &Want, beside: &[Want], beats: u64) -> bool {
        let made = |lanes: usize| self.rounds * self.shape.c.div_ceil(lanes) as u64;
        let fits = |lanes: usize| had(lanes) && made(lanes) <= beats && want.takes(lanes) && all_take(beside, lanes);
        let taken = (self.shape.h * self.shape.w * self.shape.c.div_ceil(want.lanes)) as u64;
        let keeps_up = taken * self.burst() <= beats;
        keeps_up && self.given_lanes.map_or_else(|| (1..=self.shape.c).any(fits), |given| want.takes(given))
    }

    /// How much faster than on average its pixels come where they come: behind pools that give a row for several.
    fn burst(&self) -> u64 {
        (self.made_pixels / (self.shape.h * self.shape.w).max(1)).isqrt().max(1) as u64
    }
}

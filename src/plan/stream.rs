//! Streams between engines, and the adapters that change their lanes.

use serde::Serialize;

use crate::network::graph::{ActType, Shape};

/// A stream of pixels in raster order: `ceil(channels / lanes)` beats a pixel, channels ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Stream {
    /// Channels of a pixel.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Values in one beat, lane 0 in the low bits.
    pub lanes: usize,
    /// Bits of one value.
    pub bits: u32,
    /// Two's complement.
    pub signed: bool,
}

impl Stream {
    /// A stream of `shape` in number format `act`.
    pub fn new(shape: Shape, lanes: usize, act: ActType) -> Self {
        Self { channels: shape.c, height: shape.h, width: shape.w, lanes, bits: act.bits, signed: act.signed }
    }

    /// Beats of one pixel.
    pub fn beats_a_pixel(&self) -> usize {
        self.channels.div_ceil(self.lanes)
    }

    /// Beats of one image.
    pub fn beats(&self) -> usize {
        self.beats_a_pixel() * self.height * self.width
    }

    /// Bits of one beat.
    pub fn beat_bits(&self) -> usize {
        self.lanes * self.bits as usize
    }

    /// The same beats seen as one pixel of many channels; position k carries feature [`Stream::features`]`[k]`.
    pub fn flattened(&self) -> Self {
        Self { channels: self.beats() * self.lanes, height: 1, width: 1, ..*self }
    }

    /// For each position of the flattened stream the index of its feature in a `[C, H, W]` tensor; `None` for the unused
    /// lanes of a pixel's last beat.
    pub fn features(&self) -> Vec<Option<usize>> {
        let padded = self.beats_a_pixel() * self.lanes;
        let pixels = self.height * self.width;
        (0..pixels * padded)
            .map(|k| (k / padded, k % padded))
            .map(|(pixel, c)| (c < self.channels).then_some(c * pixels + pixel))
            .collect()
    }
}

/// What stands between a stream and an engine that wants other lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Adapter {
    /// Nothing: the lanes agree.
    None,
    /// Gathers `ratio` beats; a pixel has `beats` of them.
    Widen { ratio: usize, beats: usize },
    /// Splits into `ratio` beats; a pixel gives `beats` of them.
    Narrow { ratio: usize, beats: usize },
}

impl Adapter {
    /// The adapter from `from` to `to` lanes for pixels of `channels`; `None` where one beat's values would have to be
    /// torn across words (neither divides the other, and a pixel takes more than one).
    pub fn between(from: usize, to: usize, channels: usize) -> Option<Self> {
        if from == to {
            Some(Adapter::None)
        } else if from < to {
            let fits = to % from == 0 || to >= channels;
            fits.then(|| Adapter::Widen { ratio: to.div_ceil(from), beats: channels.div_ceil(from) })
        } else {
            let fits = from % to == 0 || from >= channels;
            fits.then(|| Adapter::Narrow { ratio: from.div_ceil(to), beats: channels.div_ceil(to) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_lanes_carry_no_feature() {
        let stream = Stream::new(Shape { c: 3, h: 1, w: 2 }, 2, ActType::unsigned(4));
        assert_eq!(stream.beats(), 4);
        let expected = [Some(0), Some(2), Some(4), None, Some(1), Some(3), Some(5), None];
        assert_eq!(stream.features(), expected);
    }

    #[test]
    fn adapters_never_tear_a_beat() {
        assert_eq!(Adapter::between(2, 6, 12), Some(Adapter::Widen { ratio: 3, beats: 6 }));
        assert_eq!(Adapter::between(4, 6, 12), None);
        assert_eq!(Adapter::between(4, 6, 6), Some(Adapter::Widen { ratio: 2, beats: 2 }));
        assert_eq!(Adapter::between(6, 4, 6), Some(Adapter::Narrow { ratio: 2, beats: 2 }));
        assert_eq!(Adapter::between(6, 4, 12), None);
    }
}

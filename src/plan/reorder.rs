//! Plan of the flatten engine: two pages of an image, written pixel by pixel and read channel by channel.

use serde::Serialize;

use super::Memory;
use super::stream::Stream;

/// Everything the generator needs of a flatten engine; it takes and gives one value a beat.
#[derive(Debug, Clone, Serialize)]
pub struct ReorderPlan {
    /// Channels of a pixel.
    pub channels: usize,
    /// Pixels.
    pub pixels: usize,
    /// Bits of a value.
    pub bits: u32,
}

impl ReorderPlan {
    /// Plans the engine of `input`.
    pub fn new(input: &Stream) -> Self {
        Self { channels: input.channels, pixels: input.height * input.width, bits: input.bits }
    }

    /// Values of an image.
    pub fn values(&self) -> usize {
        self.channels * self.pixels
    }

    /// Both pages.
    pub fn memory(&self) -> Memory {
        let depth = 2 * self.values();
        Memory::ram("pages", self.bits, depth, u64::from(self.bits) * depth as u64)
    }
}

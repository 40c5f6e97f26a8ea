//! Plan of the pools: a streaming one for windows that tile the image, a buffered one for those that overlap or pad.

use serde::Serialize;

use super::Memory;
use super::stream::Stream;
use super::window::WindowPlan;
use crate::network::acc::signed_bits;
use crate::network::graph::{ActType, Shape};

/// What a pool does with its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduce {
    /// The largest value.
    Max,
    /// The sum, requantized by `multiplier`, `shift` to `out`.
    Average { multiplier: u16, shift: u8, out: ActType },
}

/// A pool as the engine sees it.
#[derive(Debug, Clone, Copy)]
pub struct PoolLayer {
    /// Stream that arrives; the pool keeps its lanes.
    pub input: Stream,
    /// Shape of the result.
    pub out_shape: Shape,
    /// `[kernel, stride, padding]`.
    pub geometry: [[usize; 2]; 3],
    /// Max or average.
    pub reduce: Reduce,
}

/// Everything the generator needs of a pool.
#[derive(Debug, Clone, Serialize)]
pub struct PoolPlan {
    /// Stream that arrives.
    pub input: Stream,
    /// `[Kh, Kw]`.
    pub kernel: [usize; 2],
    /// `[Ho, Wo]`.
    pub out: [usize; 2],
    /// The window buffer where windows overlap, leave gaps or pad; else partial results of one row of windows suffice.
    pub window: Option<WindowPlan>,
    /// Max or average.
    pub reduce: Reduce,
    /// Bits of a value while the window is reduced.
    pub value_bits: u32,
    /// Output queue, a power of two of beats.
    pub queue_addr_bits: u32,
}

impl PoolPlan {
    /// The last pixel of each window, counted over the image, where windows tile it.
    pub fn last_pixels(&self) -> impl Iterator<Item = usize> {
        let ([height, width], row, [rows, columns]) = (self.kernel, self.input.width, self.out);
        let places = (0..rows).flat_map(move |y| (0..columns).map(move |x| (y, x)));
        places.map(move |(y, x)| ((y + 1) * height - 1) * row + (x + 1) * width - 1)
    }

    /// Plans `layer`.
    pub fn new(layer: &PoolLayer) -> Self {
        let [kernel, stride, padding] = layer.geometry;
        let input = layer.input;
        let groups = input.beats_a_pixel();
        // Where there is but one window, its stride does not matter.
        let out = [layer.out_shape.h, layer.out_shape.w];
        let tiles = padding == [0, 0] && (0..2).all(|axis| kernel[axis] == stride[axis] || out[axis] == 1);
        let shape = Shape { c: input.channels, h: input.height, w: input.width };
        let window = WindowPlan::new(shape, layer.out_shape, layer.geometry, groups, groups, true);
        let act = ActType { bits: input.bits, signed: input.signed };
        let value_bits = match layer.reduce {
            Reduce::Max => input.bits,
            Reduce::Average { .. } => {
                let (lo, hi) = act.range();
                let cells = (kernel[0] * kernel[1]) as i64;
                signed_bits(i64::from(lo) * cells, i64::from(hi) * cells)
            }
        };
        Self {
            input,
            kernel,
            out,
            window: (!tiles).then_some(window),
            reduce: layer.reduce,
            value_bits,
            // Read pipeline, reduction and requantizer: under 16 beats under way at one a cycle.
            queue_addr_bits: if tiles && layer.reduce == Reduce::Max { 2 } else { 4 },
        }
    }

    /// Words a pixel.
    pub fn groups(&self) -> usize {
        self.input.beats_a_pixel()
    }

    /// Cycles an image at the steady state.
    pub fn cycles(&self) -> u64 {
        self.window.map_or(self.input.beats() as u64, |w| w.cycles())
    }

    /// The window's rows, or one row of partial results.
    pub fn memories(&self) -> Vec<Memory> {
        let lanes = self.input.lanes as u32;
        let channels = self.input.channels as u64;
        match &self.window {
            Some(w) => {
                let used = (w.rows * w.width) as u64 * channels * u64::from(self.input.bits);
                vec![Memory::ram("rows", lanes * self.input.bits, w.depth(), used)]
            }
            None => {
                let used = self.out[1] as u64 * channels * u64::from(self.value_bits);
                vec![Memory::ram("partial", lanes * self.value_bits, self.out[1] * self.groups(), used)]
            }
        }
    }
}

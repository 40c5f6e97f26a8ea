//! Which input pixels an output pixel sees.

use std::ops::Range;

use crate::network::graph::Shape;

/// Geometry of a convolution or pool over an input in HWC order.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub(super) input: Shape,
    pub(super) output: Shape,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: [usize; 2],
}

impl Window {
    /// A window of one cell on one pixel: a fully connected layer.
    pub(super) fn one(input: Shape, output: Shape) -> Self {
        Window { input, output, kernel: [1, 1], stride: [1, 1], padding: [0, 0] }
    }

    /// Values one output pixel sees, padding included: Kh x Kw x C.
    pub(super) fn len(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.input.c
    }

    /// Output pixels in raster order.
    pub(super) fn pixels(&self) -> impl Iterator<Item = (usize, usize)> {
        let (h, w) = (self.output.h, self.output.w);
        (0..h).flat_map(move |y| (0..w).map(move |x| (y, x)))
    }

    /// Input rows (or columns) under the window at output position `at`, without padding, and the kernel cell that
    /// lies on the first of them.
    fn cover(&self, axis: usize, at: usize, size: usize) -> (Range<usize>, usize) {
        let start = at * self.stride[axis];
        let first = start.max(self.padding[axis]);
        let end = (start + self.kernel[axis]).min(size + self.padding[axis]).max(first);
        (first - self.padding[axis]..end - self.padding[axis], first - start)
    }

    /// Runs of input values under the window of output pixel (y, x): one a row, each with the kernel row and column
    /// of its first cell.
    #[inline(always)]
    pub(super) fn rows(&self, (y, x): (usize, usize)) -> impl Iterator<Item = (Range<usize>, usize, usize)> {
        let Shape { c, h, w } = self.input;
        let (rows, kernel_row) = self.cover(0, y, h);
        let (columns, kernel_column) = self.cover(1, x, w);
        let first = rows.start;
        rows.map(move |row| {
            let run = (row * w + columns.start) * c..(row * w + columns.end) * c;
            (run, kernel_row + row - first, kernel_column)
        })
    }

    /// Copies what the pixel sees into `patch`, in the order `[ky][kx][c]`; padding becomes 0.
    #[inline(always)]
    pub(super) fn patch(&self, input: &[i16], pixel: (usize, usize), patch: &mut [i16]) {
        let width = self.kernel[1] * self.input.c;
        if self.padding != [0, 0] {
            patch[..self.len()].fill(0);
        }
        for (run, kernel_row, kernel_column) in self.rows(pixel) {
            let at = kernel_row * width + kernel_column * self.input.c;
            patch[at..at + run.len()].copy_from_slice(&input[run]);
        }
    }
}

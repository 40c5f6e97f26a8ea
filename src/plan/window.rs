//! The line buffer and window generator that convolutions and overlapping pools share.

use serde::Serialize;

use crate::network::graph::Shape;

/// Cycles from a row's last window until its slot can be written, at most.
const SLOT_CYCLES: usize = 8;

/// Geometry of a sliding window over one stream of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct WindowPlan {
    /// Rows that arrive.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Words a pixel.
    pub groups: usize,
    /// `[Kh, Kw]`.
    pub kernel: [usize; 2],
    /// `[down, right]`.
    pub stride: [usize; 2],
    /// `[top and bottom, left and right]`.
    pub padding: [usize; 2],
    /// `[Ho, Wo]`.
    pub out: [usize; 2],
    /// Passes over each window: output groups of a convolution, word groups of a pool.
    pub folds: usize,
    /// One word group a pass (pools) instead of all of them (convolutions).
    pub depthwise: bool,
    /// Taps read in one cycle; with more than one, the columns of a row lie in banks.
    pub k_par: usize,
    /// Row slots in the ring.
    pub rows: usize,
}

/// What a row of windows leaves to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// Rows that must be complete before the next row of windows starts, from the first that is kept for it.
    pub need: usize,
    /// Rows that are kept no longer.
    pub spare: usize,
}

impl WindowPlan {
    /// The geometry of `[kernel, stride, padding]` over `input`, with `out` the output's shape; one tap a cycle.
    pub fn new(
        input: Shape,
        out: Shape,
        [kernel, stride, padding]: [[usize; 2]; 3],
        groups: usize,
        folds: usize,
        depthwise: bool,
    ) -> Self {
        // The windows' rows, and the rows of the next windows that arrive meanwhile. When an image's last windows pass, those
        // that the next image's first windows need have all arrived if rows come evenly: without room for both the engine would
        // wait between images.
        let reach = kernel[0].max(stride[0]);
        let rows = (reach + stride[0]).max(2 * (reach - padding[0]));
        let out = [out.h, out.w];
        Self { height: input.h, width: input.w, groups, kernel, stride, padding, out, folds, depthwise, k_par: 1, rows }
    }

    /// The same with `k_par` taps a cycle.
    pub fn with_taps(self, k_par: usize) -> Self {
        Self { k_par, ..self }
    }

    /// The same where a window takes `cycles`: if rows come nearly as fast as windows take them, the writer would wait in every
    /// row for a slot that the reader has just left, and one slot more keeps both going.
    pub fn paced(self, cycles: usize) -> Self {
        let slack = (self.out[1] * cycles).saturating_sub(self.stride[0] * self.row_words());
        Self { rows: self.rows + usize::from(slack < SLOT_CYCLES), ..self }
    }

    /// Groups of taps in a pass.
    pub fn phases(&self) -> usize {
        (self.kernel[0] * self.kernel[1]).div_ceil(self.k_par)
    }

    /// Cycles of one pass.
    pub fn fold_cycles(&self) -> usize {
        self.phases() * self.inner()
    }

    /// Cycles from the step that reads a word until it is out.
    pub fn read_latency(&self) -> usize {
        if self.k_par > 1 { 4 } else { 3 }
    }

    /// Words a tap in one pass.
    pub fn inner(&self) -> usize {
        if self.depthwise { 1 } else { self.groups }
    }

    /// Cycles of the passes of a row of windows.
    pub fn row_cycles(&self) -> usize {
        self.out[1] * self.folds * self.fold_cycles()
    }

    /// Cycles of the passes of an image.
    pub fn cycles(&self) -> u64 {
        (self.out[0] * self.row_cycles()) as u64
    }

    /// Image rows that are complete before row `y` of windows starts.
    pub fn needed_rows(&self, y: usize) -> usize {
        let reach = y * self.stride[0] + self.kernel[0].max(self.stride[0]);
        reach.saturating_sub(self.padding[0]).clamp(1, self.used_rows())
    }

    /// What row `y` of windows leaves to the next one.
    pub fn moved(&self, y: usize) -> Moved {
        let kept = |y: usize| (y * self.stride[0]).saturating_sub(self.padding[0]);
        let next = (y + 1) % self.out[0];
        let after = if next == 0 { self.used_rows() } else { kept(next) };
        Moved { need: self.needed_rows(next) - kept(next), spare: after - kept(y) }
    }

    /// Image rows that any window touches.
    pub fn used_rows(&self) -> usize {
        let reach = (self.out[0] - 1) * self.stride[0] + self.kernel[0];
        self.height.min(reach - self.padding[0])
    }

    /// True where a window may reach outside the image.
    pub fn padded(&self) -> bool {
        self.padding != [0, 0]
    }

    /// Words of one image row.
    pub fn row_words(&self) -> usize {
        self.width * self.groups
    }

    /// Words of an image as they are stored.
    pub fn image_words(&self) -> u64 {
        (self.height * self.row_words()) as u64
    }

    /// Words of the line buffer.
    pub fn depth(&self) -> usize {
        self.rows * self.row_words()
    }

    /// Banks of a row slot where several taps are read at once.
    pub fn banks(&self) -> usize {
        if self.k_par > 1 { self.kernel[1] } else { 1 }
    }

    /// Words of one bank of one row slot.
    pub fn bank_words(&self) -> usize {
        self.width.div_ceil(self.banks()) * self.groups
    }
}

//! Cycles of the sparse engine: the hardware's queues, stepped clock by clock without its data.

use std::collections::VecDeque;

/// Images simulated for the bound, and those that fill the pipeline before the count starts.
const IMAGES: usize = 10;
const WARM_UP: usize = 2;

/// Upper bound of the cycles between two images, from `counts[bank][column]` (entries), activations a beat, outputs and
/// the places of a bank's queue.
///
/// It is the steady interval when no activation is zero, the source is always valid and the sink always ready. The
/// engine is a network of queues with blocking, in which less work never delays an event; so with any data the k-th
/// image's last output leaves no later than k bounds after that of a first image without zeros.
pub fn bound_cycles(counts: &[&[usize]], in_lanes: usize, rows: usize, queue: usize) -> u64 {
    let ends = completion_cycles(counts, in_lanes, rows, queue, IMAGES);
    let spans = ends.windows(2).skip(WARM_UP - 1);
    spans.map(|w| w[1] - w[0]).max().unwrap_or(0)
}

/// The cycle in which each of `images` images' last row is read, counted from the first beat, no activation zero.
pub fn completion_cycles(counts: &[&[usize]], in_lanes: usize, rows: usize, queue: usize, images: usize) -> Vec<u64> {
    let beats = counts.first().map_or(0, |c| c.len().div_ceil(in_lanes));
    let mut banks: Vec<BankState> = counts.iter().map(|c| BankState::new(c, in_lanes)).collect();
    let (mut beat, mut row, mut cycle) = (0, 0, 0);
    let mut ends = Vec::with_capacity(images);
    while ends.len() < images {
        let ready = banks.iter().all(|b| b.queue.len() < queue);
        let start = banks.iter().all(|b| b.complete > 0);
        let free = start && row + 1 == rows;
        if start {
            row = if free { 0 } else { row + 1 };
        }
        if free {
            ends.push(cycle);
        }
        for bank in &mut banks {
            bank.step(free, ready.then_some(beat));
        }
        if ready {
            beat = (beat + 1) % beats;
        }
        cycle += 1;
    }
    ends
}

/// A bank's sequencer, register for register as in `sg_sparse_bank`.
struct BankState {
    /// Per beat, the entry counts of its live lanes.
    jobs: Vec<Vec<usize>>,
    /// Beats that wait.
    queue: VecDeque<usize>,
    /// Live lanes of the front beat that are done.
    done: usize,
    /// Entries left of the running job; 0 while none runs.
    left: usize,
    /// The running job is its image's last.
    last: bool,
    /// The delay from the last entry's address to its sum.
    finished: bool,
    /// Pages in use.
    ahead: usize,
    /// Pages complete.
    complete: usize,
}

impl BankState {
    fn new(counts: &[usize], in_lanes: usize) -> Self {
        let live = |lanes: &[usize]| lanes.iter().copied().filter(|c| *c > 0).collect();
        let jobs = counts.chunks(in_lanes).map(live).collect();
        Self { jobs, queue: VecDeque::new(), done: 0, left: 0, last: false, finished: false, ahead: 0, complete: 0 }
    }

    /// One clock: the drain may free a page, and a beat may arrive.
    fn step(&mut self, free: bool, arriving: Option<usize>) {
        let idle = self.left <= 1;
        let completes = self.finished;
        self.finished = self.last && idle;
        let mut popped_last = false;
        let room = self.ahead < 2;
        match self.queue.front().copied().filter(|_| idle && room) {
            Some(beat) => {
                let jobs = &self.jobs[beat];
                self.left = jobs.get(self.done).copied().unwrap_or(0);
                let pops = self.done + 1 >= jobs.len();
                self.last = pops && beat + 1 == self.jobs.len();
                popped_last = self.last;
                self.done = if pops { 0 } else { self.done + 1 };
                if pops {
                    self.queue.pop_front();
                }
            }
            None if idle => (self.left, self.last) = (0, false),
            None => self.left -= 1,
        }
        self.ahead = self.ahead + usize::from(popped_last) - usize::from(free);
        self.complete = self.complete + usize::from(completes) - usize::from(free);
        if let Some(beat) = arriving {
            if !self.jobs[beat].is_empty() || beat + 1 == self.jobs.len() {
                self.queue.push_back(beat);
            }
        }
    }
}

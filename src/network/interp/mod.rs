//! The fast interpreter: exact integers, pure Rust, all cores over images. Its results define "bit-exact".

mod build;
mod images;
mod kernel;
mod matrix;
mod requant;
mod window;

use rayon::prelude::*;

use self::kernel::{Kernel, Layer, Scratch};
use super::Network;
use super::graph::Shape;
use crate::error::InputErrors;

/// A network prepared for running.
#[derive(Debug, Clone)]
pub struct Interpreter {
    /// `[C, H, W]` of an image.
    input: Shape,
    /// All nodes but the last.
    steps: Vec<Step>,
    /// Name and input slot of the last node.
    last: (String, usize),
    layer: Layer,
}

/// One node before the last. Slot 0 is the input, slot i + 1 the output of step i.
#[derive(Debug, Clone)]
struct Step {
    name: String,
    inputs: Vec<usize>,
    /// Values in the output.
    len: usize,
    kernel: Kernel,
}

/// One thread's memory: every tensor of one image, by slot.
#[derive(Default)]
struct Memory {
    slots: Vec<Vec<i16>>,
    scratch: Scratch,
}

impl Interpreter {
    /// Validates and prepares `network`.
    pub fn new(network: &Network) -> Result<Self, InputErrors> {
        network.validate()?;
        build::interpreter(network)
    }

    /// `[C, H, W]` of the images this network takes.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// Number of scores an image gets.
    pub fn classes(&self) -> usize {
        self.layer.bias.len()
    }

    /// The scores of one image, one a class: the last node's raw accumulators.
    ///
    /// `pixels` is H x W x C, raster order, channel fastest. Panics if it has another length.
    pub fn scores(&self, pixels: &[u8]) -> Vec<i32> {
        self.run(pixels, &mut Memory::default())
    }

    /// Every node's output in graph order: activations in HWC order, and the last node's raw scores.
    ///
    /// Panics if `pixels` is not H x W x C values.
    pub fn trace(&self, pixels: &[u8]) -> Vec<(String, Vec<i32>)> {
        let mut memory = Memory::default();
        let scores = self.run(pixels, &mut memory);
        let wide = |slot: &Vec<i16>| slot.iter().map(|&v| i32::from(v)).collect();
        let mut trace: Vec<_> =
            self.steps.iter().zip(&memory.slots[1..]).map(|(step, slot)| (step.name.clone(), wide(slot))).collect();
        trace.push((self.last.0.clone(), scores));
        trace
    }

    /// The scores of many images, `pixels` one after the other, on all cores; `done` is called after each image.
    ///
    /// Panics if `pixels` is no whole number of images.
    pub fn scores_all(&self, pixels: &[u8], done: impl Fn() + Sync) -> Vec<Vec<i32>> {
        assert_eq!(pixels.len() % self.input.len(), 0, "a whole number of images");
        let run = |memory: &mut Memory, image: &[u8]| {
            let scores = self.run(image, memory);
            done();
            scores
        };
        pixels.par_chunks_exact(self.input.len()).map_init(Memory::default, run).collect()
    }

    fn run(&self, pixels: &[u8], memory: &mut Memory) -> Vec<i32> {
        assert_eq!(pixels.len(), self.input.len(), "an image of {} values", self.input.len());
        let Memory { slots, scratch } = memory;
        slots.resize_with(self.steps.len() + 1, Vec::new);
        slots[0].clear();
        slots[0].extend(pixels.iter().map(|&p| i16::from(p)));
        for (i, step) in self.steps.iter().enumerate() {
            let (before, rest) = slots.split_at_mut(i + 1);
            let inputs: Vec<&[i16]> = step.inputs.iter().map(|&slot| before[slot].as_slice()).collect();
            rest[0].resize(step.len, 0);
            step.kernel.run(&inputs, &mut rest[0], scratch);
        }
        self.layer.scores(&slots[self.last.1], scratch)
    }
}

/// Index of the largest score; the lowest wins a tie; 0 for none.
pub fn argmax(scores: &[i32]) -> usize {
    (1..scores.len()).fold(0, |best, i| if scores[i] > scores[best] { i } else { best })
}

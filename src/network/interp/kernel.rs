//! What one node does to its inputs. All activations are i16 in HWC order.

use super::matrix::Matrix;
use super::requant::Requant;
use super::window::Window;
use crate::network::graph::Shape;

/// Buffers that one image's work reuses.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    patch: Vec<i16>,
    acc: Vec<i64>,
}

/// Conv and dense.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) window: Window,
    pub(super) matrix: Matrix,
    pub(super) bias: Vec<i64>,
    /// One an output channel; empty in the last layer.
    pub(super) requant: Vec<Requant>,
}

/// One node, prepared.
#[derive(Debug, Clone)]
pub(super) enum Kernel {
    Layer(Layer),
    MaxPool(Window),
    AvgPool(Window, Requant),
    Flatten(Shape),
    Affine { weight: Vec<i8>, bias: Vec<i64>, requant: Vec<Requant> },
    Add { requant: Vec<Requant>, range: (i16, i16) },
    Concat { requant: Vec<Requant>, channels: Vec<usize> },
}

impl Layer {
    /// Hands the accumulators of every output pixel, in raster order, to `sink` with their place in the output.
    #[inline(always)]
    fn each_pixel(&self, input: &[i16], scratch: &mut Scratch, mut sink: impl FnMut(usize, &[i64])) {
        let outputs = self.bias.len();
        scratch.patch.clear();
        scratch.patch.resize(self.matrix.padded_columns(), 0);
        scratch.acc.resize(outputs, 0);
        for (i, pixel) in self.window.pixels().enumerate() {
            self.window.patch(input, pixel, &mut scratch.patch);
            self.matrix.multiply(&scratch.patch, &self.bias, &mut scratch.acc);
            sink(i * outputs, &scratch.acc);
        }
    }

    /// Raw accumulators: the scores of the last layer, one pixel of at most 32 bits a class.
    pub(super) fn scores(&self, input: &[i16], scratch: &mut Scratch) -> Vec<i32> {
        let mut scores = Vec::new();
        self.each_pixel(input, scratch, |_, acc| scores.extend(acc.iter().map(|&v| v as i32)));
        scores
    }

    fn run(&self, input: &[i16], out: &mut [i16], scratch: &mut Scratch) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { self.run_avx2(input, out, scratch) };
        }
        self.run_portable(input, out, scratch);
    }

    /// The same code, compiled for processors with AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn run_avx2(&self, input: &[i16], out: &mut [i16], scratch: &mut Scratch) {
        self.run_portable(input, out, scratch);
    }

    #[inline(always)]
    fn run_portable(&self, input: &[i16], out: &mut [i16], scratch: &mut Scratch) {
        self.each_pixel(input, scratch, |at, acc| {
            for ((out, &acc), requant) in out[at..].iter_mut().zip(acc).zip(&self.requant) {
                *out = requant.apply(acc);
            }
        });
    }
}

impl Kernel {
    /// Computes `out` (HWC) from `inputs` (HWC).
    pub(super) fn run(&self, inputs: &[&[i16]], out: &mut [i16], scratch: &mut Scratch) {
        match self {
            Kernel::Layer(layer) => layer.run(inputs[0], out, scratch),
            Kernel::MaxPool(window) => max_pool(window, inputs[0], out),
            Kernel::AvgPool(window, requant) => avg_pool(window, *requant, inputs[0], out, scratch),
            Kernel::Flatten(shape) => flatten(*shape, inputs[0], out),
            Kernel::Affine { weight, bias, requant } => {
                let channels = weight.iter().zip(bias).zip(requant).cycle();
                for ((out, &x), ((&weight, &bias), requant)) in out.iter_mut().zip(inputs[0]).zip(channels) {
                    *out = requant.apply(bias + i64::from(weight) * i64::from(x));
                }
            }
            Kernel::Add { requant, range: (lo, hi) } => {
                for ((out, &a), &b) in out.iter_mut().zip(inputs[0]).zip(inputs[1]) {
                    let sum = requant[0].apply(i64::from(a)) + requant[1].apply(i64::from(b));
                    *out = sum.clamp(*lo, *hi);
                }
            }
            Kernel::Concat { requant, channels } => concat(requant, channels, inputs, out),
        }
    }
}

fn max_pool(window: &Window, input: &[i16], out: &mut [i16]) {
    let channels = window.input.c;
    for (pixel, out) in window.pixels().zip(out.chunks_exact_mut(channels)) {
        out.fill(i16::MIN); // below every value: each window holds at least one cell that is no padding
        for (run, _, _) in window.rows(pixel) {
            for cell in input[run].chunks_exact(channels) {
                out.iter_mut().zip(cell).for_each(|(out, &x)| *out = x.max(*out));
            }
        }
    }
}

fn avg_pool(window: &Window, requant: Requant, input: &[i16], out: &mut [i16], scratch: &mut Scratch) {
    let channels = window.input.c;
    for (pixel, out) in window.pixels().zip(out.chunks_exact_mut(channels)) {
        scratch.acc.clear();
        scratch.acc.resize(channels, 0);
        for (run, _, _) in window.rows(pixel) {
            for cell in input[run].chunks_exact(channels) {
                scratch.acc.iter_mut().zip(cell).for_each(|(acc, &x)| *acc += i64::from(x));
            }
        }
        out.iter_mut().zip(&scratch.acc).for_each(|(out, &acc)| *out = requant.apply(acc));
    }
}

/// HWC to channel-major: index `(c*H + y)*W + x`.
fn flatten(shape: Shape, input: &[i16], out: &mut [i16]) {
    let pixels = shape.h * shape.w;
    for (channel, out) in out.chunks_exact_mut(pixels).enumerate() {
        for (out, pixel) in out.iter_mut().zip(input.chunks_exact(shape.c)) {
            *out = pixel[channel];
        }
    }
}

fn concat(requant: &[Requant], channels: &[usize], inputs: &[&[i16]], out: &mut [i16]) {
    let total: usize = channels.iter().sum();
    let mut first = 0;
    for ((&requant, &count), input) in requant.iter().zip(channels).zip(inputs) {
        for (out, pixel) in out.chunks_exact_mut(total).zip(input.chunks_exact(count)) {
            let out = &mut out[first..first + count];
            out.iter_mut().zip(pixel).for_each(|(out, &x)| *out = requant.apply(i64::from(x)));
        }
        first += count;
    }
}

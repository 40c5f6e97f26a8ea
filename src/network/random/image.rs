//! Random images: noise, extremes, and patterns that drive the first layer's sums to their bounds.

use rand::Rng;

use crate::network::Network;
use crate::network::graph::{Conv, INPUT, Op, Shape};

/// An image for `network` in H x W x C order: a quarter, where the network has a convolution of its input, of windows in which a
/// sum is as large or as small as it can be; the others as [`noise_image`] draws them.
pub fn random_image<R: Rng>(rng: &mut R, network: &Network) -> Vec<u8> {
    let shape = network.input.shape();
    let mut image = noise_image(rng, shape);
    if let Some((conv, weight)) = first_conv(network).filter(|_| rng.random_bool(0.25)) {
        drive(rng, conv, weight, shape, &mut image);
    }
    image
}

/// An image of `shape` in H x W x C order: noise, noise with black or white patches, all black, or all white.
pub fn noise_image<R: Rng>(rng: &mut R, shape: Shape) -> Vec<u8> {
    let kind = rng.random_range(0..8);
    let pixel = |_| match kind {
        0 => 0,
        1 => 255,
        2 => 255 * rng.random_range(0..=1),
        3 if rng.random_bool(0.9) => 0,
        _ => rng.random(),
    };
    (0..shape.len()).map(pixel).collect()
}

/// A convolution that reads the image, with its weights.
fn first_conv(network: &Network) -> Option<(&Conv, &[i8])> {
    network.nodes.iter().find_map(|node| match &node.op {
        Op::Conv(conv) if node.inputs == [INPUT] => Some((conv, network.params(&node.name).weight.as_slice())),
        _ => None,
    })
}

/// In windows side by side, each for a random output channel: white where the weight has one sign, black where it has the other.
fn drive<R: Rng>(rng: &mut R, conv: &Conv, weight: &[i8], shape: Shape, image: &mut [u8]) {
    let [rows, columns] = conv.kernel;
    let starts = |side: usize, axis: usize| {
        let step = conv.kernel[axis].next_multiple_of(conv.stride[axis]);
        (0..side + conv.padding[axis]).step_by(step).map(move |at| at as isize - conv.padding[axis] as isize)
    };
    for (top, left) in starts(shape.h, 0).flat_map(|top| starts(shape.w, 1).map(move |left| (top, left))) {
        let (output, positive) = (rng.random_range(0..conv.out_channels), rng.random_bool(0.5));
        for (c, ky, kx) in
            (0..shape.c).flat_map(|c| (0..rows).flat_map(move |ky| (0..columns).map(move |kx| (c, ky, kx))))
        {
            let weight = weight[((output * shape.c + c) * rows + ky) * columns + kx];
            let (y, x) = (top + ky as isize, left + kx as isize);
            if (0..shape.h as isize).contains(&y) && (0..shape.w as isize).contains(&x) {
                image[(y as usize * shape.w + x as usize) * shape.c + c] = 255 * u8::from((weight > 0) == positive);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::network::Params;
    use crate::network::graph::{InputSpec, Node, Storage};
    use crate::network::interp::Interpreter;

    /// One convolution over the whole image, of 5 x 4 pixels, 2 channels and 3 classes: its sums are the scores.
    fn one_conv(rng: &mut ChaCha8Rng) -> Network {
        let (kernel, padding, storage) = ([5, 4], [0, 0], Storage::Dense);
        let op =
            Op::Conv(Conv { out_channels: 3, kernel, stride: [1, 1], padding, weight_bits: 4, storage, out: None });
        let weight = (0..3 * 2 * 20).map(|_| rng.random_range(-7..=7)).collect();
        let params = Params { weight, bias: vec![5, 0, -9], ..Params::default() };
        Network {
            name: "one".into(),
            input: InputSpec { channels: 2, height: 5, width: 4 },
            classes: ["a", "b", "c"].map(String::from).to_vec(),
            nodes: vec![Node { name: "conv1".into(), inputs: vec![INPUT.into()], op }],
            params: [("conv1".to_string(), params)].into(),
        }
    }

    #[test]
    fn a_first_convolution_is_driven_to_both_bounds() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let network = one_conv(&mut rng);
        let interpreter = Interpreter::new(&network).unwrap();
        let scores: Vec<Vec<i32>> = (0..100).map(|_| interpreter.scores(&random_image(&mut rng, &network))).collect();
        let Params { weight, bias, .. } = network.params("conv1");
        for (class, weights) in weight.chunks(40).enumerate() {
            let bound = |sign: i32| {
                bias[class] as i32 + 255 * weights.iter().map(|&w| i32::from(w)).filter(|w| w * sign > 0).sum::<i32>()
            };
            let of_class = || scores.iter().map(|scores| scores[class]);
            assert_eq!((of_class().min().unwrap(), of_class().max().unwrap()), (bound(-1), bound(1)), "class {class}");
        }
    }
}

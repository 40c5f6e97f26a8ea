//! The fast interpreter equals a plain one on random networks of every op, random and extreme images.

mod plain;

use std::collections::BTreeMap;

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::network::interp::Interpreter;
use slimgate::network::random::{RandomSpec, random_image, random_network};

const NETWORKS: u64 = 400;
const IMAGES: usize = 6;

/// A fresh seed, or the one in `SLIMGATE_SEED`.
fn seed() -> u64 {
    let seed = std::env::var("SLIMGATE_SEED").ok().and_then(|s| s.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rng().next_u64());
    println!("SLIMGATE_SEED={seed}");
    seed
}

#[test]
fn fast_and_plain_interpreter_agree() {
    let first = seed();
    let mut ops = BTreeMap::new();
    let (mut wide, mut lowest, mut most) = (0, 0u32, 0u32);
    for seed in (0..NETWORKS).map(|i| first.wrapping_add(i)) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let network = random_network(&mut rng, &RandomSpec::default());
        network.validate().unwrap_or_else(|e| panic!("SLIMGATE_SEED={seed}: {e}"));
        assert!(network.nodes.len() >= 3, "SLIMGATE_SEED={seed}");
        let interpreter = Interpreter::new(&network).unwrap();
        for _ in 0..IMAGES {
            let image = random_image(&mut rng, &network);
            let fast = interpreter.trace(&image);
            let plain = plain::trace(&network, &image);
            for (fast, plain) in fast.iter().zip(&plain) {
                assert_eq!(fast, plain, "SLIMGATE_SEED={seed} {network:?}");
            }
            assert_eq!(fast.len(), network.nodes.len());
            assert_eq!(interpreter.scores(&image), plain.last().unwrap().1);
            let values = fast.iter().flat_map(|(_, v)| v);
            lowest += values.clone().filter(|&&v| v == 0).count() as u32;
            most += values.count() as u32;
        }
        for node in &network.nodes {
            *ops.entry(node.op.name()).or_insert(0) += 1;
            wide += u32::from(network.acc_bits(&node.name) > Some(32));
        }
    }
    println!("{ops:?}, {wide} accumulators beyond 32 bits, {lowest} of {most} values are 0");
    assert_eq!(ops.len(), 8, "every op was met: {ops:?}");
    assert!(wide > 0, "the 64-bit path was met");
    assert!(lowest < most / 10 * 9, "most networks are alive");
}

#[test]
fn many_images_give_the_scores_of_each() {
    let mut rng = ChaCha8Rng::seed_from_u64(seed());
    let network = random_network(&mut rng, &RandomSpec::default());
    let interpreter = Interpreter::new(&network).unwrap();
    let images: Vec<Vec<u8>> = (0..50).map(|_| random_image(&mut rng, &network)).collect();
    let done = std::sync::atomic::AtomicUsize::new(0);
    let count = || _ = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let all = interpreter.scores_all(&images.concat(), count);
    assert_eq!(all, images.iter().map(|image| interpreter.scores(image)).collect::<Vec<_>>());
    assert_eq!(done.into_inner(), images.len());
}

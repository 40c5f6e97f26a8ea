//! Seeded, stratified choice of images: every class keeps its share.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::Images;

/// Indices (ascending) of `count` labels, drawn from each class in proportion to its size (largest remainder, so that
/// the total is exact). The same labels, count and seed give the same choice on every machine.
pub fn stratified(labels: &[u16], count: usize, seed: u64) -> Vec<usize> {
    let count = count.min(labels.len());
    let mut by_class: Vec<Vec<usize>> = Vec::new();
    for (i, &label) in labels.iter().enumerate() {
        let class = usize::from(label);
        if by_class.len() <= class {
            by_class.resize_with(class + 1, Vec::new);
        }
        by_class[class].push(i);
    }
    let total = labels.len().max(1);
    let mut quota: Vec<usize> = by_class.iter().map(|c| c.len() * count / total).collect();
    let mut order: Vec<usize> = (0..by_class.len()).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(by_class[c].len() * count % total), c));
    let missing = count - quota.iter().sum::<usize>();
    order.iter().take(missing).for_each(|&c| quota[c] += 1);

    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen = Vec::with_capacity(count);
    for (indices, quota) in by_class.iter_mut().zip(quota) {
        indices.shuffle(&mut rng);
        chosen.extend_from_slice(&indices[..quota]);
    }
    chosen.sort_unstable();
    chosen
}

impl Images {
    /// Takes `val_count` images out for validation: `(the others, the validation images)`, both in file order.
    pub fn split(&self, val_count: usize, seed: u64) -> (Images, Images) {
        let chosen = stratified(&self.labels, val_count, seed);
        let mut is_chosen = vec![false; self.len()];
        chosen.iter().for_each(|&i| is_chosen[i] = true);
        let rest: Vec<usize> = (0..self.len()).filter(|&i| !is_chosen[i]).collect();
        (self.select(&rest), self.select(&chosen))
    }

    /// At most `count` of the images, every class in proportion.
    pub fn sample(self, count: usize, seed: u64) -> Images {
        if count >= self.len() { self } else { self.select(&stratified(&self.labels, count, seed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::graph::Shape;

    fn images(labels: Vec<u16>) -> Images {
        let pixels = (0..labels.len()).map(|i| i as u8).collect();
        Images { shape: Shape { c: 1, h: 1, w: 1 }, pixels, labels }
    }

    #[test]
    fn a_split_is_exact_stratified_and_repeatable() {
        let all = images((0..100).map(|i| if i < 50 { 0 } else { 1 + (i % 2) as u16 }).collect());
        let (rest, val) = all.split(21, 7);
        assert_eq!((rest.len(), val.len()), (79, 21));
        let of = |class| val.labels.iter().filter(|&&l| l == class).count();
        assert_eq!(of(0), 11);
        assert_eq!((of(1), of(2)), (5, 5));
        let mut pixels = [rest.pixels.clone(), val.pixels.clone()].concat();
        pixels.sort_unstable();
        assert_eq!(pixels, all.pixels, "each image is in exactly one part");
        assert_eq!(all.split(21, 7), (rest.clone(), val));
        assert_ne!(all.split(21, 8).0, rest);
    }

    #[test]
    fn more_than_there_are_takes_all() {
        let all = images(vec![0, 0, 3]);
        assert_eq!(all.split(9, 1).1, all);
        assert!(all.split(0, 1).1.is_empty());
        assert_eq!(all.clone().sample(9, 1), all);
        assert_eq!(all.sample(1, 1).labels, [0]);
    }
}

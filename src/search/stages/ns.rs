//! NS, network slimming (Liu et al., ICCV 2017): an L1 penalty on BatchNorm scales while training, then the channels
//! with the smallest |gamma| over the whole network are removed.

use std::collections::BTreeMap;

use anyhow::Result;
use tch::{Kind, Tensor};

use super::Stage;
use crate::config::layers::LayerSpec;
use crate::config::search::{FineTune, NsConfig};
use crate::train::Model;

/// See the module.
#[derive(Debug)]
pub struct Ns {
    config: NsConfig,
}

impl Ns {
    /// The stage as configured.
    pub fn new(config: &NsConfig) -> Self {
        Self { config: config.clone() }
    }
}

impl Stage for Ns {
    fn rungs(&self) -> usize {
        self.config.ladder.len()
    }

    fn preparation(&self) -> Option<(FineTune, f64)> {
        let trains = self.config.sparsity.epochs > 0 && self.config.l1 > 0.0;
        trains.then_some((self.config.sparsity, self.config.l1))
    }

    fn fine_tune(&self) -> FineTune {
        self.config.fine_tune
    }

    fn apply(&self, rung: usize, start: &Model, from: &Model, _calibration: &Tensor) -> Result<Model> {
        let total: usize = scales(start).values().map(Vec::len).sum();
        let wanted = total - (self.config.ladder[rung] * total as f64).round() as usize;
        let mut model = from.clone();
        model.slim(&channels_to_keep(&scales(from), wanted, self.config.multiple_of))?;
        Ok(model)
    }

    fn ratio(&self, rung: usize) -> f64 {
        self.config.ladder[rung]
    }

    fn fingerprint(&self, rung: usize) -> String {
        format!("{} of the channels, by {}", self.config.ladder[rung], self.config.multiple_of)
    }
}

/// |gamma| that scales one channel, by BatchNorm; several of one where a flatten repeats the channel.
type Gammas = BTreeMap<String, Vec<f64>>;

/// How much each channel counts, by layer: the mean |gamma| of the BatchNorms that scale it. They are the layer's own,
/// those of nodes that read the channel (DenseNet), and those of the layers that an add ties to it, whose channels go
/// together. The mean, because a channel of `n` tied layers counts `n` times among the channels to remove.
fn scales(model: &Model) -> BTreeMap<String, Vec<f64>> {
    let gammas = channel_gammas(model);
    let mut scales = BTreeMap::new();
    for group in model.dependency_groups() {
        let members: Vec<&Vec<Gammas>> = group.iter().filter_map(|layer| gammas.get(layer)).collect();
        if members.iter().any(|m| m.len() != members[0].len()) {
            continue; // channels that do not pair up
        }
        let channels = members.first().map_or(0, |m| m.len());
        let means: Option<Vec<f64>> = (0..channels).map(|c| mean(members.iter().map(|m| &m[c]))).collect();
        // Without a BatchNorm (fully connected) nothing says what a channel counts.
        let Some(means) = means else { continue };
        scales.extend(group.iter().map(|layer| (layer.clone(), means.clone())));
    }
    scales
}

/// Mean over the BatchNorms of a channel and of those tied to it, each counted once; `None` where there is none.
fn mean<'a>(tied: impl Iterator<Item = &'a Gammas>) -> Option<f64> {
    let of = |gammas: &Vec<f64>| gammas.iter().sum::<f64>() / gammas.len() as f64;
    let all: BTreeMap<&String, f64> = tied.flatten().map(|(node, gammas)| (node, of(gammas))).collect();
    (!all.is_empty()).then(|| all.values().sum::<f64>() / all.len() as f64)
}

/// By layer and channel, |gamma| of every BatchNorm that scales it, its own layer's or a reader's.
fn channel_gammas(model: &Model) -> BTreeMap<String, Vec<Gammas>> {
    let outputs = |node: &LayerSpec| (node.name.clone(), vec![Gammas::new(); node.out_channels().unwrap_or(0)]);
    let mut found: BTreeMap<String, Vec<Gammas>> = model.layers().map(outputs).collect();
    let origins = model.origins();
    for (node, gamma) in model.gammas() {
        let gamma = Vec::<f64>::try_from(gamma.detach().abs().to_kind(Kind::Double)).expect("gamma has one dimension");
        for (value, (layer, c)) in gamma.iter().zip(&origins[&node]).flat_map(|(g, o)| o.iter().map(move |o| (g, o))) {
            if let Some(channels) = found.get_mut(layer) {
                channels[*c].entry(node.clone()).or_default().push(*value);
            }
        }
    }
    found
}

/// The channels that stay when the smallest scales go until `wanted` are left over the whole network. Every layer
/// keeps one at least, and a multiple of `multiple_of` where it has so many.
pub fn channels_to_keep(
    scales: &BTreeMap<String, Vec<f64>>,
    wanted: usize,
    multiple_of: usize,
) -> BTreeMap<String, Vec<usize>> {
    let mut ranked: Vec<(&str, usize, f64)> = Vec::new();
    for (layer, s) in scales {
        ranked.extend(s.iter().enumerate().map(|(c, &scale)| (layer.as_str(), c, scale)));
    }
    // Largest first; a stable order makes ties reproducible.
    ranked.sort_by(|a, b| b.2.total_cmp(&a.2));
    let mut count: BTreeMap<&str, usize> = scales.keys().map(|l| (l.as_str(), 0)).collect();
    for (layer, _, _) in ranked.iter().take(wanted) {
        *count.get_mut(layer).expect("ranked comes from scales") += 1;
    }
    let mut keep = BTreeMap::new();
    for (layer, s) in scales {
        let rounded = count[layer.as_str()].max(1).div_ceil(multiple_of) * multiple_of;
        let best = ranked.iter().filter(|(l, _, _)| l == layer).take(rounded.min(s.len()));
        let mut channels: Vec<usize> = best.map(|&(_, c, _)| c).collect();
        channels.sort_unstable();
        keep.insert(layer.clone(), channels);
    }
    keep
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scales() -> BTreeMap<String, Vec<f64>> {
        [("a".to_string(), vec![0.5, 0.1, 0.9, 0.2]), ("b".to_string(), vec![0.05, 0.01, 0.02])].into()
    }

    #[test]
    fn the_smallest_scales_of_the_whole_network_go_first() {
        let keep = channels_to_keep(&scales(), 5, 1);
        assert_eq!(keep["a"], [0, 1, 2, 3]);
        assert_eq!(keep["b"], [0]);
        assert_eq!(channels_to_keep(&scales(), 7, 1)["b"], [0, 1, 2]);
    }

    #[test]
    fn a_batch_norm_counts_once_however_many_tied_layers_it_reads() {
        let gammas =
            |pairs: &[(&str, f64)]| -> Gammas { pairs.iter().map(|(n, g)| (n.to_string(), vec![*g])).collect() };
        let tied = [gammas(&[("a", 0.1), ("reader", 0.7)]), gammas(&[("reader", 0.7)]), gammas(&[("reader", 0.7)])];
        assert!((mean(tied.iter()).unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(mean([Gammas::new()].iter()), None);
    }

    #[test]
    fn every_layer_keeps_a_channel() {
        let keep = channels_to_keep(&scales(), 2, 1);
        assert_eq!((keep["a"].as_slice(), keep["b"].as_slice()), (&[0, 2][..], &[0][..]));
        assert_eq!(channels_to_keep(&scales(), 0, 1)["a"], [2]);
    }

    #[test]
    fn counts_round_up_to_a_multiple_as_far_as_there_are_channels() {
        let keep = channels_to_keep(&scales(), 4, 2);
        assert_eq!((keep["a"].as_slice(), keep["b"].as_slice()), (&[0, 1, 2, 3][..], &[0, 2][..]));
        assert_eq!(channels_to_keep(&scales(), 4, 8)["b"], [0, 1, 2]);
    }
}

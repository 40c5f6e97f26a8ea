//! Deep compression's last step: nodes without connections go away.

use std::collections::BTreeMap;

use anyhow::Result;
use tch::{Kind, Tensor};

use super::forward::Mode;
use super::graph::consumers;
use super::model::Model;
use crate::config::layers::{LayerOp, LayerSpec};

impl Model {
    /// Removes output channels that no remaining weight reads, and channels that read nothing: those are constants,
    /// which are folded into the biases (or BatchNorm means) of their readers. A channel that reads nothing stays
    /// where folding would not be exact, that is where a reader pads it with zeros, or where an add or concat
    /// requantizes it. Returns the number of channels removed, by layer.
    ///
    /// # Errors
    /// None in a consistent model.
    pub fn remove_dead(&mut self) -> Result<BTreeMap<String, usize>> {
        let mut removed = BTreeMap::new();
        loop {
            let keep = self.living_channels();
            if keep.is_empty() {
                return Ok(removed);
            }
            for (layer, channels) in &keep {
                let before = self.get(layer, "weight").size()[0] as usize;
                *removed.entry(layer.clone()).or_default() += before - channels.len();
            }
            self.fold_constants(&keep);
            self.slim(&keep)?;
        }
    }

    /// For each layer with channels that can go: the channels that stay (one at least).
    fn living_channels(&self) -> BTreeMap<String, Vec<usize>> {
        let tied = self.dependency_groups();
        let alone = |name: &str| tied.iter().any(|g| g.len() == 1 && g.contains(name));
        let mut keep = BTreeMap::new();
        for node in self.layers().filter(|n| alone(&n.name)) {
            let fed = nonzero_along(&self.weight(&node.name), 0);
            let read = self.read_channels(node);
            let foldable = self.constants_fold(node);
            let mut living: Vec<usize> = (0..fed.len()).filter(|&c| read[c] && (fed[c] || !foldable)).collect();
            if living.is_empty() {
                living.push(0);
            }
            if living.len() < fed.len() {
                keep.insert(node.name.clone(), living);
            }
        }
        keep
    }

    /// Which of a layer's output channels any layer behind reads through a nonzero weight.
    fn read_channels(&self, node: &LayerSpec) -> Vec<bool> {
        let mut read = vec![false; node.out_channels().unwrap_or(0)];
        let origins = self.origins();
        for reader in self.layers() {
            let columns = nonzero_along(&self.weight(&reader.name), 1);
            for (origin, _) in origins[&reader.inputs[0]].iter().zip(columns).filter(|(_, used)| *used) {
                origin.iter().filter(|(layer, _)| *layer == node.name).for_each(|&(_, c)| read[c] = true);
            }
        }
        read
    }

    /// Whether a constant output of `node` stays constant all the way to the layers that read it.
    fn constants_fold(&self, node: &LayerSpec) -> bool {
        consumers(&self.nodes, &node.name).all(|reader| match reader.op {
            LayerOp::Dense { .. } => true,
            LayerOp::Conv { window, .. } => window.padding == [0, 0],
            LayerOp::MaxPool(_) | LayerOp::AvgPool(_) | LayerOp::BatchNorm | LayerOp::Flatten => {
                self.constants_fold(reader)
            }
            LayerOp::Add | LayerOp::Concat => false,
        })
    }

    /// Adds to the readers' biases what the channels that are about to go, and read nothing, contribute.
    fn fold_constants(&mut self, keep: &BTreeMap<String, Vec<usize>>) {
        let _guard = tch::no_grad_guard();
        let origins = self.origins();
        let black = Tensor::zeros(
            [1, self.input.c as i64, self.input.h as i64, self.input.w as i64],
            (Kind::Float, self.device()),
        );
        let values = self.trace(&black);
        let goes = |layer: &str, c: usize| keep.get(layer).is_some_and(|k| !k.contains(&c));
        let readers: Vec<LayerSpec> = self.layers().cloned().collect();
        for reader in readers {
            let origins = &origins[&reader.inputs[0]];
            let share: Vec<f32> =
                origins.iter().map(|o| f32::from(u8::from(o.iter().any(|(l, c)| goes(l, *c))))).collect();
            if share.iter().all(|&s| s == 0.0) {
                continue;
            }
            // Constant over the image, so that any cell will do; columns that nobody reads have zero weights.
            let x = &values[&reader.inputs[0]];
            let x = x.select(0, 0).flatten(1, -1).select(1, 0) * Tensor::from_slice(&share).to_device(self.device());
            let w = self.quantized_weight(&reader.name, Mode::Eval, None);
            let w = w.view([w.size()[0], w.size()[1], -1]).sum_dim_intlist([2i64].as_slice(), false, None::<Kind>);
            let constant = w.matmul(&x);
            let (kind, sign) = if reader.batch_norm { ("mean", -1.0) } else { ("bias", 1.0) };
            let moved = self.get(&reader.name, kind).detach() + constant * sign;
            self.set(&reader.name, kind, &moved);
        }
    }
}

/// For each index of dimension `dim`, whether any element there is nonzero.
fn nonzero_along(weight: &Tensor, dim: i64) -> Vec<bool> {
    let rows = weight.transpose(0, dim).contiguous();
    let rows = rows.view([rows.size()[0], -1]);
    let used = rows.abs().amax([1i64].as_slice(), false).gt(0.0).to_kind(Kind::Int64);
    Vec::<i64>::try_from(used).expect("one integer a row").into_iter().map(|n| n != 0).collect()
}

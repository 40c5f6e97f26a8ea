//! A training's state after an epoch: model, optimizer, figures so far.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::fit::{EpochReport, Recipe};
use super::model::Model;
use super::optim::Optimizer;
use super::store::{self, ModelHeader};
use crate::error::InputError;

const MODEL: &str = "model.";
const OPTIMIZER: &str = "optimizer.";

/// What is no tensor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    recipe: Recipe,
    threads: usize,
    steps: i32,
    epochs: Vec<EpochReport>,
    model: ModelHeader,
}

/// See the module.
#[derive(Debug)]
pub struct Checkpoint {
    header: Header,
    tensors: BTreeMap<String, Tensor>,
}

impl Checkpoint {
    /// The state to save. Tensors are shared: save before the next step.
    pub fn of(recipe: &Recipe, threads: usize, model: &Model, optimizer: &Optimizer, epochs: &[EpochReport]) -> Self {
        let (model, tensors) = model.to_parts();
        let header =
            Header { recipe: recipe.clone(), threads, steps: optimizer.steps(), epochs: epochs.to_vec(), model };
        let model = tensors.into_iter().map(|(name, t)| (format!("{MODEL}{name}"), t));
        let optimizer = optimizer.state().map(|(name, t)| (format!("{OPTIMIZER}{name}"), t.shallow_clone()));
        Self { header, tensors: model.chain(optimizer).collect() }
    }

    /// Writes it, aside first and then renamed.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        store::write(path, &self.header, &self.tensors).with_context(|| format!("checkpoint {}", path.display()))
    }

    /// Reads what [`Checkpoint::save`] wrote.
    ///
    /// # Errors
    /// An [`InputError`] for a damaged file.
    pub fn load(path: &Path) -> Result<Self> {
        let (header, tensors) = store::read(path)?;
        Ok(Self { header, tensors })
    }

    /// Puts the state into `model` and `optimizer`; returns the figures of the epochs done.
    ///
    /// # Errors
    /// An [`InputError`] where the checkpoint is another training's.
    pub fn resume(
        self,
        recipe: &Recipe,
        threads: usize,
        model: &mut Model,
        optimizer: &mut Optimizer,
    ) -> Result<Vec<EpochReport>> {
        let Self { header, tensors } = self;
        // Threads and device may change from session to session; everything else makes another training.
        let same = |r: &Recipe| {
            let mut r = r.clone();
            (r.train.threads, r.train.device) = (recipe.train.threads, recipe.train.device);
            r
        };
        if same(&header.recipe) != *recipe || header.model != model.to_parts().0 {
            let expected = "a checkpoint of this training (remove the file to begin again)";
            return Err(InputError::new("checkpoint", "another training's recipe or network", expected).into());
        }
        if header.threads != threads {
            tracing::warn!("resuming with {threads} threads what {} began: the last bits may differ", header.threads);
        }
        let with_prefix = |prefix: &str| -> BTreeMap<String, Tensor> {
            let named = tensors.iter().filter_map(|(name, t)| Some((name.strip_prefix(prefix)?, t)));
            named.map(|(name, t)| (name.to_string(), t.shallow_clone())).collect()
        };
        let device = model.device();
        *model = Model::from_parts(header.model, with_prefix(MODEL))?;
        model.to_device(device);
        optimizer.replace_params(model.params());
        optimizer.restore(&with_prefix(OPTIMIZER), header.steps)?;
        Ok(header.epochs)
    }
}

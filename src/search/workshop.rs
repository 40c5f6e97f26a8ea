//! Where candidates are really made: surgery, training and measuring with libtorch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use tch::{Device, Tensor};

use super::figures;
use super::journal::{Bits, key_of};
use super::recorded::{Figures, Maker, Work};
use super::stages::{self, Stage};
use super::teacher::Teacher;
use crate::config::hardware::HardwareConfig;
use crate::config::search::{Distill, FineTune, SearchConfig, StageName};
use crate::config::train::TrainConfig;
use crate::data::Images;
use crate::train::{self, Diverged, Hooks, Model, Recipe, runtime};

/// Images that activation scales are calibrated on.
const CALIBRATION: usize = 512;

/// What all candidates of a run share.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Section `[search]`.
    pub config: &'a SearchConfig,
    /// Section `[train]`: candidates change its epochs and learning rate.
    pub recipe: &'a TrainConfig,
    /// Section `[hardware]`: the design whose cycles or energy may be the objective.
    pub hardware: &'a HardwareConfig,
    /// Images to train on.
    pub train: &'a Images,
    /// Images to decide on.
    pub val: &'a Images,
    /// The trained float network.
    pub baseline: &'a Path,
    /// Everything that the trained float network depends on.
    pub baseline_key: &'a str,
    /// The network that teaches instead of the baseline.
    pub teacher: Option<&'a Path>,
    /// The run's seed.
    pub seed: u64,
    /// Whether to draw progress bars.
    pub progress: bool,
}

/// See the module.
pub struct Workshop<'a> {
    setting: Setting<'a>,
    stages: BTreeMap<StageName, Box<dyn Stage>>,
    baseline: Model,
    teacher: Option<Teacher>,
    calibration: Tensor,
}

/// Images `[N, C, H, W]`, values 0 to 1, on which activation scales are found. They are spread over the training images,
/// which may be sorted by class.
pub fn calibration(train: &Images) -> Tensor {
    let count = CALIBRATION.min(train.len());
    let spread: Vec<usize> = (0..count).map(|i| i * train.len() / count).collect();
    train::batches::tensor(&train.select(&spread), 0..count, Device::Cpu)
}

/// A training: how long, at which rate, with which penalty on BatchNorm scales.
#[derive(Debug, Clone, Copy)]
struct Training {
    fine_tune: FineTune,
    l1: f64,
}

impl<'a> Workshop<'a> {
    /// Loads the baseline and the teacher.
    ///
    /// # Errors
    /// A baseline that cannot be read; those of [`Teacher::find`].
    pub fn new(setting: Setting<'a>) -> Result<Self> {
        let baseline = Model::load(setting.baseline)?;
        let teacher = Teacher::find(setting.config.distill.weight, setting.teacher, &baseline)?;
        let calibration = calibration(setting.train);
        Ok(Self { setting, stages: stages::all(setting.config), baseline, teacher, calibration })
    }

    /// `model` where it is worked on: the device of the training.
    fn placed(&self, mut model: Model) -> Result<Model> {
        model.to_device(runtime::device(self.setting.recipe.device)?);
        Ok(model)
    }

    fn stage(&self, name: &str) -> &dyn Stage {
        let stage = StageName::ALL.into_iter().find(|s| s.as_str() == name).expect("orders hold stages only");
        self.stages[&stage].as_ref()
    }

    fn training(&self, work: &Work) -> Training {
        let plain = |fine_tune| Training { fine_tune, l1: 0.0 };
        match work {
            Work::Baseline => plain(FineTune { epochs: 0, learning_rate: 1.0 }),
            Work::Prepare { stage, .. } => {
                let (fine_tune, l1) = self.stage(stage).preparation().expect("only stages that prepare are asked to");
                Training { fine_tune, l1 }
            }
            Work::Candidate(trial) => plain(self.stage(trial.stage).fine_tune()),
            Work::Polish { .. } => plain(self.setting.config.polish),
        }
    }

    /// How networks are trained, apart from epochs and rate.
    fn recipe(&self) -> TrainConfig {
        let own = self.setting.recipe;
        TrainConfig { batch: self.setting.config.batch.unwrap_or(own.batch), ..own.clone() }
    }

    /// The model before its training.
    fn before_training(&self, work: &Work, network_at: &dyn Fn(&str) -> PathBuf) -> Result<Model> {
        if let Work::Candidate(trial) = work {
            let load = |key: &str| self.placed(Model::load(&network_at(key))?);
            let (start, from) = (load(trial.start)?, load(trial.from)?);
            let images = self.calibration.to_device(from.device());
            return self.stage(trial.stage).apply(trial.rung, &start, &from, &images);
        }
        self.placed(match work {
            Work::Baseline => self.baseline.clone(),
            other => Model::load(&network_at(other.parent()))?,
        })
    }

    /// The model after its training, the seconds that took and the validation accuracy. A rung that cannot be trained is
    /// too deep, which is no reason to end the search: it counts as a network, untrained, of no accuracy.
    fn trained(&self, untrained: Model, work: &Work, checkpoint: &Path) -> Result<(Model, f64, f64)> {
        let (mut model, began) = (untrained.clone(), Instant::now());
        match self.train(&mut model, work, checkpoint) {
            Ok(seconds) => {
                let accuracy = train::accuracy(&model, self.setting.val);
                Ok((model, seconds, accuracy))
            }
            Err(error) if error.is::<Diverged>() => {
                tracing::warn!("{}: {error}", label(work));
                Ok((untrained, began.elapsed().as_secs_f64(), 0.0))
            }
            Err(error) => Err(error),
        }
    }

    /// Trains; returns the seconds of all epochs, those before a resumption included.
    fn train(&self, model: &mut Model, work: &Work, checkpoint: &Path) -> Result<f64> {
        let training = self.training(work);
        if training.fine_tune.epochs == 0 {
            return Ok(0.0);
        }
        let (setting, distill) = (self.setting, &self.setting.config.distill);
        let train = TrainConfig {
            epochs: training.fine_tune.epochs,
            learning_rate: training.fine_tune.learning_rate,
            ..self.recipe()
        };
        let recipe = Recipe {
            gamma_l1: training.l1,
            distill_weight: distill.weight,
            distill_temperature: distill.temperature,
            ..Recipe::new(&train, seed_of(checkpoint))
        };
        let label = label(work);
        let unfinished = checkpoint.with_extension("training");
        let hooks = Hooks {
            teacher: self.teacher.as_ref().map(Teacher::model),
            checkpoint: Some(&unfinished),
            progress: setting.progress.then_some(label.as_str()),
            ..Hooks::default()
        };
        let report = train::fit(model, setting.train, &recipe, &hooks)?;
        Ok(report.epochs.iter().map(|epoch| epoch.seconds).sum())
    }
}

impl Maker for Workshop<'_> {
    fn rungs(&self, stage: &str) -> usize {
        self.stage(stage).rungs()
    }

    fn mandatory(&self, stage: &str) -> bool {
        self.stage(stage).mandatory()
    }

    fn prepares(&self, stage: &str) -> bool {
        self.stage(stage).preparation().is_some()
    }

    fn fingerprint(&self, work: &Work) -> String {
        let surgery = match work {
            Work::Candidate(trial) => self.stage(trial.stage).fingerprint(trial.rung),
            _ => String::new(),
        };
        // A teacher has its own key: those of candidates without one are as they were before there was the option.
        let Distill { weight, temperature, .. } = &self.setting.config.distill;
        let distill = format!("Distill {{ weight: {weight:?}, temperature: {temperature:?} }}");
        let training = format!("{:?} {:?} {distill}", self.training(work), self.recipe().on_any_device());
        let seed = self.setting.seed.to_string();
        let mut parts = vec![self.setting.baseline_key, &seed, &surgery, &training];
        parts.extend(self.teacher.as_ref().and_then(Teacher::key));
        key_of(&parts)
    }

    fn make(&mut self, work: &Work, checkpoint: &Path, network_at: &dyn Fn(&str) -> PathBuf) -> Result<Figures> {
        let untrained = self.before_training(work, network_at)?;
        let (model, trained_seconds, val_accuracy) = self.trained(untrained, work, checkpoint)?;
        model.save(checkpoint)?;
        let _ = std::fs::remove_file(checkpoint.with_extension("training"));
        let ratio = if let Work::Candidate(trial) = work { self.stage(trial.stage).ratio(trial.rung) } else { 0.0 };
        let (objective, hardware) = (self.setting.config.objective, self.setting.hardware);
        let (sizes, cost) = figures::sizes_and_cost(&model, &self.calibration, objective, hardware)?;
        Ok(Figures {
            val_accuracy,
            ratio,
            bits: bits_of(&model),
            params_bits: sizes.params_bits,
            stored_bits: sizes.stored_bits,
            cost,
            macs: sizes.nonzero_macs,
            bops: sizes.bops,
            trained_seconds,
        })
    }
}

fn bits_of(model: &Model) -> Option<Bits> {
    model.quant().map(|quant| Bits {
        weights: quant.weights.clone(),
        activations: quant.acts.iter().map(|(node, ty)| (node.clone(), ty.bits)).collect(),
    })
}

/// What a progress bar calls the work.
fn label(work: &Work) -> String {
    match work {
        Work::Candidate(trial) => format!("{} rung {}", trial.stage, trial.rung),
        Work::Prepare { stage, .. } => format!("{stage} preparation"),
        other => other.stage().to_string(),
    }
}

/// A seed of its own for every candidate: the first 8 bytes of its key, which names the checkpoint.
fn seed_of(checkpoint: &Path) -> u64 {
    let key = checkpoint.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    u64::from_str_radix(key.get(..15).unwrap_or("0"), 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::graph::Shape;

    #[test]
    fn calibration_sees_every_class_of_images_sorted_by_class() {
        let labels: Vec<u16> = (0..2000).map(|i| i / 200).collect();
        let pixels = labels.iter().map(|&l| l as u8).collect();
        let images = Images { shape: Shape { c: 1, h: 1, w: 1 }, pixels, labels };
        let seen = calibration(&images);
        assert_eq!(seen.size(), [CALIBRATION as i64, 1, 1, 1]);
        assert!((seen.max().double_value(&[]) * 255.0 - 9.0).abs() < 1e-4);
        assert_eq!(calibration(&images.select(&[5, 7])).size()[0], 2);
    }
}

//! The training loop: from scratch, or fine-tuning of a quantized, slimmed or pruned model.

use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use tch::{Kind, Reduction, Tensor};

use super::batches::{self, Epoch};
use super::checkpoint::Checkpoint;
use super::forward::Mode;
use super::model::Model;
use super::optim::Optimizer;
use super::{progress::Progress, runtime, schedule};
use crate::config::train::{Precision, TrainConfig};
use crate::data::Images;

/// What to train for, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Epochs, optimizer, schedule, augmentation, precision, device, threads.
    pub train: TrainConfig,
    /// Seed of shuffling and augmentation.
    pub seed: u64,
    /// Share of the target spread over all classes, 0 to below 1.
    pub label_smoothing: f64,
    /// Weight of the L1 penalty on BatchNorm scales (network slimming); 0 for none.
    pub gamma_l1: f64,
    /// Share of the teacher in the loss, 0 to 1; matters only where [`Hooks::teacher`] is given.
    pub distill_weight: f64,
    /// Temperature that softens the teacher's and the model's scores.
    pub distill_temperature: f64,
}

impl Recipe {
    /// Plain training as configured.
    pub fn new(train: &TrainConfig, seed: u64) -> Self {
        let train = train.clone();
        Self { train, seed, label_smoothing: 0.0, gamma_l1: 0.0, distill_weight: 0.0, distill_temperature: 1.0 }
    }
}

/// A training whose loss is infinite or no number.
#[derive(Debug, thiserror::Error)]
#[error("the loss is no longer finite; a smaller train.learning_rate helps")]
pub struct Diverged;

/// See [`Hooks::after_epoch`].
pub type AfterEpoch<'a> = dyn Fn(&[EpochReport]) -> Result<()> + 'a;

/// What surrounds a training.
#[derive(Default)]
pub struct Hooks<'a> {
    /// Model whose scores are imitated (knowledge distillation, Hinton et al., 2015).
    pub teacher: Option<&'a Model>,
    /// Images measured after every epoch; they influence nothing.
    pub validation: Option<&'a Images>,
    /// File written after every epoch; where it exists, training goes on from it.
    pub checkpoint: Option<&'a Path>,
    /// Label of a progress bar on standard error; none without.
    pub progress: Option<&'a str>,
    /// Called after every epoch, its checkpoint written, with the figures so far; its error ends the training.
    pub after_epoch: Option<&'a AfterEpoch<'a>>,
}

/// One epoch's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Mean loss over the epoch.
    pub loss: f64,
    /// Accuracy on the augmented training batches, while they were trained on.
    pub train_accuracy: f64,
    /// Accuracy on the validation images, where given.
    pub validation_accuracy: Option<f64>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl EpochReport {
    /// A line for people; `index` counts from 0.
    pub fn line(&self, index: usize) -> String {
        let validation = self.validation_accuracy.map_or_else(|| "-".into(), |a| format!("{:.2} %", a * 100.0));
        let (number, loss, training) = (index + 1, self.loss, self.train_accuracy * 100.0);
        format!(
            "epoch {number:>3}  loss {loss:.4}  training {training:.2} %  validation {validation}  {:.1} s",
            self.seconds
        )
    }
}

/// A finished training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitReport {
    /// Every epoch's figures, those before a resumption included.
    pub epochs: Vec<EpochReport>,
    /// CPU threads: the result depends on their number in its last bits.
    pub threads: usize,
}

/// Trains `model` in place.
///
/// The same seed, threads and device give the same parameters bit for bit, whether or not the training was killed and
/// resumed in between.
///
/// # Errors
/// No images, images of another shape than the model's, a label beyond its classes, a teacher of other classes; a
/// device that is not there; a checkpoint that belongs to another training or cannot be written; a loss that is no
/// longer finite; what the hooks return.
pub fn fit(model: &mut Model, images: &Images, recipe: &Recipe, hooks: &Hooks) -> Result<FitReport> {
    check(model, images, hooks.teacher)?;
    let threads = runtime::set_threads(recipe.train.threads);
    let device = runtime::device(recipe.train.device)?;
    model.to_device(device);
    let teacher = hooks.teacher.filter(|_| recipe.distill_weight > 0.0).map(|t| {
        let mut teacher = t.clone();
        teacher.to_device(device);
        teacher
    });
    let mut optimizer = Optimizer::new(&recipe.train, model.params(), device);
    let mut report = FitReport { epochs: Vec::new(), threads };
    if let Some(path) = hooks.checkpoint.filter(|p| p.exists()) {
        report.epochs = Checkpoint::load(path)?.resume(recipe, threads, model, &mut optimizer)?;
    }
    let mut run = Run { recipe, teacher: teacher.as_ref(), optimizer };
    for number in report.epochs.len()..recipe.train.epochs {
        let started = Instant::now();
        let epoch = Epoch::new(images, recipe.train.batch, recipe.train.augment, device, recipe.seed, number);
        let progress = Progress::new(hooks.progress, number, recipe.train.epochs, epoch.batches());
        let (loss, train_accuracy) = run.epoch(model, epoch, number, &progress)?;
        let validation_accuracy = hooks.validation.map(|v| accuracy(model, v));
        let seconds = started.elapsed().as_secs_f64();
        report.epochs.push(EpochReport { loss, train_accuracy, validation_accuracy, seconds });
        tracing::info!("epoch {}/{}: {:?}", number + 1, recipe.train.epochs, report.epochs.last());
        if let Some(path) = hooks.checkpoint {
            Checkpoint::of(recipe, threads, model, &run.optimizer, &report.epochs).save(path)?;
        }
        if let Some(after) = hooks.after_epoch {
            after(&report.epochs)?;
        }
    }
    Ok(report)
}

/// What stays the same from batch to batch.
struct Run<'a> {
    recipe: &'a Recipe,
    teacher: Option<&'a Model>,
    optimizer: Optimizer,
}

impl Run<'_> {
    /// One pass. Returns mean loss and accuracy.
    fn epoch(&mut self, model: &Model, epoch: Epoch, number: usize, progress: &Progress) -> Result<(f64, f64)> {
        /// The sums are read this often only: on a GPU reading waits for the work in flight.
        const READ_EVERY: usize = 20;
        let (batches, total) = (epoch.batches(), epoch.batches() * self.recipe.train.epochs);
        let mode = if self.recipe.train.precision == Precision::Bf16 { Mode::TrainBf16 } else { Mode::Train };
        let options = (Kind::Double, model.device());
        let (mut losses, mut hits, mut seen) = (Tensor::zeros([1], options), Tensor::zeros([1], options), 0);
        let mut figures = (0.0, 0.0);
        for (i, (x, y)) in epoch.enumerate() {
            let scores = model.forward(&x, mode);
            let loss = self.loss(model, &x, &scores, &y);
            self.optimizer.step(&loss, schedule::rate(&self.recipe.train, number * batches + i, total));
            seen += y.numel();
            tch::no_grad(|| {
                let _ = losses.g_add_(&(loss.detach() * y.numel() as f64));
                let _ = hits.g_add_(&scores.argmax(1, false).eq_tensor(&y).sum(Kind::Double));
            });
            if i % READ_EVERY == READ_EVERY - 1 || i + 1 == batches {
                figures = (losses.double_value(&[0]) / seen as f64, hits.double_value(&[0]) / seen as f64);
                ensure!(figures.0.is_finite(), Diverged);
            }
            progress.step(figures);
        }
        Ok(figures)
    }

    /// Cross-entropy, mixed with the divergence from the teacher, plus the penalty on BatchNorm scales.
    fn loss(&self, model: &Model, x: &Tensor, scores: &Tensor, y: &Tensor) -> Tensor {
        let r = self.recipe;
        let mut loss = scores.cross_entropy_loss(y, None::<&Tensor>, Reduction::Mean, -100, r.label_smoothing);
        if let Some(teacher) = self.teacher {
            let t = r.distill_temperature;
            let goal = (teacher.forward(x, Mode::Eval) / t).softmax(-1, Kind::Float);
            let own = (scores / t).log_softmax(-1, Kind::Float);
            let divergence = own.kl_div(&goal, Reduction::Sum, false) / (y.numel() as f64);
            loss = loss * (1.0 - r.distill_weight) + divergence * (r.distill_weight * t * t);
        }
        if r.gamma_l1 > 0.0 {
            for gamma in model.gammas().values() {
                loss += gamma.abs().sum(Kind::Float) * r.gamma_l1;
            }
        }
        loss
    }
}

fn check(model: &Model, images: &Images, teacher: Option<&Model>) -> Result<()> {
    ensure!(!images.is_empty(), "no training images");
    ensure!(images.shape == model.input(), "images of {:?} for a model of {:?}", images.shape, model.input());
    let classes = model.classes();
    ensure!(images.labels.iter().all(|&l| usize::from(l) < classes), "a label beyond the model's {classes} classes");
    if let Some(t) = teacher {
        ensure!(t.input() == model.input() && t.classes() == classes, "a teacher of another shape than the model");
    }
    Ok(())
}

/// Fraction of the images whose highest score is the label's; NaN without images.
pub fn accuracy(model: &Model, images: &Images) -> f64 {
    const BATCH: usize = 500;
    let mut hits = 0i64;
    for start in (0..images.len()).step_by(BATCH) {
        let range = start..(start + BATCH).min(images.len());
        let scores = model.forward(&batches::tensor(images, range.clone(), model.device()), Mode::Eval);
        let labels = batches::labels(images, range, model.device());
        hits += scores.argmax(1, false).eq_tensor(&labels).sum(Kind::Int64).int64_value(&[]);
    }
    hits as f64 / images.len() as f64
}

//! AdamW and SGD with Nesterov momentum. Their state is a few flat tensors over all parameters, so that a checkpoint
//! can hold it (tch's own optimizers keep theirs inside libtorch).

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use tch::{Device, Kind, Tensor};

use super::model::Param;
use crate::config::train::{Optimizer as Method, TrainConfig};

const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;
/// Elements between the starts of two parameters in the flat tensor are a multiple of this: cuDNN wants its tensors
/// aligned.
const ALIGNMENT: usize = 64;

/// An optimizer over a model's parameters, which become views of one flat tensor: a step is a few operations on it,
/// however many parameters there are.
#[derive(Debug)]
pub struct Optimizer {
    kind: Method,
    params: Vec<Param>,
    /// Every parameter's elements, flat.
    values: Tensor,
    /// Zeros between two parameters.
    fill: Tensor,
    /// Weight decay of every element, flat.
    decay: Tensor,
    /// Momentum (`first`), mean square of the gradients (`second`, AdamW alone), flat.
    state: BTreeMap<String, Tensor>,
    momentum: f64,
    steps: i32,
}

impl Optimizer {
    /// Fresh state for `params`.
    pub fn new(config: &TrainConfig, params: Vec<Param>, device: Device) -> Self {
        let rate = |p: &Param| if p.decay { config.weight_decay } else { 0.0 };
        let options = (Kind::Float, device);
        let decay = params.iter().map(|p| Tensor::full([padded(&p.tensor)], rate(p), options));
        let decay = Tensor::cat(&decay.collect::<Vec<_>>(), 0);
        let names = if config.optimizer == Method::AdamW { &["first", "second"][..] } else { &["first"][..] };
        let state = names.iter().map(|n| ((*n).to_string(), decay.zeros_like())).collect();
        let mut optimizer = Self {
            kind: config.optimizer,
            params: Vec::new(),
            values: Tensor::zeros([0], options),
            fill: Tensor::zeros([ALIGNMENT as i64], options),
            decay,
            state,
            momentum: config.momentum,
            steps: 0,
        };
        optimizer.replace_params(params);
        optimizer
    }

    /// Steps down the gradient of `loss`.
    pub fn step(&mut self, loss: &Tensor, rate: f64) {
        let tensors: Vec<&Tensor> = self.params.iter().map(|p| &p.tensor).collect();
        let gradients = Tensor::run_backward(&[loss], &tensors, false, false);
        let _guard = tch::no_grad_guard();
        self.steps += 1;
        let known = |(g, p): (Tensor, &&Tensor)| if g.defined() { g } else { p.zeros_like() };
        let gradient = flat(gradients.into_iter().zip(&tensors).map(known), &self.fill);
        let change = match self.kind {
            Method::AdamW => self.adamw(&gradient, rate),
            Method::Sgd => self.sgd(&gradient, rate),
        };
        let _ = self.values.g_sub_(&change);
    }

    /// Loshchilov and Hutter, ICLR 2019.
    fn adamw(&mut self, gradient: &Tensor, rate: f64) -> Tensor {
        let (correction1, correction2) = (1.0 - self.momentum.powi(self.steps), 1.0 - BETA2.powi(self.steps));
        let square = gradient.square();
        let second = self.state.get_mut("second").expect("AdamW keeps a second moment").lerp_(&square, 1.0 - BETA2);
        let first = self.state.get_mut("first").expect("every optimizer keeps it").lerp_(gradient, 1.0 - self.momentum);
        let mut denominator = second.sqrt();
        let _ = denominator.g_add_scalar_(EPSILON * correction2.sqrt());
        let mut change = first / denominator;
        let _ = change.g_mul_scalar_(rate * correction2.sqrt() / correction1);
        change + (&self.decay * rate) * &self.values
    }

    fn sgd(&mut self, gradient: &Tensor, rate: f64) -> Tensor {
        let gradient = gradient + &self.decay * &self.values;
        let momentum = self.state.get_mut("first").expect("every optimizer keeps it");
        let _ = momentum.g_mul_scalar_(self.momentum);
        let _ = momentum.g_add_(&gradient);
        (gradient + &*momentum * self.momentum) * rate
    }

    /// Updates these tensors from now on, of the same names and sizes as before.
    pub fn replace_params(&mut self, params: Vec<Param>) {
        let _guard = tch::no_grad_guard();
        self.params = params;
        self.values = flat(self.params.iter().map(|p| p.tensor.shallow_clone()), &self.fill);
        let mut start = 0;
        for p in &mut self.params {
            let own = self.values.narrow(0, start, p.tensor.numel() as i64);
            p.tensor.set_data(&own.view_as(&p.tensor));
            start += padded(&p.tensor);
        }
    }

    /// State tensors by name, for a checkpoint.
    pub fn state(&self) -> impl Iterator<Item = (&String, &Tensor)> {
        self.state.iter()
    }

    /// Steps taken.
    pub fn steps(&self) -> i32 {
        self.steps
    }

    /// Goes on from a checkpoint's state.
    ///
    /// # Errors
    /// A tensor that is missing or of another size.
    pub fn restore(&mut self, state: &BTreeMap<String, Tensor>, steps: i32) -> Result<()> {
        for (name, own) in &mut self.state {
            let saved = state.get(name).with_context(|| format!("no optimizer state {name}"))?;
            ensure!(saved.size() == own.size(), "optimizer state {name} of another size");
            own.copy_(saved);
        }
        self.steps = steps;
        Ok(())
    }
}

/// Elements that a parameter takes in the flat tensor.
fn padded(tensor: &Tensor) -> i64 {
    tensor.numel().next_multiple_of(ALIGNMENT) as i64
}

/// Tensors one after the other, each filled up from `fill`.
fn flat(tensors: impl Iterator<Item = Tensor>, fill: &Tensor) -> Tensor {
    let parts = tensors.flat_map(|t| {
        let rest = padded(&t) - t.numel() as i64;
        std::iter::once(t.flatten(0, -1)).chain((rest > 0).then(|| fill.narrow(0, 0, rest)))
    });
    Tensor::cat(&parts.collect::<Vec<_>>(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(values: &[f32], decay: bool) -> Param {
        Param { name: "p".into(), tensor: Tensor::from_slice(values).set_requires_grad(true), decay }
    }

    fn minimum(optimizer: Method, rate: f64) -> Vec<f32> {
        let config = TrainConfig { optimizer, weight_decay: 0.0, ..TrainConfig::default() };
        let p = param(&[3.0, -2.0], true);
        let shared = p.tensor.shallow_clone();
        let mut optimizer = Optimizer::new(&config, vec![p], Device::Cpu);
        let goal = Tensor::from_slice(&[1.0f32, 0.5]);
        for _ in 0..600 {
            optimizer.step(&(&shared - &goal).square().sum(Kind::Float), rate);
        }
        shared.detach().try_into().unwrap()
    }

    #[test]
    fn both_find_a_minimum() {
        for (kind, rate) in [(Method::AdamW, 0.05), (Method::Sgd, 0.02)] {
            let found = minimum(kind, rate);
            assert!((found[0] - 1.0).abs() < 1e-2 && (found[1] - 0.5).abs() < 1e-2, "{kind:?}: {found:?}");
        }
    }

    #[test]
    fn the_first_adamw_step_is_the_rate_plus_decay() {
        let config = TrainConfig { weight_decay: 0.1, ..TrainConfig::default() };
        for (decays, expected) in [(true, 2.0 - 0.01 - 0.01 * 0.1 * 2.0), (false, 2.0 - 0.01)] {
            let p = param(&[2.0], decays);
            let shared = p.tensor.shallow_clone();
            let mut optimizer = Optimizer::new(&config, vec![p], Device::Cpu);
            optimizer.step(&(&shared * 7.0).sum(Kind::Float), 0.01);
            assert!((shared.double_value(&[0]) - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn a_restored_state_goes_on_the_same() {
        let config = TrainConfig::default();
        let run = |optimizer: &mut Optimizer, x: &Tensor, n: usize| {
            for _ in 0..n {
                optimizer.step(&x.square().sum(Kind::Float), 0.01);
            }
        };
        let p = param(&[2.0, 5.0], true);
        let x = p.tensor.shallow_clone();
        let mut first = Optimizer::new(&config, vec![p], Device::Cpu);
        run(&mut first, &x, 3);
        let state = first.state().map(|(k, t)| (k.clone(), t.copy())).collect();
        let p = Param { name: "p".into(), tensor: x.detach().copy().set_requires_grad(true), decay: true };
        let y = p.tensor.shallow_clone();
        let mut second = Optimizer::new(&config, vec![p], Device::Cpu);
        second.restore(&state, first.steps()).unwrap();
        run(&mut first, &x, 3);
        run(&mut second, &y, 3);
        assert_eq!(x.detach(), y.detach());
    }
}

//! The learning rate over time.

use std::f64::consts::PI;

use crate::config::train::{Schedule, TrainConfig};

/// The one-cycle schedule starts at the peak divided by this.
const FIRST_DIVISOR: f64 = 25.0;

/// Learning rate of step `step` of `steps` (counted from 0).
pub fn rate(config: &TrainConfig, step: usize, steps: usize) -> f64 {
    let (peak, warmup) = (config.learning_rate, config.warmup * steps as f64);
    let at = step as f64;
    if at < warmup {
        let rise = (at + 1.0) / warmup.max(1.0);
        return match config.schedule {
            Schedule::OneCycle => {
                let first = peak / FIRST_DIVISOR;
                first + (peak - first) * half_cosine(1.0 - rise.min(1.0))
            }
            Schedule::Cosine => peak * rise.min(1.0),
        };
    }
    peak * half_cosine((at - warmup) / (steps as f64 - warmup).max(1.0))
}

/// Falls from 1 at 0 to 0 at 1.
fn half_cosine(x: f64) -> f64 {
    0.5 + 0.5 * (PI * x.clamp(0.0, 1.0)).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_to_the_peak_and_falls_to_nothing() {
        for schedule in [Schedule::OneCycle, Schedule::Cosine] {
            let config = TrainConfig { schedule, learning_rate: 2.0, warmup: 0.25, ..TrainConfig::default() };
            let rates: Vec<f64> = (0..100).map(|s| rate(&config, s, 100)).collect();
            let top = rates.iter().copied().fold(0.0, f64::max);
            assert!((top - 2.0).abs() < 1e-9, "{top}");
            assert!(rates[..25].windows(2).all(|w| w[0] < w[1]));
            assert!(rates[25..].windows(2).all(|w| w[0] > w[1]));
            assert!(rates[0] < 0.2 && rates[99] < 0.01);
        }
    }

    #[test]
    fn no_warm_up_begins_at_the_peak() {
        let config = TrainConfig { warmup: 0.0, learning_rate: 1.0, ..TrainConfig::default() };
        assert_eq!(rate(&config, 0, 10), 1.0);
        assert!(rate(&config, 0, 1).is_finite());
    }
}

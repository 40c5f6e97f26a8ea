//! What can be wrong with the values of section `[search]`.

use std::collections::BTreeSet;

use super::{Allocation, SearchConfig, StageName, Widths};
use crate::config::train::{BATCH, BATCH_WORDS};
use crate::error::InputError;
use crate::search::margin::{Margin, Target};

impl SearchConfig {
    /// Everything wrong with the section's values; places are key paths.
    pub fn check(&self) -> Vec<InputError> {
        let mut faults = Vec::new();
        self.check_order(&mut faults);
        self.check_target(&mut faults);
        self.check_ladders(&mut faults);
        self.check_training(&mut faults);
        faults
    }

    fn check_order(&self, faults: &mut Vec<InputError>) {
        let distinct: BTreeSet<_> = self.order.iter().collect();
        if distinct.len() != self.order.len() || !distinct.contains(&StageName::Iq) {
            let found: Vec<&str> = self.order.iter().map(|s| s.as_str()).collect();
            let expected =
                "iq, and ns and dc where wanted, each once (for no quantization to speak of: iq.ladder = [[8, 8]])";
            faults.push(InputError::new("search.order", format!("{found:?}"), expected));
        }
    }

    fn check_target(&self, faults: &mut Vec<InputError>) {
        let (key, value) = match self.target {
            Target::Drop(drop) => ("search.target.drop", drop),
            Target::Accuracy(accuracy) => ("search.target.accuracy", accuracy),
        };
        check_share(key, value, faults);
        check_share("search.allowance", self.allowance, faults);
        for (key, margin) in [("iq", self.iq.margin), ("ns", self.ns.margin), ("dc", self.dc.margin)] {
            if let Margin::Accuracy(room) = margin {
                check_share(&format!("search.{key}.margin.accuracy"), room, faults);
            }
        }
        check_share("search.distill.weight", self.distill.weight, faults);
        if !(self.distill.temperature > 0.0 && self.distill.temperature <= 100.0) {
            let found = self.distill.temperature.to_string();
            faults.push(InputError::new("search.distill.temperature", found, "above 0, at most 100"));
        }
    }

    fn check_ladders(&self, faults: &mut Vec<InputError>) {
        for (i, w) in self.iq.ladder.iter().enumerate() {
            check_widths(&format!("search.iq.ladder[{i}]"), *w, 2, faults);
        }
        for (layer, w) in &self.iq.least {
            check_widths(&format!("search.iq.least.{layer}"), *w, 2, faults);
        }
        for (layer, w) in &self.iq.fewer {
            check_widths(&format!("search.iq.fewer.{layer}"), *w, 0, faults);
        }
        if self.iq.allocation == Allocation::Sensitivity && self.iq.fewer.values().any(|w| w.weight > 0) {
            let found = "weight bits beside `allocation = \"sensitivity\"`";
            faults.push(InputError::new("search.iq.fewer", found, "0 weight bits, or `allocation = \"uniform\"`"));
        }
        for (key, ladder) in [("ns", &self.ns.ladder), ("dc", &self.dc.ladder)] {
            let rising = ladder.windows(2).all(|w| w[0] < w[1]);
            if !rising || ladder.iter().any(|&r| !(0.0..1.0).contains(&r)) {
                let place = format!("search.{key}.ladder");
                faults.push(InputError::new(place, format!("{ladder:?}"), "rising fractions from 0 to below 1"));
            }
        }
        let lengths = [
            ("iq", self.iq.ladder.len(), &self.iq.grid),
            ("ns", self.ns.ladder.len(), &self.ns.grid),
            ("dc", self.dc.ladder.len(), &self.dc.grid),
        ];
        for (key, rungs, grid) in lengths {
            if rungs == 0 {
                faults.push(InputError::new(format!("search.{key}.ladder"), "no rung", "at least one"));
            } else if let Some(rung) = grid.iter().find(|&&r| r >= rungs) {
                let expected = format!("rungs of the ladder, 0 to {}", rungs - 1);
                faults.push(InputError::new(format!("search.{key}.grid"), rung.to_string(), expected));
            }
        }
    }

    fn check_training(&self, faults: &mut Vec<InputError>) {
        let trainings = [
            ("iq.fine_tune", self.iq.fine_tune),
            ("ns.fine_tune", self.ns.fine_tune),
            ("ns.sparsity", self.ns.sparsity),
            ("dc.fine_tune", self.dc.fine_tune),
            ("polish", self.polish),
        ];
        for (key, t) in trainings {
            if !(t.learning_rate > 0.0 && t.learning_rate <= 10.0) {
                let place = format!("search.{key}.learning_rate");
                faults.push(InputError::new(place, t.learning_rate.to_string(), "above 0, at most 10"));
            }
            if t.epochs > 10_000 {
                faults.push(InputError::new(format!("search.{key}.epochs"), t.epochs.to_string(), "at most 10000"));
            }
        }
        if let Some(batch) = self.batch.filter(|batch| !BATCH.contains(batch)) {
            faults.push(InputError::new("search.batch", batch.to_string(), BATCH_WORDS));
        }
        if !(self.ns.l1 >= 0.0 && self.ns.l1 <= 1.0) {
            faults.push(InputError::new("search.ns.l1", self.ns.l1.to_string(), "0 to 1"));
        }
        if !(1..=64).contains(&self.ns.multiple_of) {
            faults.push(InputError::new("search.ns.multiple_of", self.ns.multiple_of.to_string(), "1 to 64"));
        }
    }
}

fn check_share(key: &str, value: f64, faults: &mut Vec<InputError>) {
    if !(0.0..=1.0).contains(&value) {
        faults.push(InputError::new(key, value.to_string(), "a fraction from 0 to 1"));
    }
}

fn check_widths(key: &str, w: Widths, least: u32, faults: &mut Vec<InputError>) {
    if [w.weight, w.activation].iter().any(|b| !(least..=8).contains(b)) {
        let found = format!("[{}, {}]", w.weight, w.activation);
        faults.push(InputError::new(key, found, format!("[weight bits, activation bits], {least} to 8 each")));
    }
}

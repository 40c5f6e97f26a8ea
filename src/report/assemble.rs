//! From the files of a run to its report.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::model::{Candidate, Figures, Ratios, Report, Reproduce, SCHEMA, Search, Stage, VERSION};
use super::sources::Sources;
use super::{figures, layers};
use crate::config::train::Device;
use crate::run::hardware::file_sha256;
use crate::run::steps;
use crate::search::journal::{Entry, Role};

/// Steps whose seconds are told.
const STEPS: [&str; 6] = ["train", "search", "lower", "eval", "rtl", "sim"];

/// The report that `sources` amount to.
pub fn report(sources: &Sources) -> Result<Report> {
    let stages = stages(sources)?;
    let baseline = stages[0].figures;
    let last = last(sources)?;
    let mut report = Report {
        schema: SCHEMA,
        version: VERSION,
        name: sources.config.name.clone(),
        test_images: sources.figures.images,
        baseline,
        last,
        ratios: ratios(&baseline, &last),
        search: search(sources, &stages, baseline.stored_bits),
        stages: stages.into_iter().map(|left| left.stage()).collect(),
        layers: layers::layers(sources)?,
        hardware: sources.design.clone(),
        rtl: sources.simulation.clone(),
        power: sources.power.clone(),
        ablation: sources.ablation.clone(),
        reproduce: reproduce(sources)?,
        sources: BTreeMap::new(),
    };
    for (place, source) in figures::all(&serde_json::to_value(&report)?) {
        let source = source.with_context(|| format!("the figure {place} of the report has no source"))?;
        report.sources.insert(place, source);
    }
    Ok(report)
}

/// A network that left a stage.
struct Left {
    key: String,
    name: String,
    figures: Figures,
    times_smaller: f64,
    why: String,
}

impl Left {
    fn stage(self) -> Stage {
        let Self { name, figures, times_smaller, why, .. } = self;
        Stage { name, accuracy: figures.test_accuracy, figures, times_smaller, why }
    }
}

/// The float network, what left each stage and, where it is another, the final network. Never empty.
fn stages(sources: &Sources) -> Result<Vec<Left>> {
    let search = &sources.outcome.search;
    let float_bits = sources.line(&search.baseline.key)?.stored_bits;
    let left = |name: &str, test: &str, key: &str, why: &str| -> Result<Left> {
        let entry = sources.line(key)?;
        let figures = network_figures(entry, sources.test_accuracy(test)?);
        let (key, name, why) = (key.to_string(), name.to_string(), why.to_string());
        Ok(Left { key, name, figures, times_smaller: times(float_bits, entry.stored_bits), why })
    };
    let mut all = vec![left("float", "float", &search.baseline.key, "the trained network")?];
    for stage in &search.stages {
        all.push(left(&stage.stage, &stage.stage, &stage.network.key, &stage.why)?);
    }
    let end = &sources.outcome.network.key;
    if all.last().is_some_and(|last| last.key != *end) {
        let polished = sources.line(end)?.role == Role::Polish;
        let (name, why) = if polished {
            ("polish", "fine-tuned without further reduction")
        } else {
            ("final", "a milder candidate, since the deepest one misses the target")
        };
        all.push(left(name, "final", end, why)?);
    }
    Ok(all)
}

fn network_figures(entry: &Entry, test_accuracy: f64) -> Figures {
    Figures {
        test_accuracy,
        val_accuracy: entry.val_accuracy,
        params_bits: entry.params_bits,
        stored_bits: entry.stored_bits,
        macs: entry.macs,
        bops: entry.bops,
    }
}

/// The network on disk: its sizes are counted afresh.
fn last(sources: &Sources) -> Result<Figures> {
    let total = sources.network.sizes()?.total;
    Ok(Figures {
        test_accuracy: sources.test_accuracy("final")?,
        val_accuracy: sources.outcome.network.accuracy,
        params_bits: total.params_bits,
        stored_bits: total.stored_bits,
        macs: total.nonzero_macs,
        bops: total.bops,
    })
}

fn ratios(baseline: &Figures, last: &Figures) -> Ratios {
    Ratios {
        params_bits: times(baseline.params_bits, last.params_bits),
        stored_bits: times(baseline.stored_bits, last.stored_bits),
        macs: times(baseline.macs, last.macs),
        bops: times(baseline.bops, last.bops),
        test_accuracy_loss: baseline.test_accuracy - last.test_accuracy,
    }
}

/// How many times `after` goes into `before`; a network of nothing counts as one bit.
fn times(before: u64, after: u64) -> f64 {
    before as f64 / after.max(1) as f64
}

fn search(sources: &Sources, stages: &[Left], float_bits: u64) -> Search {
    let config = &sources.config.search;
    let candidate = |entry: &Entry| Candidate {
        // A stage that changed nothing leaves the network before it: the first name is the one that made it.
        kept: stages.iter().find(|left| left.key == entry.key).map(|left| left.name.clone()),
        times_smaller: times(float_bits, entry.stored_bits),
        entry: entry.clone(),
    };
    Search {
        method: config.method,
        order: config.order.clone(),
        target_val_accuracy: sources.outcome.search.target,
        met: sources.outcome.met,
        seconds: sources.journal.iter().map(|entry| entry.seconds).sum(),
        candidates: sources.journal.iter().map(candidate).collect(),
    }
}

fn reproduce(sources: &Sources) -> Result<Reproduce> {
    let config = &sources.config;
    let mut sha256 = BTreeMap::from([
        ("config".to_string(), file_sha256(&sources.run.join("config.toml"))?),
        ("baseline".to_string(), sources.outcome.search.baseline.key.clone()),
        ("network".to_string(), sources.network.sha256()?),
    ]);
    if let Some(design) = &sources.design {
        sha256.insert("design".to_string(), design.manifest_sha256.clone());
    }
    let seconds = STEPS.iter().filter_map(|step| Some((step.to_string(), steps::seconds(&sources.run, step)?)));
    Ok(Reproduce {
        seed: config.seed,
        threads: config.train.threads,
        device: match config.train.device {
            Device::Cpu => "cpu".into(),
            Device::Cuda => "cuda".into(),
        },
        environment: sources.environment.clone(),
        sha256,
        seconds: seconds.collect(),
    })
}

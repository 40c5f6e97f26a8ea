//! The run whose trained float network teaches another one's candidates (`search.distill.teacher`).

use std::path::PathBuf;

use super::record::BASELINE;
use crate::config::RunConfig;
use crate::config::data::expand_home;
use crate::error::InputError;

/// The file of the network that teaches instead of the run's own baseline, where there is one and it has a weight.
///
/// What splits a data set is compared; that both runs read the same files is left to who writes them.
///
/// # Errors
/// A folder that is no trained run, or a run with another validation split: its network may have been trained on images
/// that decide here.
pub fn file(config: &RunConfig) -> Result<Option<PathBuf>, InputError> {
    let distill = &config.search.distill;
    let Some(folder) = distill.teacher.as_ref().filter(|_| distill.weight > 0.0) else { return Ok(None) };
    let wrong = |found, expected| Err(InputError::new("search.distill.teacher", found, expected));
    let folder = expand_home(folder);
    let (network, run_file) = (folder.join(BASELINE), folder.join("config.toml"));
    if let Some(file) = [&network, &run_file].into_iter().find(|file| !file.is_file()) {
        let expected = "the folder of a trained run (`slimgate train` makes one)";
        return wrong(format!("no file {}", file.display()), expected.to_string());
    }
    let teacher = RunConfig::load(&run_file).map_err(|faults| faults.0.into_iter().next().expect("a fault"))?;
    if split(&teacher) == split(config) {
        return Ok(Some(network));
    }
    let expected = format!("one with {}, trained on none of the images that decide here", split(config));
    wrong(format!("a run with {}", split(&teacher)), expected)
}

/// What decides which images of a data set are for validation.
fn split(config: &RunConfig) -> String {
    let limit = config.data.limit.map_or("no data.limit".to_string(), |limit| format!("data.limit = {limit}"));
    format!("seed = {}, data.validation = {}, {limit}", config.seed, config.data.validation)
}

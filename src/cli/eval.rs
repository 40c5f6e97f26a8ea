//! `slimgate eval`: accuracy of the integer network.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Output;
use crate::data::{self, Images};
use crate::error::InputError;
use crate::network::Network;
use crate::network::interp::Interpreter;
use crate::network::sizes::Sizes;

/// Measure the accuracy of an integer network on the test images, exactly as the hardware computes it.
///
/// Reads network.json with network.safetensors, and the test set; needs no libtorch. Prints the accuracy and the sizes.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  slimgate eval runs/fashion --data /usr/share/datasets/fashion-mnist --images 1000")]
pub struct EvalArgs {
    /// The network: its folder (a run), or its network.json.
    pub network: PathBuf,

    /// Folder of the data set: idx files, CIFAR-10 batches or an image folder; its kind is found out.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,

    /// Take the first N test images only.
    #[arg(long, value_name = "N")]
    pub images: Option<usize>,
}

/// What `eval --json` prints.
#[derive(Debug, Serialize)]
struct Evaluation {
    /// Name of the network.
    network: String,
    /// Test images taken.
    images: usize,
    /// Of these, how many got their label.
    correct: usize,
    /// `correct / images`.
    accuracy: f64,
    /// Speed of the interpreter, all cores.
    images_per_second: f64,
    /// Of the whole network.
    #[serde(flatten)]
    sizes: Sizes,
}

/// Loads, runs, prints.
pub fn run(args: &EvalArgs, out: &Output) -> anyhow::Result<()> {
    let network = Network::load(&args.network)?;
    let interpreter = Interpreter::new(&network)?;
    let (_, images) = data::load_test(&args.data)?;
    let images = first(images, args.images).map_err(|e| e.in_file(&args.data))?;
    let bar = progress(out, images.len());
    let began = Instant::now();
    let correct = interpreter.correct(&images, || bar.inc(1)).map_err(|e| e.in_file(&args.data))?;
    let seconds = began.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let evaluation = Evaluation {
        network: network.name.clone(),
        images: images.len(),
        correct,
        accuracy: correct as f64 / images.len() as f64,
        images_per_second: images.len() as f64 / seconds.max(1e-9),
        sizes: network.sizes()?.total,
    };
    out.result(&evaluation, || text(&evaluation))
}

/// The first `count` images, or all.
fn first(mut images: Images, count: Option<usize>) -> Result<Images, InputError> {
    let available = images.len();
    let count = count.unwrap_or(available);
    if !(1..=available).contains(&count) {
        return Err(InputError::new("--images", count.to_string(), format!("1 to {available}, the test images")));
    }
    images.pixels.truncate(count * images.shape.len());
    images.labels.truncate(count);
    Ok(images)
}

/// A bar for a person who watches.
fn progress(out: &Output, images: usize) -> ProgressBar {
    if !out.shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} images, {per_sec}, {eta} left");
    ProgressBar::new(images as u64).with_style(style.expect("a valid template"))
}

fn text(evaluation: &Evaluation) -> String {
    let Evaluation { network, images, correct, accuracy, images_per_second, sizes } = evaluation;
    let ratio = |bits: u64| sizes.float_bits as f64 / bits.max(1) as f64;
    let size = |bits: u64| format!("{:.1} kB ({:.1} times smaller than in 32 bits)", bits as f64 / 8e3, ratio(bits));
    format!(
        "{network}: {:.2} % of {images} test images right ({correct}), {images_per_second:.0} images/s\n\
         stored_bits: {}\nparams_bits: {}\nnonzero weights: {} of {}\nMACs an image: {} ({} by nonzero weights)\n",
        100.0 * accuracy,
        size(sizes.stored_bits),
        size(sizes.params_bits),
        sizes.nonzeros,
        sizes.weights,
        sizes.macs,
        sizes.nonzero_macs,
    )
}

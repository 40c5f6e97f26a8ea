//! The images that a command sends through a design, and what the interpreter says about them.

use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::Output;
use crate::config::RunConfig;
use crate::data;
use crate::error::InputError;
use crate::network::Network;
use crate::network::graph::Shape;
use crate::network::interp::Interpreter;
use crate::network::random::random_image;
use crate::sim::manifest::{MANIFEST, Manifest};
use crate::sim::vectors::Vectors;

/// A design that is simulated, and where its images come from.
#[derive(Debug, Args)]
pub struct DesignArgs {
    /// Folder that `slimgate rtl` wrote.
    pub dir: PathBuf,

    /// The network the expectations come from [default: the one DIR was generated from].
    #[arg(long)]
    pub network: Option<PathBuf>,

    /// Data set folder, or the word "random" [default: the data of the run that made the network].
    #[arg(long)]
    pub data: Option<PathBuf>,

    /// Where builds of the simulator are kept [default: sim/build/NAME].
    #[arg(long)]
    pub build_dir: Option<PathBuf>,
}

/// Where images and network come from, as the command line says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stimulus<'a> {
    /// The design.
    pub design: &'a DesignArgs,
    /// `--images`.
    pub images: u32,
    /// Seed of random images.
    pub seed: u64,
}

/// What `--data` says for images of noise.
const RANDOM: &str = "random";

impl Stimulus<'_> {
    /// The design's network, images that fit, and the scores that it gives them.
    ///
    /// # Errors
    /// [`InputError`] for a network or data set that is missing or not the design's.
    pub fn load(&self, manifest: &Manifest, out: &Output) -> anyhow::Result<(Interpreter, Vectors)> {
        let (network, path) = self.network(manifest)?;
        check_fits(manifest, &network).map_err(|e| e.in_file(self.design.dir.join(MANIFEST)))?;
        let interpreter = Interpreter::new(&network)?;
        let vectors = self.expectations(&network, &interpreter, &path, out)?;
        Ok((interpreter, vectors))
    }

    /// What the images are, in a word or path.
    ///
    /// # Errors
    /// [`InputError`] where neither `--data` nor a run says so.
    pub fn name(&self, manifest: &Manifest) -> anyhow::Result<String> {
        let path = match (&self.design.data, self.network_path(manifest)) {
            (Some(data), _) => data.clone(),
            (None, network) => run_data(network.unwrap_or(&self.design.dir))?,
        };
        Ok(path.display().to_string())
    }

    /// Where the network lies, if anything says so.
    fn network_path<'b>(&'b self, manifest: &'b Manifest) -> Option<&'b Path> {
        self.design.network.as_deref().or(manifest.network.as_deref())
    }

    /// The network, from `--network` or as the manifest names it; it must be the one the design was made from.
    fn network(&self, manifest: &Manifest) -> anyhow::Result<(Network, PathBuf)> {
        let file = self.design.dir.join(MANIFEST);
        let Some(path) = self.network_path(manifest) else {
            return Err(InputError::new("network", "no path", "--network PATH").in_file(&file).into());
        };
        let network = Network::load(path)?;
        let sha256 = network.sha256()?;
        if manifest.network_sha256.as_ref().is_some_and(|recorded| *recorded != sha256) {
            let expected = format!("{sha256}, that of {}: run `slimgate rtl` again, or give --network", path.display());
            let found = manifest.network_sha256.clone().unwrap_or_default();
            return Err(InputError::new("network_sha256", found, expected).in_file(&file).into());
        }
        Ok((network, path.to_path_buf()))
    }

    /// The images and what the interpreter says about them.
    fn expectations(
        &self,
        network: &Network,
        interpreter: &Interpreter,
        path: &Path,
        out: &Output,
    ) -> anyhow::Result<Vectors> {
        let shape = interpreter.input();
        let count = self.images as usize;
        let pixels = if self.design.data.as_deref() == Some(Path::new(RANDOM)) {
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
            (0..count).flat_map(|_| random_image(&mut rng, network)).collect()
        } else {
            self.test_images(path, shape)?
        };
        let bar = progress(out, count, "interpreting");
        let scores = interpreter.scores_all(&pixels, || bar.inc(1));
        bar.finish_and_clear();
        Ok(Vectors { shape, pixels, scores })
    }

    /// The first images of the test set: of `--data`, or of the run that made the network.
    fn test_images(&self, network: &Path, shape: Shape) -> anyhow::Result<Vec<u8>> {
        let count = self.images as usize;
        let dir = self.design.data.clone().map_or_else(|| run_data(network), Ok)?;
        let (_, images) = data::load_test(&dir)?;
        if images.shape != shape {
            let (found, expected) =
                (format!("images of {:?}", images.shape), format!("{shape:?}, as the network takes"));
            return Err(InputError::file(&dir, found, expected).into());
        }
        if images.len() < count {
            let found = format!("--images {count}");
            return Err(InputError::file(&dir, found, format!("at most {}, the test images", images.len())).into());
        }
        Ok(images.pixels[..count * shape.len()].to_vec())
    }
}

/// The design takes the network's images and gives its classes.
fn check_fits(manifest: &Manifest, network: &Network) -> Result<(), InputError> {
    if manifest.input != network.input {
        let (found, expected) = (format!("{:?}", manifest.input), format!("{:?}, the network's", network.input));
        return Err(InputError::new("input", found, expected));
    }
    if manifest.classes != network.classes.len() {
        let expected = format!("{}, the network's", network.classes.len());
        return Err(InputError::new("classes", manifest.classes.to_string(), expected));
    }
    Ok(())
}

/// A bar that counts images, hidden where nobody watches.
pub(super) fn progress(out: &Output, images: usize, what: &'static str) -> ProgressBar {
    if !out.shows_progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} images, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(images as u64).with_style(style).with_message(what)
}

/// The data set folder that `config.toml` beside the network names.
fn run_data(network: &Path) -> anyhow::Result<PathBuf> {
    let folder = if network.is_dir() { network } else { network.parent().unwrap_or(Path::new(".")) };
    let file = folder.join("config.toml");
    if !file.is_file() {
        let expected = "a run's config.toml beside the network, or --data DIR, or --data random";
        return Err(InputError::file(&file, "no such file", expected).into());
    }
    Ok(RunConfig::load(&file)?.data.folder().map_err(|err| err.in_file(&file))?)
}

//! `slimgate data`: checks a data set and says what is in it.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::Output;
use crate::data::{self, Images};

/// Check a data set's files and say what is in them.
///
/// Recognizes Fashion-MNIST and MNIST (idx files, gzipped or raw), CIFAR-10 (binary version) and image folders
/// (train/<class>/*.png|jpg|jpeg and test/<class>/…), reads everything and checks sizes, counts and labels.
///
/// Example: slimgate data /usr/share/datasets/fashion-mnist
#[derive(Debug, Args)]
pub struct DataArgs {
    /// The data set's folder.
    pub dir: PathBuf,
}

/// Loads the data set and prints its name, shape and class counts.
pub fn run(args: &DataArgs, out: &Output) -> anyhow::Result<()> {
    let start = Instant::now();
    let set = data::load(None, &args.dir)?;
    let seconds = start.elapsed().as_secs_f64();
    let shape = set.train.shape;
    let counts = |images: &Images| {
        let mut counts = vec![0_usize; set.classes.len()];
        images.labels.iter().for_each(|&l| counts[usize::from(l)] += 1);
        counts
    };
    let (train, test) = (counts(&set.train), counts(&set.test));
    let value = json!({
        "name": set.name, "channels": shape.c, "height": shape.h, "width": shape.w, "classes": set.classes,
        "train_images": set.train.len(), "test_images": set.test.len(), "train_per_class": train,
        "test_per_class": test, "seconds": seconds,
    });
    out.result(&value, || {
        let mut table = comfy_table::Table::new();
        table.load_preset(comfy_table::presets::NOTHING).set_header(["class", "name", "train", "test"]);
        for (i, class) in set.classes.iter().enumerate() {
            table.add_row([i.to_string(), class.clone(), train[i].to_string(), test[i].to_string()]);
        }
        format!(
            "{}: {} training and {} test images of {}x{}, {} channel(s), read and checked in {seconds:.1} s\n{table}",
            set.name,
            set.train.len(),
            set.test.len(),
            shape.h,
            shape.w,
            shape.c
        )
    })
}

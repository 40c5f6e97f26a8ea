//! Writes a network of a given structure with random weights: what scripts measure planner, generator and tools on.
//!
//! ```sh
//! cargo run --no-default-features --example make_network -- FOLDER NAME SEED BITS 28x28x1 conv:8 max:2 sparse:32:0.1 dense:10
//! ```
//!
//! The layers are those of [`slimgate::network::random::chain`].

use std::path::Path;

use anyhow::{Context, bail};
use slimgate::network::random::chain;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [dir, name, seed, bits, input, layers @ ..] = args.as_slice() else {
        bail!("usage: make_network FOLDER NAME SEED BITS HxWxC LAYER…");
    };
    let (seed, bits) = (seed.parse().context("SEED: a number")?, bits.parse().context("BITS: a number")?);
    let network = chain(name, seed, bits, input, layers)?;
    network.save(Path::new(dir))?;
    let weights = network.params.values().flat_map(|p| &p.weight).filter(|w| **w != 0).count();
    println!("{dir}: {name}, {weights} nonzero weights");
    Ok(())
}

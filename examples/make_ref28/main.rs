//! Writes the reference network `ref28` (docs/hardware.md) into a folder: the same bytes for the same seed.
//!
//! ```sh
//! cargo run --no-default-features --example make_ref28 -- rtl_out/ref28/network ref28 1
//! ```

mod network;

use std::path::PathBuf;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().context("usage: make_ref28 FOLDER [NAME [SEED]]")?);
    let name = args.next().unwrap_or_else(|| "ref28".into());
    let seed = args.next().map_or(Ok(1), |text| text.parse()).context("SEED: a number")?;
    let network = network::ref28(&name, seed);
    network.validate()?;
    network.save(&dir)?;
    println!("{}: {name}, weights from seed {seed}", dir.display());
    Ok(())
}

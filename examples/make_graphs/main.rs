//! Writes a residual network, a densely connected one, a single residual block and one on a wide image into folders: what
//! forks and joins are tried on.
//!
//! ```sh
//! cargo run --no-default-features --example make_graphs -- rtl_out
//! target/debug/slimgate rtl rtl_out/resnet8/network --out rtl_out/resnet8 --target-cycles 20000
//! target/debug/slimgate sim rtl_out/resnet8 --data random --images 20 --stall 0.3
//! ```

mod networks;

use std::path::PathBuf;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let dir = PathBuf::from(std::env::args().nth(1).context("usage: make_graphs FOLDER")?);
    for network in [networks::resnet8(), networks::densenet(), networks::block(8, 2), networks::wide()] {
        network.validate()?;
        let to = dir.join(&network.name).join("network");
        network.save(&to)?;
        println!("{}", to.display());
    }
    Ok(())
}

//! The run file (TOML): one section, one file. Every key, its default and meaning stand in `docs/run-file.md`.

pub mod entry;
pub mod families;
pub mod layers;
pub mod network;
pub mod search;

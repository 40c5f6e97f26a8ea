//! A run's folder, `runs/<name>/`, and the ordered steps that fill it. A killed run goes on where it stopped.

#[cfg(feature = "train")]
mod bench;
pub mod folder;
pub mod hardware;
mod lock;
pub mod record;
#[cfg(feature = "train")]
pub mod session;
pub mod steps;
#[cfg(feature = "train")]
pub mod study;
pub mod teacher;

//! The margin search: the smallest network that still meets a target accuracy. `docs/method.md` is its description.
//!
//! [`margin`] and [`grid`] are the two methods, written over the trait [`Bench`](bench::Bench), so they need no
//! libtorch. [`climb`] finds the deepest passing rung of one ladder, [`journal`] is `search.jsonl`.

pub mod bench;
pub mod climb;
#[cfg(feature = "train")]
pub mod figures;
pub mod fragments;
pub mod grid;
pub mod journal;
pub mod margin;
pub mod recorded;
#[cfg(feature = "train")]
pub mod stages;
#[cfg(feature = "train")]
pub mod teacher;
mod trade;
pub mod work;
#[cfg(feature = "train")]
pub mod workshop;

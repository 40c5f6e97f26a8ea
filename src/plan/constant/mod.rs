//! Plan of the constant engine.
pub mod adders;

//! Planning: foldings, cycles and memories, computed before any Verilog is written.

pub mod sparse;

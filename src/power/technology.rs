//! What one change, access or clock edge costs in a technology.

use serde::Serialize;

use super::library::Library;
use super::parts::Moved;

/// Energies in J, leakage in W.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Technology {
    /// Name.
    pub name: String,
    /// Where its figures come from.
    pub source: String,
    /// How far an estimate may be off.
    pub uncertainty: String,
    /// A change of a register's output, with the logic behind it.
    pub register_toggle: f64,
    /// A change of another net of the RTL.
    pub wire_toggle: f64,
    /// A change inside a multiplier.
    pub product_toggle: f64,
    /// A register's clock, a cycle.
    pub register_clock: f64,
    /// A bit read from a memory.
    pub read_bit: f64,
    /// A bit written into one.
    pub written_bit: f64,
    /// Leakage of a register with its share of the logic.
    pub register_leakage: f64,
    /// Leakage of a memory's bit.
    pub memory_leakage: f64,
    /// Drawn by the clock's trunk, a cycle.
    pub clock_base: f64,
    /// Leakage of the whole device, used or not.
    pub base_leakage: f64,
}

impl Technology {
    /// Dynamic energy of what moved, the clock apart, in J.
    pub fn joules(&self, moved: &Moved) -> f64 {
        moved.register_toggles as f64 * self.register_toggle
            + moved.wire_toggles as f64 * self.wire_toggle
            + moved.product_toggles as f64 * self.product_toggle
            + moved.read_bits as f64 * self.read_bit
            + moved.written_bits as f64 * self.written_bit
    }
}

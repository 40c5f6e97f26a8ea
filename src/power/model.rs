//! From what moves in the RTL to what moves in the mapped design.
//!
//! RTL shows registers and products, not the gates between them. Each change of a register's output makes a number of nets
//! behind it change, and a product makes more the wider it is. The numbers were fitted once, on small designs that were
//! mapped and simulated with the same images (`docs/power.md` has them all); they count changes of nets in the mapped
//! design, so they hold for any library of the sort they were fitted on.

use super::parts::Moved;

/// What a kind of mapping makes of the RTL.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logic {
    /// Nets that change for each change of a register.
    pub per_register: f64,
    /// Nets that change for each [`Moved::product_work`].
    pub per_product: f64,
    /// Registers left of the RTL's: synthesis drops constant, equal and unread bits.
    pub registers: f64,
    /// Gates beside each register, in equivalents of the smallest of two inputs, by leakage.
    pub gates: f64,
}

/// Standard cells, memories as black boxes. Fitted on eight designs with the library osu018, Yosys 0.23; not on
/// `rtl_out/example`, which the tests hold it against.
pub const GATES: Logic = Logic { per_register: 9.96, per_product: 0.964, registers: 0.84, gates: 9.6 };

/// Four-input LUTs, products in multiplier blocks, memories as black boxes. Fitted on six designs, Yosys 0.23 for iCE40.
pub const LUTS: Logic = Logic { per_register: 1.81, per_product: 0.0, registers: 0.84, gates: 0.0 };

impl Logic {
    /// Changes of nets of the mapped design.
    pub fn toggles(&self, moved: &Moved) -> f64 {
        moved.register_toggles as f64 * self.per_register + moved.product_work as f64 * self.per_product
    }
}

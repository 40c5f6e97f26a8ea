//! Control of a register slice (skid buffer): both directions registered, one beat a cycle.

use rust_hdl::prelude::*;

use super::reg::Reg;

/// Flags of a register slice; its two data registers are in the Verilog wrapper.
///
/// While the output stalls, the beat already under way goes to the skid register, and `in_ready_o` falls.
#[derive(LogicBlock, Default)]
pub struct SliceCtrl {
    /// Clock, rising edge.
    pub clk_i: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub rst_ni: Signal<In, Bit>,
    /// A beat is offered.
    pub in_valid_i: Signal<In, Bit>,
    /// The skid register is free (registered).
    pub in_ready_o: Signal<Out, Bit>,
    /// The output register is valid.
    pub out_valid_o: Signal<Out, Bit>,
    /// The output beat is taken.
    pub out_ready_i: Signal<In, Bit>,
    /// Load the output register: from the skid register where `skidded_o`, else from the input.
    pub load_o: Signal<Out, Bit>,
    /// The skid register holds a beat; while it does not, it follows the input.
    pub skidded_o: Signal<Out, Bit>,
    filled: Reg<Bit>,
    skidded: Reg<Bit>,
    load: Signal<Local, Bit>,
}

impl Logic for SliceCtrl {
    #[hdl_gen]
    fn update(&mut self) {
        self.filled.clk_i.next = self.clk_i.val();
        self.filled.rst_ni.next = self.rst_ni.val();
        self.skidded.clk_i.next = self.clk_i.val();
        self.skidded.rst_ni.next = self.rst_ni.val();

        self.load.next = self.out_ready_i.val() | !self.filled.q_o.val();
        self.filled.d_i.next = self.filled.q_o.val();
        self.skidded.d_i.next = self.skidded.q_o.val();
        if self.load.val() {
            self.filled.d_i.next = self.skidded.q_o.val() | self.in_valid_i.val();
            self.skidded.d_i.next = false;
        } else if self.in_valid_i.val() {
            self.skidded.d_i.next = true;
        }

        self.in_ready_o.next = !self.skidded.q_o.val();
        self.out_valid_o.next = self.filled.q_o.val();
        self.load_o.next = self.load.val();
        self.skidded_o.next = self.skidded.q_o.val();
    }
}

//! The register that every leaf cell is made of: `sg_reg`, synchronous active-low reset to zero.

use rust_hdl::prelude::*;

/// A register in rust-hdl whose Verilog is an instance of the hand-written cell `sg_reg`.
///
/// The stock DFF has no reset and prints a module of its own for each instance.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Reg<T: Synth> {
    /// Clock, rising edge.
    pub clk_i: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub rst_ni: Signal<In, Bit>,
    /// Next value.
    pub d_i: Signal<In, T>,
    /// Registered value.
    pub q_o: Signal<Out, T>,
}

impl<T: Synth> Logic for Reg<T> {
    fn update(&mut self) {
        if self.clk_i.pos_edge() {
            self.q_o.next = if self.rst_ni.val() { self.d_i.val() } else { T::default() };
        }
    }

    fn connect(&mut self) {
        self.q_o.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Blackbox(BlackBox { code: String::new(), name: format!("sg_reg #(.Width({}))", T::BITS) })
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "sg_reg".into(),
            clock: "clk_i".into(),
            inputs: vec!["d_i".into(), "rst_ni".into()],
            outputs: vec!["q_o".into()],
        }]
    }
}

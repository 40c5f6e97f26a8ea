//! Control of a first-word-fall-through FIFO of depth `2^N`; the storage is a Verilog RAM cell beside it.

use rust_hdl::prelude::*;

use super::reg::Reg;

/// Pointers and flags of a FIFO whose storage reads asynchronously: a word is visible one cycle after its push.
///
/// Both flags are registers, so that what hangs on them begins there and not at a comparison of pointers.
#[derive(LogicBlock)]
pub struct FifoCtrl<const N: usize> {
    /// Clock, rising edge.
    pub clk_i: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub rst_ni: Signal<In, Bit>,
    /// A beat is offered.
    pub in_valid_i: Signal<In, Bit>,
    /// There is room.
    pub in_ready_o: Signal<Out, Bit>,
    /// The front word is valid.
    pub out_valid_o: Signal<Out, Bit>,
    /// The front word is taken.
    pub out_ready_i: Signal<In, Bit>,
    /// Write the offered beat.
    pub wr_en_o: Signal<Out, Bit>,
    /// Where to write.
    pub wr_addr_o: Signal<Out, Bits<N>>,
    /// Where the front word lies.
    pub rd_addr_o: Signal<Out, Bits<N>>,
    wr_ptr: Reg<Bits<N>>,
    rd_ptr: Reg<Bits<N>>,
    filled: Reg<Bit>,
    full: Reg<Bit>,
    push: Signal<Local, Bit>,
    pop: Signal<Local, Bit>,
    wr_inc: Signal<Local, Bits<N>>,
    rd_inc: Signal<Local, Bits<N>>,
    one: Constant<Bits<N>>,
}

impl<const N: usize> Default for FifoCtrl<N> {
    fn default() -> Self {
        Self {
            clk_i: Default::default(),
            rst_ni: Default::default(),
            in_valid_i: Default::default(),
            in_ready_o: Default::default(),
            out_valid_o: Default::default(),
            out_ready_i: Default::default(),
            wr_en_o: Default::default(),
            wr_addr_o: Default::default(),
            rd_addr_o: Default::default(),
            wr_ptr: Default::default(),
            rd_ptr: Default::default(),
            filled: Default::default(),
            full: Default::default(),
            push: Default::default(),
            pop: Default::default(),
            wr_inc: Default::default(),
            rd_inc: Default::default(),
            one: Constant::new(1_u64.into()),
        }
    }
}

impl<const N: usize> Logic for FifoCtrl<N> {
    #[hdl_gen]
    fn update(&mut self) {
        self.wr_ptr.clk_i.next = self.clk_i.val();
        self.wr_ptr.rst_ni.next = self.rst_ni.val();
        self.rd_ptr.clk_i.next = self.clk_i.val();
        self.rd_ptr.rst_ni.next = self.rst_ni.val();
        self.filled.clk_i.next = self.clk_i.val();
        self.filled.rst_ni.next = self.rst_ni.val();
        self.full.clk_i.next = self.clk_i.val();
        self.full.rst_ni.next = self.rst_ni.val();

        self.in_ready_o.next = !self.full.q_o.val();
        self.out_valid_o.next = self.filled.q_o.val();
        self.push.next = self.in_valid_i.val() & !self.full.q_o.val();
        self.pop.next = self.out_ready_i.val() & self.filled.q_o.val();

        self.wr_inc.next = self.wr_ptr.q_o.val() + self.one.val();
        self.rd_inc.next = self.rd_ptr.q_o.val() + self.one.val();
        self.wr_ptr.d_i.next = self.wr_ptr.q_o.val();
        self.rd_ptr.d_i.next = self.rd_ptr.q_o.val();
        self.filled.d_i.next = self.filled.q_o.val();
        self.full.d_i.next = self.full.q_o.val();
        if self.push.val() {
            self.wr_ptr.d_i.next = self.wr_inc.val();
        }
        if self.pop.val() {
            self.rd_ptr.d_i.next = self.rd_inc.val();
        }
        if self.push.val() ^ self.pop.val() {
            // Alone, a push fills and a pop empties, where the pointers are one apart.
            self.filled.d_i.next = self.push.val() | (self.rd_inc.val() != self.wr_ptr.q_o.val());
            self.full.d_i.next = self.push.val() & (self.wr_inc.val() == self.rd_ptr.q_o.val());
        }

        self.wr_en_o.next = self.push.val();
        self.wr_addr_o.next = self.wr_ptr.q_o.val();
        self.rd_addr_o.next = self.rd_ptr.q_o.val();
    }
}

/// Turns [`FifoCtrl`] into the control of a RAM whose read is registered (block RAM): reads one cycle ahead.
///
/// A word is visible two cycles after its push; one beat a cycle is sustained. The word at the front stays counted in
/// [`FifoCtrl`] until it is taken, so the RAM never overwrites it and re-reads it while the output stalls.
#[derive(LogicBlock)]
pub struct FifoFetch<const N: usize> {
    /// Clock, rising edge.
    pub clk_i: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub rst_ni: Signal<In, Bit>,
    /// The control's `out_valid_o`: there are words, read yet or not.
    pub filled_i: Signal<In, Bit>,
    /// The control's write pointer.
    pub wr_addr_i: Signal<In, Bits<N>>,
    /// The control's read pointer.
    pub rd_addr_i: Signal<In, Bits<N>>,
    /// To the control's `out_ready_i`.
    pub pop_o: Signal<Out, Bit>,
    /// The RAM's read address: the front word of the next cycle.
    pub fetch_addr_o: Signal<Out, Bits<N>>,
    /// The RAM's output holds the front word.
    pub out_valid_o: Signal<Out, Bit>,
    /// The front word is taken.
    pub out_ready_i: Signal<In, Bit>,
    fetched: Reg<Bit>,
    pop: Signal<Local, Bit>,
    rd_inc: Signal<Local, Bits<N>>,
    one: Constant<Bits<N>>,
}

impl<const N: usize> Default for FifoFetch<N> {
    fn default() -> Self {
        Self {
            clk_i: Default::default(),
            rst_ni: Default::default(),
            filled_i: Default::default(),
            wr_addr_i: Default::default(),
            rd_addr_i: Default::default(),
            pop_o: Default::default(),
            fetch_addr_o: Default::default(),
            out_valid_o: Default::default(),
            out_ready_i: Default::default(),
            fetched: Default::default(),
            pop: Default::default(),
            rd_inc: Default::default(),
            one: Constant::new(1_u64.into()),
        }
    }
}

impl<const N: usize> Logic for FifoFetch<N> {
    #[hdl_gen]
    fn update(&mut self) {
        self.fetched.clk_i.next = self.clk_i.val();
        self.fetched.rst_ni.next = self.rst_ni.val();

        self.pop.next = self.out_ready_i.val() & self.fetched.q_o.val();
        self.rd_inc.next = self.rd_addr_i.val() + self.one.val();
        self.fetched.d_i.next = self.filled_i.val();
        self.fetch_addr_o.next = self.rd_addr_i.val();
        if self.pop.val() {
            // A word pushed in this very cycle is not in the RAM yet, hence the pointer before the push.
            self.fetched.d_i.next = self.rd_inc.val() != self.wr_addr_i.val();
            self.fetch_addr_o.next = self.rd_inc.val();
        }

        self.pop_o.next = self.pop.val();
        self.out_valid_o.next = self.fetched.q_o.val();
    }
}

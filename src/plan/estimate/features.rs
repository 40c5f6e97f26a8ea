//! What costs LUTs.

macro_rules! features {
    ($($(#[$doc:meta])* $feature:ident $name:literal,)*) => {
        /// What costs LUTs: an amount of each is multiplied by the family's LUTs a piece (`luts.json`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Feature { $($(#[$doc])* $feature,)* }

        /// Their names, in order.
        pub const FEATURES: &[&str] = &[$($name,)*];
    };
}

features! {
    /// Bits of adders.
    Add "add",
    /// Bits of accumulators.
    Accumulate "accumulate",
    /// Bits of counters that wrap.
    Counter "counter",
    /// Inputs of multiplexers past the first, in LUTs of six (four) inputs.
    Mux "mux",
    /// Bits of results that leave a serializer later than the first.
    Serial "serial",
    /// Bits of Booth rows.
    Booth "booth",
    /// Bit products of multipliers left to synthesis without blocks.
    Multiply "multiply",
    /// Bits of such products.
    MultiplySum "multiply_sum",
    /// The same with a constant, terms past the first: bits times terms.
    MultiplyConstant "multiply_constant",
    /// Bits of the adders of a constant engine.
    ConstantAdd "constant_add",
    /// Bits of its digits, an adder each.
    DigitAdd "digit_add",
    /// Requantizers.
    Requantizer "requantizer",
    /// Bits that a requantizer rounds.
    Round "round",
    /// Bits above them, which it looks at to clamp.
    Clamp "clamp",
    /// Bits that it shifts by a variable amount.
    Shift "shift",
    /// First-in first-out queues.
    Queue "queue",
    /// Address bits of them.
    QueueAddress "queue_address",
    /// Bits stored in flip-flops: their multiplexers.
    Stored "stored",
    /// Bits of words that pass by a block RAM when they are read at once.
    Bypass "bypass",
    /// Bits of credit counters.
    Credit "credit",
    /// Window generators.
    Window "window",
    /// Address bits of them.
    WindowAddress "window_address",
    /// Bits of their coordinates.
    WindowPlace "window_place",
    /// Bits of words that may be padding.
    Pad "pad",
    /// Window generators that read several taps.
    Banked "banked",
    /// Bits of their places.
    BankedPlace "banked_place",
    /// Memories of theirs: write enables.
    BankedMemory "banked_memory",
    /// Multiplexers that order taps.
    Order "order",
    /// LUTs of ROMs.
    Rom "rom",
    /// Bits behind several rows of memory blocks.
    MemoryMux "memory_mux",
    /// Pools.
    Pool "pool",
    /// Bits of values that a pool compares.
    PoolMax "pool_max",
    /// Bits of values that a pool adds.
    PoolSum "pool_sum",
    /// Banks of the sparse engine.
    SparseBank "sparse_bank",
    /// Bits of their jobs.
    SparseJob "sparse_job",
    /// Bits of their sums.
    SparseSum "sparse_sum",
    /// Lanes of the sparse convolution.
    Lane "lane",
    /// Bits of their sums.
    LaneSum "lane_sum",
    /// Bits of rows of theirs.
    LaneRow "lane_row",
    /// Bits that adapters widen.
    Widen "widen",
    /// Bits that adapters narrow.
    Narrow "narrow",
    /// Adapters.
    Adapter "adapter",
    /// Joins.
    Join "join",
    /// Bits of sums that are clamped.
    JoinSum "join_sum",
    /// Buffers before joins.
    Buffer "buffer",
    /// Bits of the scores.
    Score "score",
    /// The rest of a top.
    Top "top",
}

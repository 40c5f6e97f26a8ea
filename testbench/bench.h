// The bench: drives pixels into s_axis, takes scores from m_axis and checks every beat, one `Pass` at a time.
#pragma once

#include <cstdint>
#include <memory>

#include "Vdut.h"
#include "ports.h"
#include "result.h"
#include "vectors.h"
#include "verilated.h"
#if defined(VM_TRACE_FST) && VM_TRACE_FST
#include "verilated_fst_c.h"
using Trace = VerilatedFstC;
#elif VM_TRACE
#include <fcntl.h>
#include <unistd.h>
#include "verilated_vcd_c.h"
// A file that waits for the reader where it is a pipe: Verilator's own opens without blocking, then tries without a pause.
class WaitingFile : public VerilatedVcdFile {
    int m_fd = -1;
public:
    bool open(const std::string& name) override {
        m_fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        return m_fd >= 0;
    }
    void close() override { ::close(m_fd); }
    ssize_t write(const char* bytes, ssize_t count) override { return ::write(m_fd, bytes, count); }
};
class Trace final : private WaitingFile, public VerilatedVcdC {
public:
    Trace() : VerilatedVcdC(static_cast<VerilatedVcdFile*>(this)) {}
    using VerilatedVcdC::close;
    using VerilatedVcdC::open;
};
#endif

// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere.
class Random {
public:
    explicit Random(uint64_t seed) : m_state(seed) {}
    uint64_t next() {
        uint64_t z = (m_state += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    // True with probability `p`; draws nothing when p is zero.
    bool chance(double p) { return p > 0 && static_cast<double>(next() >> 11) * 0x1p-53 < p; }

private:
    uint64_t m_state;
};

// Quiet time after the last score, in which no beat may come.
constexpr uint64_t DRAIN_CYCLES = 64;

// Times that a pass fills every queue of the design.
constexpr unsigned FILLS = 3;

// One stretch of stimulus: `images` images (the file's, over and over) and how the two streams behave.
struct Pass {
    const char* name;
    uint32_t images;
    double stall = 0;            // probability that the source, and the sink, holds back in a cycle
    double starve = 0;           // the same for the source alone
    bool late_ready = false;     // the sink turns ready only after it has seen tvalid
    uint64_t fill = 0;           // the sink takes nothing until no beat has moved for so many cycles, then an image;
                                 // FILLS times, then all: the pass ends with the image that is entering (images: the most)
    uint64_t abort_pixels = 0;   // return after so many accepted pixels (0: run to the end) ...
    uint64_t abort_beats = 0;    // ... or after so many output beats
    uint32_t from = 0;           // the image of the file that comes first
    int64_t flip_tlast = -1;     // pixel, counted over the pass, whose tlast is driven wrong
};

// What a pass measured, in cycles of the bench.
struct Span {
    uint64_t first_pixel = 0, first_tlast = 0, last_tlast = 0;
};

class Bench {
public:
    Bench(VerilatedContext& context, const Vectors& vectors, Result& result, uint64_t seed, uint64_t timeout)
        : m_context(context), m_dut(&context, "dut"), m_vectors(vectors), m_result(result), m_random(seed),
          m_timeout(timeout) {}
    ~Bench() {
#if VM_TRACE
        if (m_trace) m_trace->close();
#endif
        m_dut.final();
    }

    void select(unsigned index) { select_design(m_dut, index, 0); }

    // Writes a waveform from now on; false when the model was built without (TRACE=0).
    bool trace(const char* path) {
#if VM_TRACE
        m_trace = std::make_unique<Trace>();
        m_dut.trace(m_trace.get(), 99);
        m_trace->open(path);
        return true;
#else
        (void)path;
        return false;
#endif
    }

    // Synchronous reset. While it lasts m_axis must be silent (AXI4-Stream, 2.7.2) and the error flag falls.
    void reset() {
        m_dut.rst_ni = 0;
        m_dut.s_axis_tvalid = 0;
        m_dut.s_axis_tlast = 0;
        m_dut.m_axis_tready = 0;
        for (int i = 0; i < RESET_CYCLES; ++i) settle(), tick();
        settle();
        if (m_dut.m_axis_tvalid) m_result.broken_rule({"reset", m_cycle, "m_axis_tvalid is high in reset"});
        if (m_dut.err_tlast_o) m_result.broken_rule({"reset", m_cycle, "err_tlast_o is not cleared by reset"});
        m_dut.rst_ni = 1;
    }

    // Runs one pass; false after a deadlock.
    bool run(const Pass& pass, Span* span = nullptr);

    // The sticky tlast error must now be `expected`.
    void expect_err_tlast(const char* pass, bool expected) {
        settle();
        if (bool(m_dut.err_tlast_o) != expected)
            m_result.broken_rule({pass, m_cycle, expected ? "err_tlast_o stays low after a wrong s_axis_tlast"
                                                          : "err_tlast_o is high though every s_axis_tlast was right"});
    }

    uint64_t cycle() const { return m_cycle; }

private:
    static constexpr int RESET_CYCLES = 8;

    // Position in a stream of `count` images of `length` beats.
    struct Cursor {
        uint32_t image = 0, beat = 0;
        uint64_t total = 0;
        void advance(uint32_t length, uint32_t images) {
            ++total;
            if (++beat == length) {
                beat = 0;
                if (++image == images) image = 0;
            }
        }
    };

    void settle() {
        m_dut.clk_i = 0;
        m_dut.eval();
    }
    void tick() {
        dump();
        m_dut.clk_i = 1;
        m_context.timeInc(1);
        m_dut.eval();
        dump();
        m_context.timeInc(1);
        ++m_cycle;
    }
    void dump() {
#if VM_TRACE
        if (m_trace) m_trace->dump(m_context.time());
#endif
    }

    void drive_source(const Pass& pass, const Cursor& in, uint64_t end);
    void drive_sink(const Pass& pass);
    void check_held(const Pass& pass);
    bool check_beat(const Pass& pass, const Cursor& out);

    VerilatedContext& m_context;
    Vdut m_dut;
    const Vectors& m_vectors;
    Result& m_result;
    Random m_random;
    uint64_t m_timeout;
    uint64_t m_cycle = 0;
    uint64_t m_last_move = 0;  // cycle of the last beat on either stream
    bool m_open = false;       // Pass::fill: the sink takes an image
    unsigned m_fills = 0;      // Pass::fill: how often the design was full
    bool m_stalled = false;  // m_axis offered a beat last cycle that was not taken: it must stay
    uint32_t m_held_data = 0, m_held_user = 0;
    bool m_held_last = false;
#if VM_TRACE
    std::unique_ptr<Trace> m_trace;
#endif
};

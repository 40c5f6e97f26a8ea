// The generic Verilator testbench of every slimgate design; `sim/Makefile` builds it, `slimgate sim` runs it.
//
//   tb --vectors FILE [--stall P] [--seed S] [--timeout CYCLES] [--first I] [--count N] [--main-only]
//      [--reset-test] [--tlast-test] [--trace FILE] [--sel K]
//
// Prints one JSON object. Exit status: 0 all right, 1 a difference, a broken AXI rule or a deadlock, 2 wrong use.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "bench.h"

namespace {

// Images of a throughput measurement (at least 16, by the definition of the initiation interval).
constexpr uint32_t MEASURED_IMAGES = 16;

// The most images that a pass may need to fill every queue.
constexpr uint32_t FULL_IMAGES = 1000;
// About as many cycles is the source slow, for 2 to 8 images; of small designs more resets are tried, up to 10.
constexpr uint64_t LONG_CYCLES = 100000;

// How often a stretch of `cycles` may be repeated.
uint32_t repeats(uint64_t cycles, uint32_t least, uint32_t most) {
    return static_cast<uint32_t>(std::clamp<uint64_t>(LONG_CYCLES / (cycles + 1), least, most));
}

struct Options {
    std::string vectors, trace;
    double stall = 0;
    uint64_t seed = 1, timeout = 1000000;
    uint32_t first = 0, count = 0;  // images of the file to run; count 0: all from `first` on
    unsigned sel = 0;
    bool main_only = false, reset_test = false, tlast_test = false;
};

Options parse(int argc, char** argv) {
    Options o;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name[0] == '+') continue;  // for Verilator's runtime
        const auto value = [&]() -> const char* {
            if (i + 1 >= argc) throw std::runtime_error(name + " needs a value");
            return argv[++i];
        };
        if (name == "--vectors") o.vectors = value();
        else if (name == "--trace") o.trace = value();
        else if (name == "--stall") o.stall = std::strtod(value(), nullptr);
        else if (name == "--seed") o.seed = std::strtoull(value(), nullptr, 0);
        else if (name == "--timeout") o.timeout = std::strtoull(value(), nullptr, 0);
        else if (name == "--first") o.first = static_cast<uint32_t>(std::strtoul(value(), nullptr, 0));
        else if (name == "--count") o.count = static_cast<uint32_t>(std::strtoul(value(), nullptr, 0));
        else if (name == "--sel") o.sel = static_cast<unsigned>(std::strtoul(value(), nullptr, 0));
        else if (name == "--main-only") o.main_only = true;
        else if (name == "--reset-test") o.reset_test = true;
        else if (name == "--tlast-test") o.tlast_test = true;
        else throw std::runtime_error("unknown option " + name);
    }
    if (o.vectors.empty()) throw std::runtime_error("--vectors FILE is missing");
    if (!(o.stall >= 0 && o.stall < 1)) throw std::runtime_error("--stall must be at least 0 and below 1");
    return o;
}

// One image into an idle design.
bool measure_latency(Bench& bench, Result& result) {
    Span span;
    if (!bench.run({"latency", 1}, &span)) return false;
    result.latency_cycles = static_cast<int64_t>(span.last_tlast - span.first_pixel);
    return true;
}

// A run of images with no stall on either side, for the initiation interval.
bool measured_run(Bench& bench, Result& result, const char* name, uint32_t images) {
    Span span;
    if (!bench.run({name, images}, &span)) return false;
    result.interval_cycles = span.last_tlast - span.first_tlast;
    result.interval_images = images - 1;
    return true;
}

// Reset in mid-image, with scores half out, with several images in flight, and then somewhere in the first image; each time
// the design must recover, and another image is the first one, which alone sees what a reset leaves.
bool reset_test(Bench& bench, const Vectors& v, Random& random, double stall, uint32_t resets) {
    uint32_t from = 1;
    for (uint32_t i = 0; i < resets; ++i) {
        Pass aborted{"reset", 4, stall};
        if (i == 0) aborted.abort_pixels = 1 + v.pixels / 2;
        else if (i == 1) aborted.abort_beats = std::max(1u, v.classes / 2);
        else aborted.abort_pixels = 1 + random.next() % ((i == 2 ? 3 : 1) * uint64_t{v.pixels});
        if (!bench.run(aborted)) return false;
        bench.reset();
        Pass after{"after reset", i < 3 ? 2u : 1u, stall};
        after.from = from;
        if (!bench.run(after)) return false;
        from += after.images;
        bench.expect_err_tlast("after reset", false);
    }
    return true;
}

// A tlast too early and a tlast left out: the error sticks, the pixel count decides, the scores stay right.
bool tlast_test(Bench& bench, const Vectors& v) {
    for (const int64_t at : {int64_t{v.pixels} / 2 - 1, int64_t{v.pixels} - 1}) {
        if (at < 0) continue;
        Pass pass{"wrong tlast", 3};
        pass.flip_tlast = at;
        if (!bench.run(pass)) return false;
        bench.expect_err_tlast("wrong tlast", true);
        bench.reset();
    }
    return true;
}

bool simulate(Bench& bench, const Vectors& v, const Options& o, Result& result) {
    Random random(o.seed ^ 0x5eed);
    const bool main_measures = o.stall == 0 && (o.main_only || v.images >= MEASURED_IMAGES);
    bench.reset();
    if (!o.main_only) {
        if (!measure_latency(bench, result)) return false;
        Pass late{"late tready", 2};
        late.late_ready = true;
        if (!bench.run(late)) return false;
        Pass full{"full", FULL_IMAGES};
        full.fill = std::min<uint64_t>(result.latency_cycles + DRAIN_CYCLES, o.timeout / 2);
        if (!bench.run(full)) return false;
        // Pixels so far apart that every engine waits for its rows.
        const uint64_t slow = 2 * (result.latency_cycles + v.pixels);
        Pass starved{"starved", repeats(slow, 2, 8)};
        const double gap = static_cast<double>(slow) / v.pixels;
        starved.starve = 1 - 1 / std::min(gap, std::max(o.timeout / 50.0, 1.0));
        if (!bench.run(starved)) return false;
        if (!main_measures && !measured_run(bench, result, "throughput", MEASURED_IMAGES)) return false;
    }
    if (main_measures ? !measured_run(bench, result, "main", v.images) : !bench.run({"main", v.images, o.stall}))
        return false;
    bench.expect_err_tlast("main", false);
    const uint32_t resets = o.main_only ? 3 : repeats(2 * (result.latency_cycles + v.pixels), 3, 10);
    if (o.reset_test && !reset_test(bench, v, random, o.stall, resets)) return false;
    return !o.tlast_test || tlast_test(bench, v);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Options options = parse(argc, argv);
        const Vectors vectors(options.vectors, options.first, options.count);
        VerilatedContext context;
        context.randReset(2);  // registers start at random values, so that a forgotten reset shows
        context.randSeed(static_cast<int>(options.seed % 0x7fffffff) + 1);
        context.traceEverOn(!options.trace.empty());
        context.commandArgs(argc, argv);
        Result result;
        const auto start = std::chrono::steady_clock::now();
        {
            Bench bench(context, vectors, result, options.seed, options.timeout);
            bench.select(options.sel);
            if (!options.trace.empty() && !bench.trace(options.trace.c_str()))
                throw std::runtime_error("--trace needs a build with TRACE=fst or TRACE=vcd");
            simulate(bench, vectors, options, result);
            result.cycles = bench.cycle();
        }
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        result.print();
        return result.passed() ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tb: %s\n", error.what());
        return 2;
    }
}

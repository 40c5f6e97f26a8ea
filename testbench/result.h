// What a simulation found, and its one-line JSON form on standard output.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

// Mismatches and protocol errors listed in full; all are counted.
constexpr size_t LISTED = 10;

struct Mismatch {
    const char* pass;
    uint32_t image, cls;
    const char* signal;  // "score", "tlast", "tuser" or "extra beat"
    int64_t expected, found;
};

struct ProtocolError {
    const char* pass;
    uint64_t cycle;
    const char* rule;
};

// No beat moved on either stream for the time limit.
struct Deadlock {
    const char* pass = nullptr;  // null: none happened
    uint64_t cycle = 0;
    uint32_t in_image = 0, in_pixel = 0;    // the next pixel to send
    uint32_t out_image = 0, out_class = 0;  // the next score to come
};

struct Result {
    uint64_t images = 0;            // images whose scores were expected, over all passes
    uint64_t mismatches = 0;        // those that did not come out right
    uint64_t wrong_beats = 0;       // output beats with a wrong score, tlast or tuser, or too many
    uint64_t protocol_errors = 0;
    std::vector<Mismatch> listed;
    std::vector<ProtocolError> listed_protocol;
    Deadlock deadlock;
    int64_t latency_cycles = -1;    // first pixel accepted to last score taken, one image in an idle design
    uint64_t interval_cycles = 0;   // first tlast to last tlast, source always valid and sink always ready
    uint64_t interval_images = 0;   // image intervals in that span
    uint64_t cycles = 0;
    double seconds = 0;

    bool passed() const { return !mismatches && !wrong_beats && !protocol_errors && !deadlock.pass; }

    void wrong(const Mismatch& m) {
        ++wrong_beats;
        if (listed.size() < LISTED) listed.push_back(m);
    }
    void broken_rule(const ProtocolError& e) {
        ++protocol_errors;
        if (listed_protocol.size() < LISTED) listed_protocol.push_back(e);
    }

    void print() const {
        std::printf("{\"images\":%llu,\"mismatches\":%llu,\"wrong_beats\":%llu,\"protocol_errors\":%llu",
                    ull(images), ull(mismatches), ull(wrong_beats), ull(protocol_errors));
        std::printf(",\"latency_cycles\":%lld,\"interval_cycles\":%llu,\"interval_images\":%llu",
                    static_cast<long long>(latency_cycles), ull(interval_cycles), ull(interval_images));
        std::printf(",\"cycles\":%llu,\"seconds\":%.6f,\"listed\":[", ull(cycles), seconds);
        const char* comma = "";
        for (const Mismatch& m : listed) {
            std::printf("%s{\"pass\":\"%s\",\"image\":%u,\"class\":%u,\"signal\":\"%s\",\"expected\":%lld,\"found\":%lld}",
                        comma, m.pass, m.image, m.cls, m.signal, static_cast<long long>(m.expected),
                        static_cast<long long>(m.found));
            comma = ",";
        }
        std::printf("],\"listed_protocol\":[");
        comma = "";
        for (const ProtocolError& e : listed_protocol) {
            std::printf("%s{\"pass\":\"%s\",\"cycle\":%llu,\"rule\":\"%s\"}", comma, e.pass, ull(e.cycle), e.rule);
            comma = ",";
        }
        std::printf("],\"deadlock\":");
        if (deadlock.pass)
            std::printf("{\"pass\":\"%s\",\"cycle\":%llu,\"in_image\":%u,\"in_pixel\":%u,\"out_image\":%u,\"out_class\":%u}",
                        deadlock.pass, ull(deadlock.cycle), deadlock.in_image, deadlock.in_pixel,
                        deadlock.out_image, deadlock.out_class);
        else
            std::printf("null");
        std::printf("}\n");
    }

private:
    static unsigned long long ull(uint64_t v) { return v; }
};

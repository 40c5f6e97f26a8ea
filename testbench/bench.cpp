#include "bench.h"

#include <algorithm>

// Offers the next pixel, and keeps offering it until it is taken. While idle the wires carry the complement of the
// next pixel, so that a design which looks at data without tvalid is caught.
void Bench::drive_source(const Pass& pass, const Cursor& in, uint64_t end) {
    if (m_dut.s_axis_tvalid) return;
    const bool offer = in.total < end && !m_random.chance(std::max(pass.stall, pass.starve));
    const uint32_t channels = m_vectors.channels;
    if (in.total >= end) {
        m_dut.s_axis_tlast = 0;
        return;
    }
    const uint8_t* pixel = m_vectors.pixel(in.image, in.beat);
    const bool last = in.beat + 1 == m_vectors.pixels;
    const bool flipped = static_cast<int64_t>(in.total) == pass.flip_tlast;
    m_dut.s_axis_tvalid = offer;
    m_dut.s_axis_tlast = offer ? last != flipped : !last;
    if (offer) {
        set_bytes(m_dut.s_axis_tdata, pixel, channels);
    } else {
        uint8_t noise[64];
        const uint32_t count = channels < sizeof noise ? channels : sizeof noise;
        for (uint32_t i = 0; i < count; ++i) noise[i] = static_cast<uint8_t>(~pixel[i]);
        set_bytes(m_dut.s_axis_tdata, noise, count);
    }
}

// Chooses tready and lets the design settle. Where the sink holds back at times, tready is first shown low: what
// m_axis offers must not depend on it.
void Bench::drive_sink(const Pass& pass) {
    const bool seen_valid = m_stalled;
    if (pass.fill && !m_open && m_cycle - m_last_move >= pass.fill) {
        m_open = true;
        ++m_fills;
    }
    const bool ready = pass.fill ? m_open : pass.late_ready ? seen_valid : !m_random.chance(pass.stall);
    if (pass.late_ready || pass.stall > 0) {
        m_dut.m_axis_tready = 0;
        settle();
        const bool valid = m_dut.m_axis_tvalid;
        const uint32_t data = m_dut.m_axis_tdata;
        if (!ready) return;
        m_dut.m_axis_tready = 1;
        settle();
        if (valid != bool(m_dut.m_axis_tvalid) || (valid && data != m_dut.m_axis_tdata))
            m_result.broken_rule({pass.name, m_cycle, "m_axis depends combinationally on m_axis_tready"});
        return;
    }
    m_dut.m_axis_tready = ready;
    settle();
}

// A beat that was offered and not taken stays, unchanged.
void Bench::check_held(const Pass& pass) {
    const bool valid = m_dut.m_axis_tvalid;
    if (m_stalled) {
        if (!valid) {
            m_result.broken_rule({pass.name, m_cycle, "m_axis_tvalid fell before m_axis_tready"});
        } else if (m_held_data != m_dut.m_axis_tdata || m_held_last != bool(m_dut.m_axis_tlast)
                   || m_held_user != m_dut.m_axis_tuser) {
            m_result.broken_rule({pass.name, m_cycle, "m_axis payload changed while stalled"});
        }
    }
    m_stalled = valid && !m_dut.m_axis_tready;
    m_held_data = m_dut.m_axis_tdata;
    m_held_last = m_dut.m_axis_tlast;
    m_held_user = m_dut.m_axis_tuser;
}

// Compares the beat on m_axis with what stands at `out`; true when all three signals are right.
bool Bench::check_beat(const Pass& pass, const Cursor& out) {
    const bool last = out.beat + 1 == m_vectors.classes;
    const int32_t score = static_cast<int32_t>(m_dut.m_axis_tdata);
    const int32_t expected = m_vectors.score(out.image, out.beat);
    const uint32_t user = last ? m_vectors.arg_max(out.image) : 0;
    const bool ok = score == expected && bool(m_dut.m_axis_tlast) == last && m_dut.m_axis_tuser == user;
    if (ok) return true;
    if (score != expected) m_result.wrong({pass.name, m_vectors.first + out.image, out.beat, "score", expected, score});
    if (bool(m_dut.m_axis_tlast) != last)
        m_result.wrong({pass.name, m_vectors.first + out.image, out.beat, "tlast", last, m_dut.m_axis_tlast});
    if (m_dut.m_axis_tuser != user)
        m_result.wrong({pass.name, m_vectors.first + out.image, out.beat, "tuser", user, m_dut.m_axis_tuser});
    return false;
}

bool Bench::run(const Pass& pass, Span* span) {
    uint32_t images = pass.images;
    const bool aborts = pass.abort_pixels || pass.abort_beats;
    Cursor in, out;
    in.image = out.image = pass.from % m_vectors.images;
    Span times;
    uint64_t right = 0;
    bool image_ok = true, deadlock = false;
    m_last_move = m_cycle;
    m_stalled = m_open = false;
    m_fills = 0;
    while (true) {
        if (pass.fill && m_fills == FILLS) images = std::min<uint64_t>(images, in.total / m_vectors.pixels + 1);
        const uint64_t in_end = uint64_t{images} * m_vectors.pixels;
        const uint64_t out_end = uint64_t{images} * m_vectors.classes;
        drive_source(pass, in, in_end);
        drive_sink(pass);
        check_held(pass);
        const bool taken = m_dut.s_axis_tvalid && m_dut.s_axis_tready;
        const bool given = m_dut.m_axis_tvalid && m_dut.m_axis_tready;
        if (given && out.total >= out_end)
            m_result.wrong({pass.name, m_vectors.first + out.image, out.beat, "extra beat", 0,
                            static_cast<int32_t>(m_dut.m_axis_tdata)});
        else if (given) {
            image_ok &= check_beat(pass, out);
            if (out.beat + 1 == m_vectors.classes) {
                right += image_ok;
                image_ok = true;
                if (out.total < m_vectors.classes) times.first_tlast = m_cycle;
                times.last_tlast = m_cycle;
                if (m_fills < FILLS) m_open = false;
            }
            out.advance(m_vectors.classes, m_vectors.images);
        }
        if (taken && !in.total) times.first_pixel = m_cycle;
        tick();
        if (taken) {
            in.advance(m_vectors.pixels, m_vectors.images);
            m_dut.s_axis_tvalid = 0;
        }
        if (taken || given) m_last_move = m_cycle;
        if (aborts && ((pass.abort_pixels && in.total >= pass.abort_pixels)
                       || (pass.abort_beats && out.total >= pass.abort_beats)))
            return true;
        // The scores may be out while pixels that no window uses still wait: the pass ends when those are in, too.
        if (in.total >= in_end && out.total >= out_end && m_cycle - m_last_move > DRAIN_CYCLES) break;
        if (m_cycle - m_last_move > m_timeout) {
            m_result.deadlock = {pass.name, m_cycle, m_vectors.first + in.image, in.beat,
                                 m_vectors.first + out.image, out.beat};
            deadlock = true;
            break;
        }
    }
    m_dut.s_axis_tvalid = 0;
    m_dut.m_axis_tready = 0;
    if (pass.fill) images = std::min<uint64_t>(images, in.total / m_vectors.pixels + 1);
    m_result.images += images;
    m_result.mismatches += images - right;
    if (span) *span = times;
    return !deadlock;
}

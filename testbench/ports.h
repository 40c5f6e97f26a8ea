// Access to the ports of a Verilated top whatever their width: CData to QData, or VlWide above 64 bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "verilated.h"

// Sets a port of at most 64 bits to `count` little-endian bytes (the rest of the port becomes zero).
template <typename Port>
inline void set_bytes(Port& port, const uint8_t* bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count && i < sizeof(Port); ++i) value |= uint64_t{bytes[i]} << (8 * i);
    port = static_cast<Port>(value);
}

// The same for a wider port, which Verilator keeps in 32-bit words, lowest first.
template <std::size_t Words>
inline void set_bytes(VlWide<Words>& port, const uint8_t* bytes, size_t count) {
    for (size_t w = 0; w < Words; ++w) port[w] = 0;
    for (size_t i = 0; i < count && i < 4 * Words; ++i) port[i / 4] |= uint32_t{bytes[i]} << (8 * (i % 4));
}

// A build that holds several designs chooses one by the input `sel_i`; a single design has no such port.
template <typename Dut>
inline auto select_design(Dut& dut, unsigned index, int) -> decltype(dut.sel_i, void()) {
    dut.sel_i = static_cast<uint8_t>(index);
}
template <typename Dut>
inline void select_design(Dut&, unsigned, long) {}

// Counts of byte values, and the tables made from them. Integers only: the same choices on every machine.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "lossless/rans_table.hpp"

namespace aimc::lossless {

struct Histogram {
  std::array<std::uint32_t, kSlots> count{};
  std::uint64_t total = 0;
};

Histogram count_bytes(const std::uint8_t* bytes, std::size_t count);

// Of 64 bytes out of each `stride`.
Histogram sample_bytes(const std::uint8_t* bytes, std::size_t count, std::size_t stride);

constexpr int kCostShift = 16;  // costs are in units of 2^-16 bit

struct TableChoice {
  RansTable table;
  std::uint64_t cost = 0;  // of all bytes, with what the escapes cost in turn; without tables and states
};

// The table for a histogram of at least two values, in a plane of that depth. Values that are too rare for a slot
// become escapes, except at the greatest depth: there a histogram of all 256 values has no table, and no entries are
// returned.
TableChoice choose_table(const Histogram& histogram, int depth);

}  // namespace aimc::lossless

// Frequency tables of the entropy coder (7.4).
#pragma once
#include <array>
#include <cstdint>

#include "lossless/cursor.hpp"
#include "lossless/format.hpp"

namespace aimc::lossless {

// Entries are symbols in ascending order; the escape, if there is one, is the last entry.
struct RansTable {
  std::uint32_t entries = 0;
  bool escapes = false;
  std::array<std::uint8_t, kSlots> symbol{};  // of each entry; 0 for the escape
  std::array<std::uint8_t, kSlots> frequency{};
  std::array<std::uint8_t, kSlots> start{};

  std::uint32_t escape_entry() const { return entries - 1; }  // if `escapes`
};

Status read_table(Cursor* in, RansTable* table);
void write_table(const RansTable& table, Bytes* out);

}  // namespace aimc::lossless

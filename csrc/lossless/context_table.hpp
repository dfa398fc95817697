// Frequency tables of context coding (8.4).
#pragma once
#include <array>
#include <cstdint>

#include "lossless/context_model.hpp"
#include "lossless/cursor.hpp"

namespace aimc::lossless {

constexpr unsigned kContextSlotBits = 11;
constexpr std::uint32_t kContextSlots = 1U << kContextSlotBits;  // sum of the frequencies of a context

// Symbols 0 and first to first + count - 1 have slots, in this order, each at least one.
struct ContextTable {
  std::uint32_t first = 1;
  std::uint32_t count = 0;
  std::array<std::uint8_t, kContextSymbols> weight{};      // of the symbols with slots, in order
  std::array<std::uint16_t, kContextSymbols> start{};      // by symbol
  std::array<std::uint16_t, kContextSymbols> frequency{};  // by symbol
};

using SymbolCounts = std::array<std::uint32_t, kContextSymbols>;

// A table that fits the counts; symbols too rare to be worth a slot are left to the escape.
ContextTable fit_table(SymbolCounts counts);

void write_table(const ContextTable& table, Bytes* out);
Status read_table(Cursor* in, ContextTable* table);

}  // namespace aimc::lossless

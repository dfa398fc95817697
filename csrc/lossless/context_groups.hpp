// Decoding of codes (8.4), 16 records at a time.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"
#include "base/inline.hpp"
#include "lossless/context_model.hpp"
#include "lossless/context_table.hpp"

namespace aimc::lossless {

constexpr std::uint32_t kLowestContextState = 1U << 16;

// A slot of a context: the symbol in bits 0 to 5, frequency - 1 in 6 to 16, slot - start in 17 to 27.
using ContextSlots = std::array<std::uint32_t, kContexts * kContextSlots>;

AIMC_INLINE std::uint32_t slot_symbol(std::uint32_t slot) {
  return slot % kContextSymbols;
}

// The state after a slot, before it takes a word.
AIMC_INLINE std::uint32_t next_state(std::uint32_t slot, std::uint32_t x) {
  return ((slot >> 6 & (kContextSlots - 1)) + 1) * (x >> kContextSlotBits) + (slot >> 17);
}

AIMC_INLINE std::uint32_t slot_index(std::int32_t base, std::uint32_t x) {
  return (static_cast<std::uint32_t>(base) % kContexts) << kContextSlotBits | x % kContextSlots;
}

AIMC_INLINE std::uint32_t load_word(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(at[0] | at[1] << 8);
}

// What moves while codes are decoded.
struct ContextStream {
  ContextModel model;
  const ContextSlots* slots;
  std::uint32_t code_limit;  // codes are less than this
  const std::uint8_t* word = nullptr;
  const std::uint8_t* words_end = nullptr;
  std::uint32_t state[kGroup] = {};
};

// Decodes at most `groups` whole groups. Stops before a group that needs care: one whose columns do not lie side by
// side, that has an escape or a code out of range, or that may find too few words. Returns the groups decoded.
using ContextKernel = std::size_t (*)(ContextStream*, std::size_t groups, std::uint16_t* codes);
ContextKernel context_kernel(Isa isa);

#if AIMC_X86
std::size_t decode_groups_avx512(ContextStream*, std::size_t groups, std::uint16_t* codes);
#endif

}  // namespace aimc::lossless

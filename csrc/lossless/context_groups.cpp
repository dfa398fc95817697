#include "lossless/context_groups.hpp"

namespace aimc::lossless {
namespace {

// Moves the states on. Arithmetic instead of branches, which would go wrong too often.
AIMC_INLINE void move_states(const std::uint32_t (&slot)[kGroup], ContextStream* s) {
  const std::uint8_t* at = s->word;
#pragma GCC unroll 16
  for (std::size_t j = 0; j < kGroup; ++j) {
    const std::uint32_t x = next_state(slot[j], s->state[j]);
    const std::uint32_t low = x < kLowestContextState ? 1 : 0;
    s->state[j] = x << (16 * low) | (load_word(at) & (0 - low));
    at += 2 * low;
  }
  s->word = at;
}

// The model learns as soon as the slots are known: the next group waits for it, and the states move on meanwhile.
AIMC_INLINE std::size_t decode_groups(ContextStream* s, std::size_t groups, std::uint16_t* codes) {
  for (std::size_t done = 0; done < groups; ++done, codes += kGroup) {
    if (s->words_end - s->word < static_cast<std::ptrdiff_t>(2 * kGroup) || s->model.next_columns() == nullptr) {
      return done;
    }
    Group level;
    s->model.predict(level);
    std::uint32_t slot[kGroup];
#pragma GCC unroll 16
    for (std::size_t j = 0; j < kGroup; ++j) slot[j] = (*s->slots)[slot_index(base_of(level[j]), s->state[j])];
    Group code;
    std::uint32_t all = 0;
    std::uint32_t escaped = 0;
#pragma GCC unroll 1
    for (std::size_t j = 0; j < kGroup; ++j) {
      code[j] = base_of(level[j]) + static_cast<std::int32_t>(slot_symbol(slot[j])) - kSymbolBias;
      all |= static_cast<std::uint32_t>(code[j]);
      escaped |= slot_symbol(slot[j]) - 1;
    }
    if (all >= s->code_limit || escaped >= kContextSymbols) return done;
    s->model.learn(level, code);
    move_states(slot, s);
#pragma GCC unroll 1
    for (std::size_t j = 0; j < kGroup; ++j) codes[j] = static_cast<std::uint16_t>(code[j]);
  }
  return groups;
}

std::size_t decode_groups_scalar(ContextStream* s, std::size_t groups, std::uint16_t* codes) {
  return decode_groups(s, groups, codes);
}

#if AIMC_X86
AIMC_TARGET_AVX2 std::size_t decode_groups_avx2(ContextStream* s, std::size_t groups, std::uint16_t* codes) {
  return decode_groups(s, groups, codes);
}
#endif

}  // namespace

ContextKernel context_kernel(Isa isa) {
#if AIMC_X86
  if (isa == Isa::avx512) return decode_groups_avx512;
  if (isa == Isa::avx2) return decode_groups_avx2;
#endif
  (void)isa;
  return decode_groups_scalar;
}

}  // namespace aimc::lossless

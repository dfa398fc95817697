#include "lossless/context_groups.hpp"

namespace aimc::lossless {
namespace {

// Symbols of the 16 states, which move on. Arithmetic instead of branches, which would go wrong too often.
AIMC_INLINE const std::uint8_t* step(const ContextSlots& slots, const Group& base, const std::uint8_t* at,
                                     std::uint32_t (&x)[kGroup], std::uint32_t (&symbol)[kGroup]) {
#pragma GCC unroll 16
  for (std::size_t j = 0; j < kGroup; ++j) {
    const std::uint32_t slot = slots[slot_index(base[j], x[j])];
    const std::uint32_t next = next_state(slot, x[j]);
    const std::uint32_t low = next < kLowestContextState ? 1 : 0;
    x[j] = next << (16 * low) | (load_word(at) & (0 - low));
    at += 2 * low;
    symbol[j] = slot_symbol(slot);
  }
  return at;
}

AIMC_INLINE std::size_t decode_groups(ContextStream* s, std::size_t groups, std::uint16_t* codes) {
  for (std::size_t done = 0; done < groups; ++done, codes += kGroup) {
    if (s->words_end - s->word < static_cast<std::ptrdiff_t>(2 * kGroup) || s->model.next_columns() == nullptr)
      return done;
    Group level;
    Group base;
    s->model.predict(level);
    std::uint32_t x[kGroup];
    for (std::size_t j = 0; j < kGroup; ++j) {
      base[j] = base_of(level[j]);
      x[j] = s->state[j];
    }
    std::uint32_t symbol[kGroup];
    const std::uint8_t* at = step(*s->slots, base, s->word, x, symbol);
    Group code;
    std::uint32_t all = 0;
    std::uint32_t escaped = 0;
    for (std::size_t j = 0; j < kGroup; ++j) {
      code[j] = base[j] + static_cast<std::int32_t>(symbol[j]) - kSymbolBias;
      all |= static_cast<std::uint32_t>(code[j]);
      escaped |= symbol[j] - 1;
    }
    if (all >= s->code_limit || escaped >= kContextSymbols) return done;
    for (std::size_t j = 0; j < kGroup; ++j) {
      codes[j] = static_cast<std::uint16_t>(code[j]);
      s->state[j] = x[j];
    }
    s->word = at;
    s->model.learn(level, code);
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

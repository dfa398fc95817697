// Models of all parameter sets for three contexts at once, one model in each 16-bit lane.
#include "base/inline.hpp"
#include "entropy/set_costs.hpp"

#if AIMC_X86
#include <immintrin.h>

#include <algorithm>

#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // raised by GCC inside its own intrinsics
#endif

namespace aimc {
namespace {

constexpr int kLanes = 32;
constexpr int kSlots = kLanes / kParameterSets;
constexpr std::size_t kMostWords = 4096;  // of one run: the sums of costs stay below 2^32

// The contexts in the lanes. Slot i has lanes 9 i to 9 i + 8.
struct Slots {
  alignas(64) std::int16_t a[kLanes] = {};
  alignas(64) std::int16_t b[kLanes] = {};
  alignas(64) std::uint16_t cost_low[kLanes];
  alignas(64) std::uint16_t cost_high[kLanes];
  alignas(64) std::uint16_t rate_a[kLanes] = {};
  alignas(64) std::uint16_t rate_b[kLanes] = {};
  BinString string[kSlots] = {};

  Slots() {
    for (int i = 0; i < kSlots * kParameterSets; ++i) {
      rate_a[i] = kParameterSet[i % kParameterSets].rate_a;
      rate_b[i] = kParameterSet[i % kParameterSets].rate_b;
    }
  }
  void load(int slot, const BinString& s) {
    string[slot] = s;
    std::copy_n(s.costs->a, kParameterSets, a + slot * kParameterSets);
    std::copy_n(s.costs->b, kParameterSets, b + slot * kParameterSets);
  }
  void store(int slot) {
    std::copy_n(a + slot * kParameterSets, kParameterSets, string[slot].costs->a);
    std::copy_n(b + slot * kParameterSets, kParameterSets, string[slot].costs->b);
  }
  // Moves the slot's string on by `words`, and their costs to where they belong.
  void advance(int slot, std::size_t words) {
    BinString& s = string[slot];
    s.words += words;
    s.count -= words;
    for (int set = 0; set < kParameterSets; ++set) {
      const int lane = slot * kParameterSets + set;
      s.costs->cost[set] += (std::uint64_t{cost_high[lane]} << 16) + cost_low[lane];
    }
  }
};

// Adaptation steps by (x >> 3) mod 32 or (x >> 7) mod 32.
struct WrappedAdaptation {
  alignas(64) std::uint16_t step[kLanes];
  constexpr WrappedAdaptation() : step() {
    for (int i = 0; i < kLanes; ++i) step[i] = kAdaptation[(i + 16) & 31];
  }
};
constexpr WrappedAdaptation kWrappedAdaptation;

// Estimators after a bin; `zero` marks the lanes where it is 0.
template <int kShift>
AIMC_TARGET_AVX512 inline void update(__m512i& x, __mmask32 zero, const __m512i& rate, const __m512i& adaptation) {
  const __m512i none = _mm512_setzero_si512();
  const __m512i towards = _mm512_mask_sub_epi16(x, zero, none, x);
  const __m512i step =
      _mm512_srlv_epi16(_mm512_permutexvar_epi16(_mm512_srai_epi16(towards, kShift), adaptation), rate);
  const __m512i moved = _mm512_add_epi16(towards, step);
  x = _mm512_mask_sub_epi16(moved, zero, none, moved);
}

// Feeds `count` words of each slot's string.
AIMC_TARGET_AVX512 void run(Slots& slots, std::size_t count) {
  const __m512i adaptation = _mm512_load_si512(kWrappedAdaptation.step);
  const __m512i cost_zero_low = _mm512_loadu_si512(kBinCosts.cost[0]);
  const __m512i cost_zero_high = _mm512_loadu_si512(kBinCosts.cost[0] + kLanes);
  const __m512i cost_one_low = _mm512_loadu_si512(kBinCosts.cost[1]);
  const __m512i cost_one_high = _mm512_loadu_si512(kBinCosts.cost[1] + kLanes);
  const __m512i rate_a = _mm512_load_si512(slots.rate_a);
  const __m512i rate_b = _mm512_load_si512(slots.rate_b);
  const __m512i one = _mm512_set1_epi16(1);
  __m512i a = _mm512_load_si512(slots.a);
  __m512i b = _mm512_load_si512(slots.b);
  __m512i sum_low = _mm512_setzero_si512();
  __m512i sum_high = _mm512_setzero_si512();
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = [&](int slot) { return static_cast<short>(~slots.string[slot].words[i]); };
    __m512i zeros = _mm512_set1_epi16(word(0));  // bit 15: the next bin is 0
    zeros = _mm512_mask_set1_epi16(zeros, 0x1FFU << kParameterSets, word(1));
    zeros = _mm512_mask_set1_epi16(zeros, 0x1FFU << (2 * kParameterSets), word(2));
    for (int bit = 0; bit < 16; ++bit) {
      const __mmask32 zero = _mm512_movepi16_mask(zeros);
      zeros = _mm512_add_epi16(zeros, zeros);
      const __m512i column = _mm512_srai_epi16(_mm512_add_epi16(b, _mm512_slli_epi16(a, 4)), 7);
      const __m512i if_one = _mm512_permutex2var_epi16(cost_one_low, column, cost_one_high);
      const __m512i if_zero = _mm512_permutex2var_epi16(cost_zero_low, column, cost_zero_high);
      const __m512i cost = _mm512_mask_mov_epi16(if_one, zero, if_zero);
      sum_low = _mm512_add_epi16(sum_low, cost);
      sum_high = _mm512_mask_add_epi16(sum_high, _mm512_cmplt_epu16_mask(sum_low, cost), sum_high, one);
      update<3>(a, zero, rate_a, adaptation);
      update<7>(b, zero, rate_b, adaptation);
    }
  }
  _mm512_store_si512(slots.a, a);
  _mm512_store_si512(slots.b, b);
  _mm512_store_si512(slots.cost_low, sum_low);
  _mm512_store_si512(slots.cost_high, sum_high);
}

}  // namespace

void add_strings_avx512(const BinString* strings, std::size_t count) {
  Slots slots;
  const BinString* const end = strings + count;
  bool busy[kSlots] = {};
  for (;;) {
    std::size_t words = kMostWords;
    int any = -1;
    for (int slot = 0; slot < kSlots; ++slot) {
      if (!busy[slot] && strings != end) {
        slots.load(slot, *strings++);
        busy[slot] = true;
      }
      if (!busy[slot]) continue;
      words = std::min(words, slots.string[slot].count);
      any = slot;
    }
    if (any < 0) return;
    // A slot without a string of its own goes along with another one, and is not looked at.
    for (int slot = 0; slot < kSlots; ++slot) {
      if (!busy[slot]) slots.string[slot].words = slots.string[any].words;
    }
    run(slots, words);
    for (int slot = 0; slot < kSlots; ++slot) {
      if (!busy[slot]) continue;
      slots.advance(slot, words);
      if (slots.string[slot].count > 0) continue;
      slots.store(slot);
      busy[slot] = false;
    }
  }
}

}  // namespace aimc
#endif

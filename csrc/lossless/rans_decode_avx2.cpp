// 32 states in two vectors: their low bytes, which are the slots, and their high bytes. A table of at most 16 entries
// fits the permutation of bytes that AVX2 has; the entry of a slot is the number of starts that are not greater.
#include "lossless/rans_kernels.hpp"

#if AIMC_X86
#include <immintrin.h>

#include <cstring>

namespace aimc::lossless {
namespace {

#define AIMC_KERNEL AIMC_TARGET_AVX2 AIMC_INLINE

constexpr unsigned kEntries = 16;

AIMC_KERNEL __m256i twice(const std::uint8_t* bytes) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

struct Tables {
  __m256i symbol, frequency, start;
  __m256i bound[kEntries - 1];  // starts of the entries after the first, less 1, as signed bytes
  __m256i escape;
  unsigned bounds;

  AIMC_KERNEL void load(const RansTable& t) {
    symbol = twice(t.symbol.data());
    frequency = twice(t.frequency.data());
    start = twice(t.start.data());
    bounds = t.entries - 1;
    for (unsigned k = 0; k < bounds; ++k) bound[k] = _mm256_set1_epi8(static_cast<char>((t.start[k + 1] - 1) ^ 0x80));
    escape = _mm256_set1_epi8(static_cast<char>(t.entries - 1));
  }

  AIMC_KERNEL __m256i entry(__m256i slot) const {
    const __m256i s = _mm256_xor_si256(slot, _mm256_set1_epi8(static_cast<char>(0x80)));
    __m256i k = _mm256_setzero_si256();
    for (unsigned i = 0; i < bounds; ++i) k = _mm256_sub_epi8(k, _mm256_cmpgt_epi8(s, bound[i]));
    return k;
  }
};

struct States {
  __m256i low, high;
};

// Eight bytes of `in` spread over the marked bytes of a word.
AIMC_KERNEL long long spread8(std::uint64_t marked, const std::uint8_t** in) {
  std::uint64_t word;
  std::memcpy(&word, *in, 8);
  *in += static_cast<unsigned>(__builtin_popcountll(marked)) >> 3;
  return static_cast<long long>(_pdep_u64(word, marked));
}

// The next bytes of `in` where `marked` has bytes FF, zero elsewhere.
AIMC_KERNEL __m256i spread(__m256i marked, const std::uint8_t** in) {
  const __m128i low = _mm256_castsi256_si128(marked);
  const __m128i high = _mm256_extracti128_si256(marked, 1);
  const long long a = spread8(static_cast<std::uint64_t>(_mm_cvtsi128_si64(low)), in);
  const long long b = spread8(static_cast<std::uint64_t>(_mm_extract_epi64(low, 1)), in);
  const long long c = spread8(static_cast<std::uint64_t>(_mm_cvtsi128_si64(high)), in);
  const long long d = spread8(static_cast<std::uint64_t>(_mm_extract_epi64(high, 1)), in);
  return _mm256_set_epi64x(d, c, b, a);
}

template <bool Escapes>
AIMC_KERNEL __m256i step(const Tables& t, States* x, const std::uint8_t** in, const std::uint8_t** escape) {
  const __m256i even = _mm256_set1_epi16(0x00FF);
  const __m256i k = t.entry(x->low);
  const __m256i f = _mm256_shuffle_epi8(t.frequency, k);
  const __m256i offset = _mm256_sub_epi8(x->low, _mm256_shuffle_epi8(t.start, k));
  __m256i symbol = _mm256_shuffle_epi8(t.symbol, k);
  const __m256i even_x = _mm256_add_epi16(
      _mm256_mullo_epi16(_mm256_and_si256(f, even), _mm256_and_si256(x->high, even)), _mm256_and_si256(offset, even));
  const __m256i odd_x = _mm256_add_epi16(_mm256_mullo_epi16(_mm256_srli_epi16(f, 8), _mm256_srli_epi16(x->high, 8)),
                                         _mm256_srli_epi16(offset, 8));
  const __m256i low = _mm256_blendv_epi8(_mm256_slli_epi16(odd_x, 8), even_x, even);
  const __m256i high = _mm256_blendv_epi8(odd_x, _mm256_srli_epi16(even_x, 8), even);
  const __m256i short_of = _mm256_cmpeq_epi8(high, _mm256_setzero_si256());
  x->high = _mm256_blendv_epi8(high, low, short_of);
  x->low = _mm256_or_si256(_mm256_andnot_si256(short_of, low), spread(short_of, in));
  if (Escapes) {
    const __m256i escaped = _mm256_cmpeq_epi8(k, t.escape);
    symbol = _mm256_or_si256(_mm256_andnot_si256(escaped, symbol), spread(escaped, escape));
  }
  return symbol;
}

AIMC_KERNEL States load_states(const std::uint16_t* state) {
  alignas(32) std::uint8_t low[32];
  alignas(32) std::uint8_t high[32];
  for (int j = 0; j < 32; ++j) {
    low[j] = static_cast<std::uint8_t>(state[j]);
    high[j] = static_cast<std::uint8_t>(state[j] >> 8);
  }
  return {_mm256_load_si256(reinterpret_cast<const __m256i*>(low)),
          _mm256_load_si256(reinterpret_cast<const __m256i*>(high))};
}

AIMC_KERNEL void store_states(const States& s, std::uint16_t* state) {
  alignas(32) std::uint8_t low[32];
  alignas(32) std::uint8_t high[32];
  _mm256_store_si256(reinterpret_cast<__m256i*>(low), s.low);
  _mm256_store_si256(reinterpret_cast<__m256i*>(high), s.high);
  for (int j = 0; j < 32; ++j) state[j] = static_cast<std::uint16_t>(low[j] | high[j] << 8);
}

template <std::size_t Vectors, bool Escapes>
AIMC_TARGET_AVX2 std::size_t decode(const RansTable& table, const RansSlots&, RansStream* s, std::uint8_t* out,
                                    std::size_t rounds) {
  Tables tables;
  tables.load(table);
  States x[Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) x[v] = load_states(s->state.data() + 32 * v);
  const std::uint8_t* in = s->in;
  const std::uint8_t* escape = s->escape;
  std::size_t done = 0;
  for (; done < rounds; ++done) {
    if (in > s->in_last || (Escapes && escape > s->escape_last)) break;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < Vectors; ++v, out += 32) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), step<Escapes>(tables, &x[v], &in, &escape));
    }
  }
  s->in = in;
  s->escape = escape;
  for (std::size_t v = 0; v < Vectors; ++v) store_states(x[v], s->state.data() + 32 * v);
  return done;
}

}  // namespace

RansKernel avx2_rans_kernel(const RansTable& table, std::size_t states) {
  if (states == 64) return table.escapes ? decode<2, true> : decode<2, false>;
  if (states == 128) return table.escapes ? decode<4, true> : decode<4, false>;
  return table.escapes ? decode<8, true> : decode<8, false>;
}

}  // namespace aimc::lossless
#endif

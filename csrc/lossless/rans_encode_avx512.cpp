// The mirror of rans_decode_avx512.cpp: 64 states as two vectors of bytes. The quotient is one multiplication by a
// reciprocal, which is at most one too small.
#pragma GCC diagnostic ignored "-Wuninitialized"  // raised by GCC inside its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include "lossless/rans_encode_kernels.hpp"
#include "lossless/vectors_avx512.hpp"

#if AIMC_X86

namespace aimc::lossless {
namespace {

alignas(64) constexpr std::uint8_t kIota[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                                16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                                32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                                48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};

// What the encoder knows of 64 bytes.
struct Symbols {
  __m512i frequency, start, reciprocal_low, reciprocal_high;
};

// Tables by entry, of at most 64 entries; `entry` by byte value.
struct FewEntries {
  Table256 entry;
  __m512i frequency, start, reciprocal_low, reciprocal_high;

  AIMC_KERNEL void load(const RansCoder& c) {
    alignas(64) std::uint8_t low[64];
    alignas(64) std::uint8_t high[64];
    for (unsigned k = 0; k < 64; ++k) {
      low[k] = static_cast<std::uint8_t>(c.reciprocal[k]);
      high[k] = static_cast<std::uint8_t>(c.reciprocal[k] >> 8);
    }
    entry = load256(c.entry.data());
    frequency = _mm512_loadu_si512(c.frequency.data());
    start = _mm512_loadu_si512(c.start.data());
    reciprocal_low = _mm512_load_si512(low);
    reciprocal_high = _mm512_load_si512(high);
  }

  AIMC_KERNEL Symbols find(__m512i bytes) const {
    const __m512i k = look_up(entry, bytes, _mm512_movepi8_mask(bytes));
    return {_mm512_permutexvar_epi8(k, frequency), _mm512_permutexvar_epi8(k, start),
            _mm512_permutexvar_epi8(k, reciprocal_low), _mm512_permutexvar_epi8(k, reciprocal_high)};
  }
};

// Tables by byte value, of any number of entries.
struct ManyEntries {
  Table256 frequency, start, reciprocal_low, reciprocal_high;

  AIMC_KERNEL void load(const RansCoder& c) {
    alignas(64) std::uint8_t bytes[4][kSlots];
    for (unsigned value = 0; value < kSlots; ++value) {
      const std::uint8_t k = c.entry[value];
      bytes[0][value] = c.frequency[k];
      bytes[1][value] = c.start[k];
      bytes[2][value] = static_cast<std::uint8_t>(c.reciprocal[k]);
      bytes[3][value] = static_cast<std::uint8_t>(c.reciprocal[k] >> 8);
    }
    frequency = load256(bytes[0]);
    start = load256(bytes[1]);
    reciprocal_low = load256(bytes[2]);
    reciprocal_high = load256(bytes[3]);
  }

  AIMC_KERNEL Symbols find(__m512i bytes) const {
    const __mmask64 upper = _mm512_movepi8_mask(bytes);
    return {look_up(frequency, bytes, upper), look_up(start, bytes, upper), look_up(reciprocal_low, bytes, upper),
            look_up(reciprocal_high, bytes, upper)};
  }
};

// The marked bytes, in order, before what was written. Whole vectors are stored: what is too much lies before them.
AIMC_KERNEL void put_marked(__m512i bytes, __mmask64 marked, Backward* out) {
  const int count = __builtin_popcountll(marked);
  const __m512i first = _mm512_maskz_compress_epi8(marked, bytes);
  const __m512i place = _mm512_add_epi8(_mm512_load_si512(kIota), _mm512_set1_epi8(static_cast<char>(count)));
  _mm512_storeu_si512(out->at - 64, _mm512_permutexvar_epi8(place, first));
  out->at -= count;
}

// x / f and x % f for words, where the quotient has 8 bits.
AIMC_KERNEL void divide(__m512i x, __m512i f, __m512i reciprocal, __m512i* quotient, __m512i* rest) {
  const __m512i q = _mm512_mulhi_epu16(x, reciprocal);
  const __m512i r = _mm512_sub_epi16(x, _mm512_mullo_epi16(q, f));
  const __mmask32 more = _mm512_cmpge_epu16_mask(r, f);
  *quotient = _mm512_mask_sub_epi16(q, more, q, _mm512_set1_epi16(-1));
  *rest = _mm512_mask_sub_epi16(r, more, r, f);
}

template <class Entries>
AIMC_KERNEL void step(const Entries& entries, __m512i bytes, States* x, Backward* out) {
  const Symbols s = entries.find(bytes);
  const __mmask64 full = _mm512_cmpge_epu8_mask(x->high, s.frequency);
  put_marked(x->low, full, out);
  const __m512i low = _mm512_mask_mov_epi8(x->low, full, x->high);
  const __m512i high = _mm512_maskz_mov_epi8(~full, x->high);
  __m512i even_q, even_r, odd_q, odd_r;
  divide(low_bytes(low, high), even_bytes(s.frequency), low_bytes(s.reciprocal_low, s.reciprocal_high), &even_q,
         &even_r);
  divide(high_bytes(low, high), odd_bytes(s.frequency), high_bytes(s.reciprocal_low, s.reciprocal_high), &odd_q,
         &odd_r);
  x->high = low_bytes(even_q, odd_q);
  x->low = _mm512_add_epi8(s.start, low_bytes(even_r, odd_r));
}

template <std::size_t Vectors, bool Escapes, class Entries>
AIMC_TARGET_AVX512 void encode(const RansCoder& coder, const std::uint8_t* bytes, std::size_t rounds,
                               std::uint16_t* state, Backward* out, Backward* escapes) {
  Entries entries;
  entries.load(coder);
  const Table256 escaped = load256(coder.escaped.data());
  States x[Vectors];
  for (std::size_t v = 0; v < Vectors; ++v) x[v] = load_states(state + 64 * v);
  for (std::size_t round = rounds; round-- > 0;) {
    for (std::size_t v = Vectors; v-- > 0;) {
      const __m512i part = _mm512_loadu_si512(bytes + 64 * (round * Vectors + v));
      step(entries, part, &x[v], out);
      if (Escapes) {
        const __m512i e = look_up(escaped, part, _mm512_movepi8_mask(part));
        put_marked(part, _mm512_test_epi8_mask(e, e), escapes);
      }
    }
  }
  for (std::size_t v = 0; v < Vectors; ++v) store_states(x[v], state + 64 * v);
}

template <std::size_t Vectors, class Entries>
RansEncodeKernel kernel(bool escapes) {
  return escapes ? encode<Vectors, true, Entries> : encode<Vectors, false, Entries>;
}

template <class Entries>
RansEncodeKernel kernel(std::size_t states, bool escapes) {
  if (states == 64) return kernel<1, Entries>(escapes);
  return states == 128 ? kernel<2, Entries>(escapes) : kernel<4, Entries>(escapes);
}

}  // namespace

RansEncodeKernel avx512_rans_encode_kernel(const RansTable& table, std::size_t states) {
  return table.entries > 64 ? kernel<ManyEntries>(states, table.escapes) : kernel<FewEntries>(states, table.escapes);
}

}  // namespace aimc::lossless
#endif

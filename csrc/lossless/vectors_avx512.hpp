// What the AVX-512 kernels of the entropy coder share: tables in registers, and 64 states as two vectors of bytes.
#pragma once
#include "base/inline.hpp"

#if AIMC_X86
#include <immintrin.h>

#include <cstdint>

namespace aimc::lossless {

#define AIMC_KERNEL AIMC_TARGET_AVX512 AIMC_INLINE

// A table of 256 bytes.
struct Table256 {
  __m512i part[4];
};

AIMC_KERNEL Table256 load256(const std::uint8_t* bytes) {
  return {{_mm512_loadu_si512(bytes), _mm512_loadu_si512(bytes + 64), _mm512_loadu_si512(bytes + 128),
           _mm512_loadu_si512(bytes + 192)}};
}

// `upper` marks the bytes of `index` that are at least 128.
AIMC_KERNEL __m512i look_up(const Table256& t, __m512i index, __mmask64 upper) {
  const __m512i lower_half = _mm512_permutex2var_epi8(t.part[0], index, t.part[1]);
  const __m512i upper_half = _mm512_permutex2var_epi8(t.part[2], index, t.part[3]);
  return _mm512_mask_blend_epi8(upper, lower_half, upper_half);
}

// A load that stays one: the forms of expansion that read memory are many times slower on some processors.
AIMC_KERNEL __m512i load(const std::uint8_t* bytes) {
  __m512i v = _mm512_loadu_si512(bytes);
  asm("" : "+v"(v));
  return v;
}

// Byte j of `low` and of `high` is state j.
struct States {
  __m512i low;
  __m512i high;
};

alignas(64) constexpr std::uint8_t kEvenBytes[64] = {
    0,  2,  4,  6,  8,  10, 12,  14,  16,  18,  20,  22,  24,  26,  28,  30,  32,  34,  36,  38, 40, 42,
    44, 46, 48, 50, 52, 54, 56,  58,  60,  62,  64,  66,  68,  70,  72,  74,  76,  78,  80,  82, 84, 86,
    88, 90, 92, 94, 96, 98, 100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126};

AIMC_KERNEL States load_states(const std::uint16_t* state) {
  const __m512i a = _mm512_loadu_si512(state);
  const __m512i b = _mm512_loadu_si512(state + 32);
  const __m512i low = _mm512_load_si512(kEvenBytes);
  const __m512i high = _mm512_add_epi8(low, _mm512_set1_epi8(1));
  return {_mm512_permutex2var_epi8(a, low, b), _mm512_permutex2var_epi8(a, high, b)};
}

AIMC_KERNEL void store_states(const States& s, std::uint16_t* state) {
  const __m512i low_half = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(s.low));
  const __m512i low_rest = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(s.low, 1));
  const __m512i high_half = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(s.high));
  const __m512i high_rest = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(s.high, 1));
  _mm512_storeu_si512(state, _mm512_or_si512(low_half, _mm512_slli_epi16(high_half, 8)));
  _mm512_storeu_si512(state + 32, _mm512_or_si512(low_rest, _mm512_slli_epi16(high_rest, 8)));
}

constexpr int kSelect = 0xCA;  // ternary logic: a ? b : c

// The bytes of even place of `a` and, moved up, the low bytes of the words of `b`.
AIMC_KERNEL __m512i low_bytes(__m512i a, __m512i b) {
  return _mm512_ternarylogic_epi64(_mm512_set1_epi16(0x00FF), a, _mm512_slli_epi16(b, 8), kSelect);
}

// The high bytes of the words of `a`, moved down, and those of `b`.
AIMC_KERNEL __m512i high_bytes(__m512i a, __m512i b) {
  return _mm512_ternarylogic_epi64(_mm512_set1_epi16(0x00FF), _mm512_srli_epi16(a, 8), b, kSelect);
}

AIMC_KERNEL __m512i even_bytes(__m512i a) {
  return _mm512_and_si512(a, _mm512_set1_epi16(0x00FF));
}

AIMC_KERNEL __m512i odd_bytes(__m512i a) {
  return _mm512_srli_epi16(a, 8);
}

}  // namespace aimc::lossless
#endif

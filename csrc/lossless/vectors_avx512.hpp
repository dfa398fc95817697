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

// Places of the bytes when the first or second halves of two vectors (the second one numbered from 64) are interleaved.
alignas(64) constexpr std::uint8_t kInterleave[2][64] = {
    {0,  64, 1,  65, 2,  66, 3,  67, 4,  68, 5,  69, 6,  70, 7,  71, 8,  72, 9,  73, 10, 74,
     11, 75, 12, 76, 13, 77, 14, 78, 15, 79, 16, 80, 17, 81, 18, 82, 19, 83, 20, 84, 21, 85,
     22, 86, 23, 87, 24, 88, 25, 89, 26, 90, 27, 91, 28, 92, 29, 93, 30, 94, 31, 95},
    {32, 96,  33, 97,  34, 98,  35, 99,  36, 100, 37, 101, 38, 102, 39, 103, 40, 104, 41, 105, 42, 106,
     43, 107, 44, 108, 45, 109, 46, 110, 47, 111, 48, 112, 49, 113, 50, 114, 51, 115, 52, 116, 53, 117,
     54, 118, 55, 119, 56, 120, 57, 121, 58, 122, 59, 123, 60, 124, 61, 125, 62, 126, 63, 127}};

// `Stream`: past the cache; `to` is then aligned to 64 bytes.
template <bool Stream>
AIMC_KERNEL void store(std::uint8_t* to, __m512i v) {
  if (Stream) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), v);
  } else {
    _mm512_storeu_si512(to, v);
  }
}

// 64 records of two bytes from their planes, `Rotate` back.
template <bool Rotate, bool Stream>
AIMC_KERNEL void merge_64(__m512i low, __m512i high, std::uint8_t* records) {
  __m512i a = _mm512_permutex2var_epi8(low, _mm512_load_si512(kInterleave[0]), high);
  __m512i b = _mm512_permutex2var_epi8(low, _mm512_load_si512(kInterleave[1]), high);
  if (Rotate) {
    a = _mm512_shrdi_epi16(a, a, 1);
    b = _mm512_shrdi_epi16(b, b, 1);
  }
  store<Stream>(records, a);
  store<Stream>(records + 64, b);
}

}  // namespace aimc::lossless
#endif

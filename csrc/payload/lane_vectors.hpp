// Vectors of 16-bit lanes for the lane decoder: 32 lanes in 512 bits, or 16 in 256. The same operations under the same
// names, so that the decoder is written once.
#pragma once
#include "base/inline.hpp"

#if AIMC_X86
#include <immintrin.h>

#include <cstdint>

// Helpers of the vector code are inlined into the functions that carry the target attribute.
#define AIMC_LANE AIMC_TARGET_AVX512 static AIMC_INLINE

// The operations whose intrinsics differ in their prefix only: P is _mm512 or _mm256, V the vector, M the mask.
#define AIMC_LANE_OPERATIONS(P, V, M)                   \
  AIMC_LANE V set1(int x) {                             \
    return P##_set1_epi16(static_cast<short>(x));       \
  }                                                     \
  AIMC_LANE V add(V a, V b) {                           \
    return P##_add_epi16(a, b);                         \
  }                                                     \
  AIMC_LANE V sub(V a, V b) {                           \
    return P##_sub_epi16(a, b);                         \
  }                                                     \
  AIMC_LANE V absolute(V a) {                           \
    return P##_abs_epi16(a);                            \
  }                                                     \
  AIMC_LANE V shift_left(V a, int n) {                  \
    return P##_slli_epi16(a, static_cast<unsigned>(n)); \
  }                                                     \
  AIMC_LANE V shift_right(V a, int n) {                 \
    return P##_srli_epi16(a, static_cast<unsigned>(n)); \
  }                                                     \
  AIMC_LANE V shift_right_signed(V a, int n) {          \
    return P##_srai_epi16(a, static_cast<unsigned>(n)); \
  }                                                     \
  AIMC_LANE V shift_left_by(V a, V n) {                 \
    return P##_sllv_epi16(a, n);                        \
  }                                                     \
  AIMC_LANE V shift_right_by(V a, V n) {                \
    return P##_srlv_epi16(a, n);                        \
  }                                                     \
  /* a, filled from the top of b. */                    \
  AIMC_LANE V shift_in_by(V a, V b, V n) {              \
    return P##_shldv_epi16(a, b, n);                    \
  }                                                     \
  /* (a & b) | c */                                     \
  AIMC_LANE V and_or(V a, V b, V c) {                   \
    return P##_ternarylogic_epi32(a, b, c, 0xEA);       \
  }                                                     \
  /* b in the lanes of m, else a. */                    \
  AIMC_LANE V choose(V a, M m, V b) {                   \
    return P##_mask_mov_epi16(a, m, b);                 \
  }                                                     \
  /* a in the lanes of m, else 0. */                    \
  AIMC_LANE V keep(M m, V a) {                          \
    return P##_maskz_mov_epi16(m, a);                   \
  }                                                     \
  /* b + c or b - c in the lanes of m, else a. */       \
  AIMC_LANE V add_where(V a, M m, V b, V c) {           \
    return P##_mask_add_epi16(a, m, b, c);              \
  }                                                     \
  AIMC_LANE V sub_where(V a, M m, V b, V c) {           \
    return P##_mask_sub_epi16(a, m, b, c);              \
  }                                                     \
  AIMC_LANE M at_least(M m, V a, V b) {                 \
    return P##_mask_cmpge_epu16_mask(m, a, b);          \
  }                                                     \
  AIMC_LANE M less(M m, V a, V b) {                     \
    return P##_mask_cmplt_epi16_mask(m, a, b);          \
  }                                                     \
  AIMC_LANE M any_bit(V a, V b) {                       \
    return P##_test_epi16_mask(a, b);                   \
  }                                                     \
  AIMC_LANE M no_bit(V a, V b) {                        \
    return P##_testn_epi16_mask(a, b);                  \
  }                                                     \
  AIMC_LANE M negative(V a) {                           \
    return P##_movepi16_mask(a);                        \
  }

namespace aimc {

// Byte of a table of 256 for each 16-bit lane that holds an index.
AIMC_LANE __m512i look_up_bytes(const std::uint8_t* table, __m512i index) {
  constexpr __mmask64 kLowBytes = 0x5555555555555555ULL;
  const __m512i lower =
      _mm512_maskz_permutex2var_epi8(kLowBytes, _mm512_load_si512(table), index, _mm512_load_si512(table + 64));
  const __m512i upper =
      _mm512_maskz_permutex2var_epi8(kLowBytes, _mm512_load_si512(table + 128), index, _mm512_load_si512(table + 192));
  return _mm512_mask_mov_epi16(lower, _mm512_test_epi16_mask(index, _mm512_set1_epi16(0x80)), upper);
}

// 32 lanes. As double words they come in two halves, in the order of the unpack instructions.
struct Wide {
  using Vector = __m512i;
  using Mask = __mmask32;
  static constexpr int kLanes = 32;
  static constexpr int kHalves = 2;

  AIMC_LANE_OPERATIONS(_mm512, __m512i, __mmask32)

  AIMC_LANE Vector load(const void* p) { return _mm512_load_si512(p); }
  AIMC_LANE void store(void* p, Vector a) { _mm512_store_si512(p, a); }
  AIMC_LANE Vector zero() { return _mm512_setzero_si512(); }
  AIMC_LANE Vector bit_and(Vector a, Vector b) { return _mm512_and_si512(a, b); }
  AIMC_LANE Vector bit_or(Vector a, Vector b) { return _mm512_or_si512(a, b); }
  AIMC_LANE Mask both(Mask a, Mask b) { return _kand_mask32(a, b); }
  AIMC_LANE Mask either(Mask a, Mask b) { return _kor_mask32(a, b); }
  AIMC_LANE Mask equal(Mask a, Mask b) { return _kxnor_mask32(a, b); }
  AIMC_LANE Mask without(Mask a, Mask b) { return _kandn_mask32(b, a); }
  AIMC_LANE Mask invert(Mask a) { return _knot_mask32(a); }
  AIMC_LANE Vector table_of_256(const std::uint8_t* table, Vector index) { return look_up_bytes(table, index); }
  AIMC_LANE Vector table_of_32(const std::uint16_t* table, Vector index) {
    return _mm512_permutexvar_epi16(index, _mm512_load_si512(table));
  }

  // Double words of one half: high * 2^16 + low.
  AIMC_LANE __m512i widen(Vector low, Vector high, int half) {
    return half == 0 ? _mm512_unpacklo_epi16(low, high) : _mm512_unpackhi_epi16(low, high);
  }
  // Both halves, less than 2^16 each, as words again.
  AIMC_LANE Vector narrow(const __m512i* halves) { return _mm512_packus_epi32(halves[0], halves[1]); }
  // Place of a lane in the two halves, and the lane at each place of a half.
  static constexpr int slot(int lane) { return (lane / 8) * 4 + lane % 4 + (lane % 8 < 4 ? 0 : 16); }
  AIMC_LANE __m512i lane_numbers(int half) {
    const __m512i first = _mm512_set_epi32(27, 26, 25, 24, 19, 18, 17, 16, 11, 10, 9, 8, 3, 2, 1, 0);
    return _mm512_add_epi32(first, _mm512_set1_epi32(4 * half));
  }
};

// 16 lanes: half the work for a vector that would be half empty.
struct Narrow {
  using Vector = __m256i;
  using Mask = __mmask16;
  static constexpr int kLanes = 16;
  static constexpr int kHalves = 1;

  AIMC_LANE_OPERATIONS(_mm256, __m256i, __mmask16)

  AIMC_LANE Vector load(const void* p) { return _mm256_load_si256(static_cast<const __m256i*>(p)); }
  AIMC_LANE void store(void* p, Vector a) { _mm256_store_si256(static_cast<__m256i*>(p), a); }
  AIMC_LANE Vector zero() { return _mm256_setzero_si256(); }
  AIMC_LANE Vector bit_and(Vector a, Vector b) { return _mm256_and_si256(a, b); }
  AIMC_LANE Vector bit_or(Vector a, Vector b) { return _mm256_or_si256(a, b); }
  AIMC_LANE Mask both(Mask a, Mask b) { return _kand_mask16(a, b); }
  AIMC_LANE Mask either(Mask a, Mask b) { return _kor_mask16(a, b); }
  AIMC_LANE Mask equal(Mask a, Mask b) { return _kxnor_mask16(a, b); }
  AIMC_LANE Mask without(Mask a, Mask b) { return _kandn_mask16(b, a); }
  AIMC_LANE Mask invert(Mask a) { return _knot_mask16(a); }
  AIMC_LANE Vector table_of_256(const std::uint8_t* table, Vector index) {
    return _mm512_castsi512_si256(look_up_bytes(table, _mm512_castsi256_si512(index)));
  }
  AIMC_LANE Vector table_of_32(const std::uint16_t* table, Vector index) {
    return _mm512_castsi512_si256(_mm512_permutexvar_epi16(_mm512_castsi256_si512(index), _mm512_load_si512(table)));
  }

  AIMC_LANE __m512i widen(Vector low, Vector high, int) {
    return _mm512_or_si512(_mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16), _mm512_cvtepu16_epi32(low));
  }
  AIMC_LANE Vector narrow(const __m512i* halves) { return _mm512_cvtepi32_epi16(halves[0]); }
  static constexpr int slot(int lane) { return lane; }
  AIMC_LANE __m512i lane_numbers(int) { return _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0); }
};

}  // namespace aimc
#endif

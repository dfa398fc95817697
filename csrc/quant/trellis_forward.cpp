#include "quant/trellis_forward.hpp"

#include <cmath>

#if AIMC_X86
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // raised by GCC inside its own intrinsics
#endif
#endif

namespace aimc {
namespace {

// offset[m & 3][r]: how far the multiple of residue class r lies above m.
alignas(64) constexpr double kOffset[4][8] = {{0, 1, 2, 3}, {3, 0, 1, 2}, {2, 3, 0, 1}, {1, 2, 3, 0}};

void forward_scalar(const float* x, std::uint64_t n, double inverse, double* costs, std::uint16_t* decisions) {
  for (std::uint64_t i = 0; i < n; ++i) {
    const double t = std::fabs(static_cast<double>(x[i])) * inverse;
    const std::int32_t first = first_multiple(t);
    double error[5];  // squared, by TrellisBranch::take
    for (int r = 0; r < 4; ++r) {
      const double d = t - (static_cast<double>(first) + kOffset[first & 3][r]);
      error[r] = d * d;
    }
    error[kTakeZero] = t * t;
    double next[kTrellisStates];
    unsigned decision = 0;
    for (int s = 0; s < kTrellisStates; ++s) {
      const TrellisBranch* b = kTrellisBranch[s];
      const double second = costs[b[1].from] + error[b[1].take];
      const double third = costs[b[2].from] + error[b[2].take];
      next[s] = costs[b[0].from] + error[b[0].take];
      if (second < next[s]) {
        next[s] = second;
        decision |= 1U << s;
      }
      if (third < next[s]) {
        next[s] = third;
        decision |= 0x100U << s;
      }
    }
    for (int s = 0; s < kTrellisStates; ++s) costs[s] = next[s];
    decisions[i] = static_cast<std::uint16_t>(decision);
  }
}

#if AIMC_X86
// Positions that are prepared together: steps, first multiple, and the row of kOffset.
constexpr std::uint64_t kGroup = 8;

AIMC_TARGET_AVX512 void forward_avx512(const float* x, std::uint64_t n, double inverse, double* costs,
                                       std::uint16_t* decisions) {
  // kTrellisBranch by column. The second branch comes from where the first or the third does.
  const __m512i from_first = _mm512_setr_epi64(0, 2, 0, 2, 3, 1, 3, 1);
  const __m512i from_third = _mm512_setr_epi64(4, 6, 4, 6, 7, 5, 7, 5);
  const __mmask8 second_as_third = 0x3C;
  const __m512i take_first = _mm512_setr_epi64(0, 0, 2, 2, 1, 1, 3, 3);
  const __m512i take_second = _mm512_setr_epi64(4, 4, 0, 0, 3, 3, 4, 4);
  const __m512i take_third = _mm512_setr_epi64(2, 2, 4, 4, 4, 4, 1, 1);
  const __mmask8 multiples = 0x0F;
  __m512d cost = _mm512_loadu_pd(costs);
  alignas(64) double steps[kGroup];
  alignas(64) double first[kGroup];
  alignas(64) std::int64_t row[kGroup];
  for (std::uint64_t i = 0; i < n; i += kGroup) {
    const std::uint64_t count = n - i < kGroup ? n - i : kGroup;
    const __mmask8 inside = static_cast<__mmask8>((1U << count) - 1);
    const __m512d value = _mm512_cvtps_pd(_mm256_maskz_loadu_ps(inside, x + i));
    const __m512d t = _mm512_mul_pd(_mm512_abs_pd(value), _mm512_set1_pd(inverse));
    const __m256i whole = _mm512_cvttpd_epi32(t);
    const __m256i multiple = _mm256_max_epi32(_mm256_sub_epi32(whole, _mm256_set1_epi32(1)), _mm256_set1_epi32(1));
    _mm512_store_pd(steps, t);
    _mm512_store_pd(first, _mm512_cvtepi32_pd(multiple));
    _mm512_store_si512(row, _mm512_cvtepi32_epi64(_mm256_and_si256(multiple, _mm256_set1_epi32(3))));
    for (std::uint64_t j = 0; j < count; ++j) {
      const __m512d offset = _mm512_load_pd(kOffset[row[j]]);
      const __m512d nearest = _mm512_maskz_add_pd(multiples, _mm512_set1_pd(first[j]), offset);
      const __m512d distance = _mm512_sub_pd(_mm512_set1_pd(steps[j]), nearest);
      const __m512d error = _mm512_mul_pd(distance, distance);
      const __m512d through_first = _mm512_permutexvar_pd(from_first, cost);
      const __m512d through_third = _mm512_permutexvar_pd(from_third, cost);
      const __m512d through_second = _mm512_mask_mov_pd(through_first, second_as_third, through_third);
      const __m512d a = _mm512_add_pd(through_first, _mm512_permutexvar_pd(take_first, error));
      const __m512d b = _mm512_add_pd(through_second, _mm512_permutexvar_pd(take_second, error));
      const __m512d c = _mm512_add_pd(through_third, _mm512_permutexvar_pd(take_third, error));
      const __m512d ab = _mm512_min_pd(a, b);
      const unsigned second = _mm512_cmp_pd_mask(b, a, _CMP_LT_OQ);
      const unsigned third = _mm512_cmp_pd_mask(c, ab, _CMP_LT_OQ);
      cost = _mm512_min_pd(ab, c);
      decisions[i + j] = static_cast<std::uint16_t>(second | (third << 8));
    }
  }
  _mm512_storeu_pd(costs, cost);
}

AIMC_TARGET_AVX2 inline unsigned less_mask(const __m256d& a, const __m256d& b) {
  return static_cast<unsigned>(_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_LT_OQ)));
}

AIMC_TARGET_AVX2 void forward_avx2(const float* x, std::uint64_t n, double inverse, double* costs,
                                   std::uint16_t* decisions) {
  __m256d low = _mm256_loadu_pd(costs);       // states 0 to 3
  __m256d high = _mm256_loadu_pd(costs + 4);  // states 4 to 7
  for (std::uint64_t i = 0; i < n; ++i) {
    const double t = std::fabs(static_cast<double>(x[i])) * inverse;
    const std::int32_t first = first_multiple(t);
    const __m256d nearest =
        _mm256_add_pd(_mm256_set1_pd(static_cast<double>(first)), _mm256_load_pd(kOffset[first & 3]));
    const __m256d distance = _mm256_sub_pd(_mm256_set1_pd(t), nearest);
    const __m256d error = _mm256_mul_pd(distance, distance);  // by residue class
    const __m256d zero = _mm256_set1_pd(t * t);
    // kTrellisBranch by column, in halves. The second branch comes from where the first or the third does.
    const __m256d first_low = _mm256_permute4x64_pd(low, 0x88);    // from 0 2 0 2
    const __m256d first_high = _mm256_permute4x64_pd(low, 0x77);   // 3 1 3 1
    const __m256d third_low = _mm256_permute4x64_pd(high, 0x88);   // 4 6 4 6
    const __m256d third_high = _mm256_permute4x64_pd(high, 0x77);  // 7 5 7 5
    const __m256d second_low = _mm256_blend_pd(first_low, third_low, 0xC);
    const __m256d second_high = _mm256_blend_pd(first_high, third_high, 0x3);
    const __m256d take_0022 = _mm256_permute4x64_pd(error, 0xA0);
    const __m256d take_1133 = _mm256_permute4x64_pd(error, 0xF5);
    const __m256d take_zz00 = _mm256_blend_pd(zero, _mm256_permute4x64_pd(error, 0x00), 0xC);
    const __m256d take_33zz = _mm256_blend_pd(zero, _mm256_permute4x64_pd(error, 0xFF), 0x3);
    const __m256d take_22zz = _mm256_blend_pd(zero, _mm256_permute4x64_pd(error, 0xAA), 0x3);
    const __m256d take_zz11 = _mm256_blend_pd(zero, _mm256_permute4x64_pd(error, 0x55), 0xC);
    const __m256d a_low = _mm256_add_pd(first_low, take_0022);
    const __m256d a_high = _mm256_add_pd(first_high, take_1133);
    const __m256d b_low = _mm256_add_pd(second_low, take_zz00);
    const __m256d b_high = _mm256_add_pd(second_high, take_33zz);
    const __m256d c_low = _mm256_add_pd(third_low, take_22zz);
    const __m256d c_high = _mm256_add_pd(third_high, take_zz11);
    const __m256d ab_low = _mm256_min_pd(a_low, b_low);
    const __m256d ab_high = _mm256_min_pd(a_high, b_high);
    const unsigned second = less_mask(b_low, a_low) | (less_mask(b_high, a_high) << 4);
    const unsigned third = less_mask(c_low, ab_low) | (less_mask(c_high, ab_high) << 4);
    low = _mm256_min_pd(ab_low, c_low);
    high = _mm256_min_pd(ab_high, c_high);
    decisions[i] = static_cast<std::uint16_t>(second | (third << 8));
  }
  _mm256_storeu_pd(costs, low);
  _mm256_storeu_pd(costs + 4, high);
}
#endif

}  // namespace

TrellisForward trellis_forward(Isa isa) {
#if AIMC_X86
  if (isa == Isa::avx512) return forward_avx512;
  if (isa == Isa::avx2) return forward_avx2;
#endif
  (void)isa;
  return forward_scalar;
}

}  // namespace aimc

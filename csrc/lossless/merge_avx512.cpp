// Records of 2 and 4 bytes by permutations of bytes; what is left over and other widths by the common loops.
#pragma GCC diagnostic ignored "-Wuninitialized"  // raised by GCC inside its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include "lossless/merge_kernels.hpp"

#if AIMC_X86
#include "lossless/vectors_avx512.hpp"

namespace aimc::lossless {
namespace {

template <bool Rotate, bool Stream>
AIMC_KERNEL std::size_t merge2(const std::uint8_t* low, const std::uint8_t* high, std::size_t count,
                               std::uint8_t* records) {
  std::size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    merge_64<Rotate, Stream>(_mm512_loadu_si512(low + i), _mm512_loadu_si512(high + i), records + 2 * i);
  }
  return i;
}

template <bool Rotate>
AIMC_KERNEL std::size_t split2(const std::uint8_t* records, std::size_t count, std::uint8_t* low, std::uint8_t* high) {
  const __m512i even = _mm512_load_si512(kEvenBytes);
  const __m512i odd = _mm512_add_epi8(even, _mm512_set1_epi8(1));
  std::size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    __m512i a = _mm512_loadu_si512(records + 2 * i);
    __m512i b = _mm512_loadu_si512(records + 2 * i + 64);
    if (Rotate) {
      a = _mm512_shldi_epi16(a, a, 1);
      b = _mm512_shldi_epi16(b, b, 1);
    }
    _mm512_storeu_si512(low + i, _mm512_permutex2var_epi8(a, even, b));
    _mm512_storeu_si512(high + i, _mm512_permutex2var_epi8(a, odd, b));
  }
  return i;
}

AIMC_KERNEL __m512i load16(const std::uint8_t* bytes) {
  return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

template <bool Rotate, bool Stream>
AIMC_KERNEL std::size_t merge4(const std::uint8_t* const* planes, std::size_t count, std::uint8_t* records) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m512i low = _mm512_or_si512(load16(planes[0] + i), _mm512_slli_epi32(load16(planes[1] + i), 8));
    const __m512i high = _mm512_or_si512(load16(planes[2] + i), _mm512_slli_epi32(load16(planes[3] + i), 8));
    __m512i word = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
    if (Rotate) word = _mm512_ror_epi32(word, 1);
    store<Stream>(records + 4 * i, word);
  }
  return i;
}

template <bool Rotate>
AIMC_KERNEL std::size_t split4(const std::uint8_t* records, std::size_t count, std::uint8_t* const* planes) {
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    __m512i word = _mm512_loadu_si512(records + 4 * i);
    if (Rotate) word = _mm512_rol_epi32(word, 1);
    for (int j = 0; j < 4; ++j) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(planes[j] + i), _mm512_cvtepi32_epi8(word));
      word = _mm512_srli_epi32(word, 8);
    }
  }
  return i;
}

}  // namespace

namespace {

template <bool Stream>
AIMC_KERNEL std::size_t merge_vectors(const std::uint8_t* const* planes, std::size_t count, unsigned width, bool rotate,
                                      std::uint8_t* records) {
  if (width == 2) {
    return rotate ? merge2<true, Stream>(planes[0], planes[1], count, records)
                  : merge2<false, Stream>(planes[0], planes[1], count, records);
  }
  if (width == 4) {
    return rotate ? merge4<true, Stream>(planes, count, records) : merge4<false, Stream>(planes, count, records);
  }
  return 0;
}

}  // namespace

AIMC_TARGET_AVX512 void merge_avx512(const std::uint8_t* const* planes, std::size_t count, unsigned width, bool rotate,
                                     bool stream, std::uint8_t* records) {
  const std::size_t done = stream ? merge_vectors<true>(planes, count, width, rotate, records)
                                  : merge_vectors<false>(planes, count, width, rotate, records);
  const std::uint8_t* rest[kMaxWord] = {};
  for (unsigned j = 0; j < width; ++j) rest[j] = planes[j] + done;
  merge_any(rest, count - done, width, rotate, records + done * width);
}

AIMC_TARGET_AVX512 void split_avx512(const std::uint8_t* records, std::size_t count, unsigned width, bool rotate,
                                     std::uint8_t* const* planes) {
  std::size_t done = 0;
  if (width == 2) {
    done = rotate ? split2<true>(records, count, planes[0], planes[1])
                  : split2<false>(records, count, planes[0], planes[1]);
  } else if (width == 4) {
    done = rotate ? split4<true>(records, count, planes) : split4<false>(records, count, planes);
  }
  std::uint8_t* rest[kMaxWord] = {};
  for (unsigned j = 0; j < width; ++j) rest[j] = planes[j] + done;
  split_any(records + done * width, count - done, width, rotate, rest);
}

}  // namespace aimc::lossless
#endif

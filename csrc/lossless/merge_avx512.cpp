// Records of 2 and 4 bytes by permutations of bytes; what is left over and other widths by the common loops.
#pragma GCC diagnostic ignored "-Wuninitialized"  // raised by GCC inside its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include "lossless/merge_kernels.hpp"

#if AIMC_X86
#include "lossless/vectors_avx512.hpp"

namespace aimc::lossless {
namespace {

// Places of the bytes when the first or second halves of two vectors (the second one numbered from 64) are interleaved.
alignas(64) const std::uint8_t kInterleave[2][64] = {
    {0,  64, 1,  65, 2,  66, 3,  67, 4,  68, 5,  69, 6,  70, 7,  71, 8,  72, 9,  73, 10, 74,
     11, 75, 12, 76, 13, 77, 14, 78, 15, 79, 16, 80, 17, 81, 18, 82, 19, 83, 20, 84, 21, 85,
     22, 86, 23, 87, 24, 88, 25, 89, 26, 90, 27, 91, 28, 92, 29, 93, 30, 94, 31, 95},
    {32, 96,  33, 97,  34, 98,  35, 99,  36, 100, 37, 101, 38, 102, 39, 103, 40, 104, 41, 105, 42, 106,
     43, 107, 44, 108, 45, 109, 46, 110, 47, 111, 48, 112, 49, 113, 50, 114, 51, 115, 52, 116, 53, 117,
     54, 118, 55, 119, 56, 120, 57, 121, 58, 122, 59, 123, 60, 124, 61, 125, 62, 126, 63, 127}};

template <bool Stream>
AIMC_KERNEL void store(std::uint8_t* to, __m512i v) {
  if (Stream) {
    _mm512_stream_si512(reinterpret_cast<__m512i*>(to), v);
  } else {
    _mm512_storeu_si512(to, v);
  }
}

template <bool Rotate, bool Stream>
AIMC_KERNEL std::size_t merge2(const std::uint8_t* low, const std::uint8_t* high, std::size_t count,
                               std::uint8_t* records) {
  const __m512i first = _mm512_load_si512(kInterleave[0]);
  const __m512i second = _mm512_load_si512(kInterleave[1]);
  std::size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __m512i l = _mm512_loadu_si512(low + i);
    const __m512i h = _mm512_loadu_si512(high + i);
    __m512i a = _mm512_permutex2var_epi8(l, first, h);
    __m512i b = _mm512_permutex2var_epi8(l, second, h);
    if (Rotate) {
      a = _mm512_shrdi_epi16(a, a, 1);
      b = _mm512_shrdi_epi16(b, b, 1);
    }
    store<Stream>(records + 2 * i, a);
    store<Stream>(records + 2 * i + 64, b);
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

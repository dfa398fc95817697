// Loop bodies that the compiler vectorises for each instruction set they are instantiated under.
#pragma once
#include <cstring>

#include "base/inline.hpp"
#include "lossless/merge.hpp"

namespace aimc::lossless {

template <class Word>
AIMC_INLINE Word load_word(const std::uint8_t* bytes) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  Word word;
  std::memcpy(&word, bytes, sizeof word);
#else
  Word word = 0;
  for (unsigned j = 0; j < sizeof(Word); ++j) word |= static_cast<Word>(static_cast<Word>(bytes[j]) << (8 * j));
#endif
  return word;
}

template <class Word>
AIMC_INLINE void store_word(Word word, std::uint8_t* bytes) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  std::memcpy(bytes, &word, sizeof word);
#else
  for (unsigned j = 0; j < sizeof(Word); ++j) bytes[j] = static_cast<std::uint8_t>(word >> (8 * j));
#endif
}

template <class Word, bool Rotate>
AIMC_INLINE Word rotated_back(Word word) {
  constexpr unsigned kBits = 8 * sizeof(Word);
  return Rotate ? static_cast<Word>(word >> 1 | static_cast<Word>(word << (kBits - 1))) : word;
}

template <class Word, bool Rotate>
AIMC_INLINE Word rotated(Word word) {
  constexpr unsigned kBits = 8 * sizeof(Word);
  return Rotate ? static_cast<Word>(static_cast<Word>(word << 1) | word >> (kBits - 1)) : word;
}

template <class Word>
AIMC_INLINE Word widened(std::uint8_t byte, unsigned place) {
  return static_cast<Word>(static_cast<Word>(byte) << (8 * place));
}

template <bool Rotate>
AIMC_INLINE void merge_2(const std::uint8_t* __restrict p0, const std::uint8_t* __restrict p1, std::size_t count,
                         std::uint8_t* __restrict records) {
  using Word = std::uint16_t;
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = static_cast<Word>(widened<Word>(p0[i], 0) | widened<Word>(p1[i], 1));
    store_word(rotated_back<Word, Rotate>(word), records + 2 * i);
  }
}

template <bool Rotate>
AIMC_INLINE void merge_4(const std::uint8_t* __restrict p0, const std::uint8_t* __restrict p1,
                         const std::uint8_t* __restrict p2, const std::uint8_t* __restrict p3, std::size_t count,
                         std::uint8_t* __restrict records) {
  using Word = std::uint32_t;
  for (std::size_t i = 0; i < count; ++i) {
    const Word word =
        widened<Word>(p0[i], 0) | widened<Word>(p1[i], 1) | widened<Word>(p2[i], 2) | widened<Word>(p3[i], 3);
    store_word(rotated_back<Word, Rotate>(word), records + 4 * i);
  }
}

template <bool Rotate>
AIMC_INLINE void merge_8(const std::uint8_t* const* planes, std::size_t count, std::uint8_t* records) {
  using Word = std::uint64_t;
  for (std::size_t i = 0; i < count; ++i) {
    Word word = 0;
    for (unsigned j = 0; j < 8; ++j) word |= widened<Word>(planes[j][i], j);
    store_word(rotated_back<Word, Rotate>(word), records + 8 * i);
  }
}

template <bool Rotate>
AIMC_INLINE void split_2(const std::uint8_t* __restrict records, std::size_t count, std::uint8_t* __restrict p0,
                         std::uint8_t* __restrict p1) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = rotated<std::uint16_t, Rotate>(load_word<std::uint16_t>(records + 2 * i));
    p0[i] = static_cast<std::uint8_t>(word);
    p1[i] = static_cast<std::uint8_t>(word >> 8);
  }
}

template <bool Rotate>
AIMC_INLINE void split_4(const std::uint8_t* __restrict records, std::size_t count, std::uint8_t* __restrict p0,
                         std::uint8_t* __restrict p1, std::uint8_t* __restrict p2, std::uint8_t* __restrict p3) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = rotated<std::uint32_t, Rotate>(load_word<std::uint32_t>(records + 4 * i));
    p0[i] = static_cast<std::uint8_t>(word);
    p1[i] = static_cast<std::uint8_t>(word >> 8);
    p2[i] = static_cast<std::uint8_t>(word >> 16);
    p3[i] = static_cast<std::uint8_t>(word >> 24);
  }
}

template <bool Rotate>
AIMC_INLINE void split_8(const std::uint8_t* records, std::size_t count, std::uint8_t* const* planes) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = rotated<std::uint64_t, Rotate>(load_word<std::uint64_t>(records + 8 * i));
    for (unsigned j = 0; j < 8; ++j) planes[j][i] = static_cast<std::uint8_t>(word >> (8 * j));
  }
}

template <bool Rotate>
AIMC_INLINE void merge_width(const std::uint8_t* const* p, std::size_t count, unsigned width, std::uint8_t* records) {
  switch (width) {
    case 1:
      std::memcpy(records, p[0], count);
      break;
    case 2:
      merge_2<Rotate>(p[0], p[1], count, records);
      break;
    case 4:
      merge_4<Rotate>(p[0], p[1], p[2], p[3], count, records);
      break;
    default:
      merge_8<Rotate>(p, count, records);
  }
}

template <bool Rotate>
AIMC_INLINE void split_width(const std::uint8_t* records, std::size_t count, unsigned width, std::uint8_t* const* p) {
  switch (width) {
    case 1:
      std::memcpy(p[0], records, count);
      break;
    case 2:
      split_2<Rotate>(records, count, p[0], p[1]);
      break;
    case 4:
      split_4<Rotate>(records, count, p[0], p[1], p[2], p[3]);
      break;
    default:
      split_8<Rotate>(records, count, p);
  }
}

AIMC_INLINE void merge_any(const std::uint8_t* const* planes, std::size_t count, unsigned width, bool rotate,
                           std::uint8_t* records) {
  rotate ? merge_width<true>(planes, count, width, records) : merge_width<false>(planes, count, width, records);
}

AIMC_INLINE void split_any(const std::uint8_t* records, std::size_t count, unsigned width, bool rotate,
                           std::uint8_t* const* planes) {
  rotate ? split_width<true>(records, count, width, planes) : split_width<false>(records, count, width, planes);
}

void merge_scalar(const std::uint8_t* const*, std::size_t, unsigned, bool, bool, std::uint8_t*);
void split_scalar(const std::uint8_t*, std::size_t, unsigned, bool, std::uint8_t* const*);
void merge_avx2(const std::uint8_t* const*, std::size_t, unsigned, bool, bool, std::uint8_t*);
void split_avx2(const std::uint8_t*, std::size_t, unsigned, bool, std::uint8_t* const*);
void merge_avx512(const std::uint8_t* const*, std::size_t, unsigned, bool, bool, std::uint8_t*);
void split_avx512(const std::uint8_t*, std::size_t, unsigned, bool, std::uint8_t* const*);

}  // namespace aimc::lossless

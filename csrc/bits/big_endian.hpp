// Bounded big-endian loads: bytes beyond the end of the data read as zero, and are never touched.
#pragma once
#include <cstdint>
#include <cstring>

#include "base/inline.hpp"

namespace aimc {

AIMC_INLINE std::uint64_t byte_swap(std::uint64_t x) {
#if defined(__GNUC__)
  return __builtin_bswap64(x);
#else
  std::uint64_t r = 0;
  for (int i = 0; i < 8; ++i) r = (r << 8) | ((x >> (8 * i)) & 0xFF);
  return r;
#endif
}

// Eight bytes from `p` on, the first one most significant.
AIMC_INLINE std::uint64_t load_be64(const std::uint8_t* p, const std::uint8_t* end) {
  if (p < end && end - p >= 8) {
    std::uint64_t x;
    std::memcpy(&x, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return x;
#else
    return byte_swap(x);
#endif
  }
  std::uint64_t x = 0;
  for (int i = 0; i < 8; ++i) {
    x <<= 8;
    if (p < end) x |= *p++;
  }
  return x;
}

}  // namespace aimc

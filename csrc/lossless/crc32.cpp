#pragma GCC diagnostic ignored "-Wuninitialized"  // raised by GCC inside its own intrinsics
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include "lossless/crc32.hpp"

#include "base/inline.hpp"

#if AIMC_X86
#include <immintrin.h>
#endif

namespace aimc::lossless {
namespace {

constexpr std::uint32_t kPolynomial = 0xEDB88320;  // reflected

struct Tables {
  std::uint32_t of[8][256] = {};
  constexpr Tables() {
    for (std::uint32_t v = 0; v < 256; ++v) {
      std::uint32_t r = v;
      for (int bit = 0; bit < 8; ++bit) r = r >> 1 ^ ((r & 1) != 0 ? kPolynomial : 0);
      of[0][v] = r;
    }
    for (std::uint32_t v = 0; v < 256; ++v) {
      for (int t = 1; t < 8; ++t) of[t][v] = of[t - 1][v] >> 8 ^ of[0][of[t - 1][v] & 0xFF];
    }
  }
};
constexpr Tables kTables;

// On the register itself, without the inversions at the start and at the end.
std::uint32_t update(std::uint32_t r, const std::uint8_t* p, std::size_t size) {
  const auto& t = kTables.of;
  for (; size >= 8; size -= 8, p += 8) {
    const std::uint32_t a = r ^ (p[0] | static_cast<std::uint32_t>(p[1]) << 8 | static_cast<std::uint32_t>(p[2]) << 16 |
                                 static_cast<std::uint32_t>(p[3]) << 24);
    r = t[7][a & 0xFF] ^ t[6][a >> 8 & 0xFF] ^ t[5][a >> 16 & 0xFF] ^ t[4][a >> 24] ^ t[3][p[4]] ^ t[2][p[5]] ^
        t[1][p[6]] ^ t[0][p[7]];
  }
  for (; size > 0; --size, ++p) r = r >> 8 ^ t[0][(r ^ *p) & 0xFF];
  return r;
}

#if AIMC_X86
// The reflected remainder of x^n, with the shift that a carry-less product of reflected numbers needs.
constexpr std::uint64_t power(int n) {
  std::uint32_t r = 0x80000000;  // x^0
  for (int i = 0; i < n; ++i) r = r >> 1 ^ ((r & 1) != 0 ? kPolynomial : 0);
  return static_cast<std::uint64_t>(r) << 1;
}

// Factors that move 128 bits forward by a number of bits.
struct Factors {
  std::uint64_t far;
  std::uint64_t near;
};
constexpr Factors factors(int bits) {
  return {power(bits + 32), power(bits - 32)};
}
constexpr Factors kBy16Bytes = factors(128);
constexpr Factors kBy64Bytes = factors(512);
constexpr Factors kBy256Bytes = factors(2048);

#define AIMC_TARGET_CLMUL __attribute__((target("pclmul,sse4.1")))
#define AIMC_TARGET_VCLMUL __attribute__((target("avx2,bmi,bmi2,avx512f,avx512bw,avx512dq,avx512vl,vpclmulqdq,pclmul")))

AIMC_TARGET_CLMUL AIMC_INLINE __m128i fold(__m128i x, __m128i factors, __m128i next) {
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, factors, 0x00), _mm_clmulepi64_si128(x, factors, 0x11)),
                       next);
}

AIMC_TARGET_CLMUL AIMC_INLINE __m128i load128(const std::uint8_t* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

AIMC_TARGET_CLMUL AIMC_INLINE __m128i load_factors(const Factors& f) {
  return _mm_set_epi64x(static_cast<long long>(f.near), static_cast<long long>(f.far));
}

// The register after 16 bytes that stand for all before them.
AIMC_TARGET_CLMUL AIMC_INLINE std::uint32_t finish(__m128i x) {
  alignas(16) std::uint8_t bytes[16];
  _mm_store_si128(reinterpret_cast<__m128i*>(bytes), x);
  return update(0, bytes, sizeof bytes);
}

// At least 64 bytes.
AIMC_TARGET_CLMUL std::uint32_t update_clmul(std::uint32_t r, const std::uint8_t* p, std::size_t size) {
  const __m128i by_64_bytes = load_factors(kBy64Bytes);
  const __m128i by_16_bytes = load_factors(kBy16Bytes);
  __m128i x[4];
  for (int i = 0; i < 4; ++i) x[i] = load128(p + 16 * i);
  x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128(static_cast<int>(r)));
  for (p += 64, size -= 64; size >= 64; p += 64, size -= 64) {
    for (int i = 0; i < 4; ++i) x[i] = fold(x[i], by_64_bytes, load128(p + 16 * i));
  }
  __m128i y = x[0];
  for (int i = 1; i < 4; ++i) y = fold(y, by_16_bytes, x[i]);
  return update(finish(y), p, size);
}

AIMC_TARGET_VCLMUL AIMC_INLINE __m512i fold512(__m512i x, __m512i factors, __m512i next) {
  constexpr int kXor3 = 0x96;
  return _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(x, factors, 0x00),
                                   _mm512_clmulepi64_epi128(x, factors, 0x11), next, kXor3);
}

// At least 256 bytes.
AIMC_TARGET_VCLMUL std::uint32_t update_vclmul(std::uint32_t r, const std::uint8_t* p, std::size_t size) {
  const __m512i by_256_bytes = _mm512_broadcast_i32x4(load_factors(kBy256Bytes));
  const __m512i by_64_bytes = _mm512_broadcast_i32x4(load_factors(kBy64Bytes));
  const __m128i by_16_bytes = load_factors(kBy16Bytes);
  __m512i x[4];
  for (int i = 0; i < 4; ++i) x[i] = _mm512_loadu_si512(p + 64 * i);
  x[0] = _mm512_xor_si512(x[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(r))));
  for (p += 256, size -= 256; size >= 256; p += 256, size -= 256) {
    for (int i = 0; i < 4; ++i) x[i] = fold512(x[i], by_256_bytes, _mm512_loadu_si512(p + 64 * i));
  }
  __m512i y = x[0];
  for (int i = 1; i < 4; ++i) y = fold512(y, by_64_bytes, x[i]);
  __m128i z = _mm512_extracti32x4_epi32(y, 0);
  z = fold(z, by_16_bytes, _mm512_extracti32x4_epi32(y, 1));
  z = fold(z, by_16_bytes, _mm512_extracti32x4_epi32(y, 2));
  z = fold(z, by_16_bytes, _mm512_extracti32x4_epi32(y, 3));
  return update(finish(z), p, size);
}

bool has_clmul() {
  static const bool has = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  return has;
}

bool has_vclmul() {
  static const bool has = has_clmul() && __builtin_cpu_supports("vpclmulqdq");
  return has;
}
#endif

}  // namespace

std::uint32_t crc32(std::uint32_t crc, const std::uint8_t* data, std::size_t size, Isa isa) {
  std::uint32_t r = ~crc;
#if AIMC_X86
  if (isa == Isa::avx512 && size >= 256 && has_vclmul()) {
    r = update_vclmul(r, data, size);
  } else if (isa != Isa::scalar && size >= 64 && has_clmul()) {
    r = update_clmul(r, data, size);
  } else {
    r = update(r, data, size);
  }
#else
  (void)isa;
  r = update(r, data, size);
#endif
  return ~r;
}

}  // namespace aimc::lossless

#include "quant/dequantise.hpp"

#include <cmath>
#include <cstring>

#include "base/inline.hpp"

namespace aimc {
namespace {

AIMC_INLINE void dequantise_body(void* data, std::uint64_t n, float step) {
  auto* bytes = static_cast<unsigned char*>(data);
  for (std::uint64_t i = 0; i < n; ++i) {
    std::int32_t integer;
    std::memcpy(&integer, bytes + 4 * i, 4);
    const float value = step * static_cast<float>(integer);
    std::memcpy(bytes + 4 * i, &value, 4);
  }
}

void dequantise_scalar(void* data, std::uint64_t n, float step) {
  dequantise_body(data, n, step);
}
#if AIMC_X86
AIMC_TARGET_AVX2 void dequantise_avx2(void* data, std::uint64_t n, float step) {
  dequantise_body(data, n, step);
}
AIMC_TARGET_AVX512 void dequantise_avx512(void* data, std::uint64_t n, float step) {
  dequantise_body(data, n, step);
}
#endif

}  // namespace

bool step_size(int qp, int density, float* step) {
  const int k = 1 << density;
  const int mantissa = k + (qp & (k - 1));
  *step = static_cast<float>(std::ldexp(static_cast<double>(mantissa), (qp >> density) - density));
  return std::isnormal(*step);
}

void dequantise_in_place(void* data, std::uint64_t n, float step, Isa isa) {
#if AIMC_X86
  if (isa == Isa::avx512) return dequantise_avx512(data, n, step);
  if (isa == Isa::avx2) return dequantise_avx2(data, n, step);
#endif
  (void)isa;
  dequantise_scalar(data, n, step);
}

bool look_up_in_place(void* data, std::uint64_t n, float step, const std::int32_t* codebook, std::uint32_t size,
                      std::uint32_t zero) {
  auto* bytes = static_cast<unsigned char*>(data);
  for (std::uint64_t i = 0; i < n; ++i) {
    std::int32_t integer;
    std::memcpy(&integer, bytes + 4 * i, 4);
    const std::int64_t index = std::int64_t{integer} + zero;
    if (index < 0 || index >= size) return false;
    const auto value = static_cast<float>(static_cast<double>(codebook[index]) * static_cast<double>(step));
    std::memcpy(bytes + 4 * i, &value, 4);
  }
  return true;
}

}  // namespace aimc

#include "quant/quantise.hpp"

#include <algorithm>
#include <cmath>

#include "base/inline.hpp"

namespace aimc {
namespace {

constexpr float kBelowHalf = 0x1.fffffep-2F;

// Adding the number just below one half and cutting rounds halves away from zero: the sum rounds up exactly when the
// fraction is one half or more.
AIMC_INLINE bool quantise_body(const float* x, std::uint64_t n, float inverse, std::int32_t* q) {
  std::int32_t outside = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const float r = x[i] * inverse;
    const bool fits = r >= -0x1p31F && r < 0x1p31F;  // false for NaN
    outside |= fits ? 0 : 1;
    q[i] = static_cast<std::int32_t>(fits ? r + std::copysign(kBelowHalf, r) : 0.0F);
  }
  return outside == 0;
}

bool quantise_scalar(const float* x, std::uint64_t n, float inverse, std::int32_t* q) {
  return quantise_body(x, n, inverse, q);
}
#if AIMC_X86
AIMC_TARGET_AVX2 bool quantise_avx2(const float* x, std::uint64_t n, float inverse, std::int32_t* q) {
  return quantise_body(x, n, inverse, q);
}
AIMC_TARGET_AVX512 bool quantise_avx512(const float* x, std::uint64_t n, float inverse, std::int32_t* q) {
  return quantise_body(x, n, inverse, q);
}
#endif

auto quantiser(Isa isa) {
#if AIMC_X86
  if (isa == Isa::avx512) return quantise_avx512;
  if (isa == Isa::avx2) return quantise_avx2;
#endif
  (void)isa;
  return quantise_scalar;
}

}  // namespace

Status quantise_uniform(const float* x, std::uint64_t n, float step, std::int32_t* q, Isa isa) {
  if (!(step > 0) || !std::isnormal(step)) return fail(Code::argument, 0, "the step size is not a positive number");
  if (quantiser(isa)(x, n, 1.0F / step, q)) return Status{};
  if (!std::all_of(x, x + n, [](float v) { return std::isfinite(v); })) {
    return fail(Code::argument, 0, "a value that is not finite");
  }
  return fail(Code::out_of_range, 0, "a value of more than 2^31 steps");
}

}  // namespace aimc

#include "lossless/merge.hpp"

#include <cstring>

#include "base/inline.hpp"
#include "lossless/merge_kernels.hpp"

namespace aimc::lossless {

MergeKernel merge_kernel(Isa isa) {
#if AIMC_X86
  if (isa == Isa::avx512) return merge_avx512;
  if (isa == Isa::avx2) return merge_avx2;
#else
  (void)isa;
#endif
  return merge_scalar;
}

void stream_fence() {
#if AIMC_X86
  __builtin_ia32_sfence();
#endif
}

SplitKernel split_kernel(Isa isa) {
#if AIMC_X86
  if (isa == Isa::avx512) return split_avx512;
  if (isa == Isa::avx2) return split_avx2;
#else
  (void)isa;
#endif
  return split_scalar;
}

void merge_scalar(const std::uint8_t* const* planes, std::size_t count, unsigned width, bool rotate, bool /*stream*/,
                  std::uint8_t* records) {
  merge_any(planes, count, width, rotate, records);
}

void split_scalar(const std::uint8_t* records, std::size_t count, unsigned width, bool rotate,
                  std::uint8_t* const* planes) {
  split_any(records, count, width, rotate, planes);
}

AIMC_TARGET_AVX2 void merge_avx2(const std::uint8_t* const* planes, std::size_t count, unsigned width, bool rotate,
                                 bool /*stream*/, std::uint8_t* records) {
  merge_any(planes, count, width, rotate, records);
}

AIMC_TARGET_AVX2 void split_avx2(const std::uint8_t* records, std::size_t count, unsigned width, bool rotate,
                                 std::uint8_t* const* planes) {
  split_any(records, count, width, rotate, planes);
}

}  // namespace aimc::lossless

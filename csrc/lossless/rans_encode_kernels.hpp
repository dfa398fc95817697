// Encoder kernels for the vector instruction sets; each gives exactly what the scalar one gives.
#pragma once
#include "base/inline.hpp"
#include "lossless/rans_encode.hpp"

#if AIMC_X86
namespace aimc::lossless {

// 64, 128 or 256 states.
RansEncodeKernel avx512_rans_encode_kernel(const RansTable& table, std::size_t states);

}  // namespace aimc::lossless
#endif

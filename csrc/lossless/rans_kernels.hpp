// Kernels for the vector instruction sets; each gives exactly what the scalar one gives.
#pragma once
#include "base/inline.hpp"
#include "lossless/rans_decode.hpp"

#if AIMC_X86
namespace aimc::lossless {

// 64, 128 or 256 states. AVX2: at most 16 entries.
RansKernel avx512_rans_kernel(const RansTable& table, std::size_t states);
RansRecordKernel avx512_rans_record_kernel(const RansTable& table, bool stream);
RansKernel avx2_rans_kernel(const RansTable& table, std::size_t states);

}  // namespace aimc::lossless
#endif

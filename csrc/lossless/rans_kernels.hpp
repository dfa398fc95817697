// Kernels for the vector instruction sets; each gives exactly what the scalar one gives.
#pragma once
#include "base/inline.hpp"
#include "lossless/rans_decode.hpp"

#if AIMC_X86
namespace aimc::lossless {

// At most 64 entries, any number of entries, at most 16 entries.
std::size_t decode_wide_avx512_few(const RansTable&, const RansSlots&, RansStream*, std::uint8_t*, std::size_t);
std::size_t decode_wide_avx512_many(const RansTable&, const RansSlots&, RansStream*, std::uint8_t*, std::size_t);
std::size_t decode_wide_avx2(const RansTable&, const RansSlots&, RansStream*, std::uint8_t*, std::size_t);

}  // namespace aimc::lossless
#endif

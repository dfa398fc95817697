// Encoder kernels for the vector instruction sets; each gives exactly what the scalar one gives.
#pragma once
#include "base/inline.hpp"
#include "lossless/rans_encode.hpp"

#if AIMC_X86
namespace aimc::lossless {

// At most 64 entries, any number of entries.
void encode_wide_avx512_few(const RansTable&, const RansCoder&, const std::uint8_t*, std::size_t, std::uint16_t*,
                            Backward*, Backward*);
void encode_wide_avx512_many(const RansTable&, const RansCoder&, const std::uint8_t*, std::size_t, std::uint16_t*,
                             Backward*, Backward*);

}  // namespace aimc::lossless
#endif

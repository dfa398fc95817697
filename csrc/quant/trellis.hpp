// Dependent quantisation (section 15.4 without rate term).
#pragma once
#include <cstdint>

#include "base/cpu.hpp"
#include "base/status.hpp"

namespace aimc {

// Row-major doubled integers (10.3) of least squared error for a tensor of rows x width coded in `scan_order` (0 to 4).
// Takes 2 bytes of memory per element. Code::argument for a value that is not finite, Code::out_of_range for one of
// about 2^31 steps or more; the contents of w are then unspecified.
Status quantise_trellis(const float* x, std::uint64_t rows, std::uint64_t width, int scan_order, double step,
                        std::int32_t* w, Isa isa);

}  // namespace aimc

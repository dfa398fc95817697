// Scalar quantisation (section 15.3 without rate term).
#pragma once
#include <cstdint>

#include "base/cpu.hpp"
#include "base/status.hpp"

namespace aimc {

// q = round(f32(x * f32(1 / step))), halves away from zero. Code::argument for a value that is not finite,
// Code::out_of_range for one that leaves int32; the contents of q are then unspecified.
Status quantise_uniform(const float* x, std::uint64_t n, float step, std::int32_t* q, Isa isa);

}  // namespace aimc

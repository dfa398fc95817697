// Reconstruction of values from integers (section 11).
#pragma once
#include <cstdint>

#include "base/cpu.hpp"

namespace aimc {

// Step size of a QP (11.1) in binary32; false if it is not a normal binary32 number.
bool step_size(int qp, int density, float* step);

// value = f32(f32(step) * f32(integer)) (11.2). In place: `data` holds int32 before and binary32 after.
void dequantise_in_place(void* data, std::uint64_t n, float step, Isa isa);

// value = f32(codebook[integer + zero] * step), product in binary64 (11.3), in place; false if an index lies outside.
bool look_up_in_place(void* data, std::uint64_t n, float step, const std::int32_t* codebook, std::uint32_t size,
                      std::uint32_t zero);

}  // namespace aimc

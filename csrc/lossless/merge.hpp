// Planes to records and back (7.2).
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"

namespace aimc::lossless {

constexpr unsigned kMaxWord = 8;  // bytes of a record that is a number

// `count` records of `width` bytes from the byte planes; rotates back where `rotate`.
using MergeKernel = void (*)(const std::uint8_t* const* planes, std::size_t count, unsigned width, bool rotate,
                             std::uint8_t* records);
MergeKernel merge_kernel(Isa isa);

// The inverse.
using SplitKernel = void (*)(const std::uint8_t* records, std::size_t count, unsigned width, bool rotate,
                             std::uint8_t* const* planes);
SplitKernel split_kernel(Isa isa);

}  // namespace aimc::lossless

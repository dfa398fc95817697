// Planes to records and back (7.2).
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"

namespace aimc::lossless {

constexpr unsigned kMaxWord = 8;  // bytes of a record that is a number

// `count` records of `width` bytes from the byte planes; rotates back where `rotate`. `stream`: the records are aligned
// to 64 bytes and too many to be kept in a cache, so they may go past it; stream_fence makes them visible to other
// threads.
using MergeKernel = void (*)(const std::uint8_t* const* planes, std::size_t count, unsigned width, bool rotate,
                             bool stream, std::uint8_t* records);
MergeKernel merge_kernel(Isa isa);

void stream_fence();

// The inverse of merging.
using SplitKernel = void (*)(const std::uint8_t* records, std::size_t count, unsigned width, bool rotate,
                             std::uint8_t* const* planes);
SplitKernel split_kernel(Isa isa);

}  // namespace aimc::lossless

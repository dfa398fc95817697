// CRC-32 of ISO/IEC 3309 (1.2 of the AIM text).
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"

namespace aimc::lossless {

// `crc` is the checksum of what came before, 0 at the start.
std::uint32_t crc32(std::uint32_t crc, const std::uint8_t* data, std::size_t size, Isa isa);

}  // namespace aimc::lossless

// Bytes as two nibbles and back (7.7).
#pragma once
#include <cstddef>
#include <cstdint>

namespace aimc::lossless {

// `out` may be `high`. False if a nibble is not below 16, or if the bits after the last packed one are not 0.
bool join_nibbles(const std::uint8_t* low, const std::uint8_t* high, std::size_t count, bool packed, std::uint8_t* out);

// High nibbles as bytes, low ones packed.
void split_packed(const std::uint8_t* bytes, std::size_t count, std::uint8_t* low, std::uint8_t* high);

// Both as bytes.
void split_plain(const std::uint8_t* bytes, std::size_t count, std::uint8_t* low, std::uint8_t* high);

}  // namespace aimc::lossless

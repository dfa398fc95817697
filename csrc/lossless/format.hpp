// Numbers of the lossless block format (docs/spec/aim-bitstream.md, clause 7).
#pragma once
#include <cstddef>
#include <cstdint>

namespace aimc::lossless {

enum class BlockMode : std::uint8_t { raw, constant, planes, sparse, context };
enum class PlaneMethod : std::uint8_t { raw, constant, rans, matches, parts, nibbles };

constexpr int kMaxDepth = 3;                               // of planes inside planes
constexpr unsigned kSlots = 256;                           // sum of the frequencies of a table
constexpr unsigned kLowestState = 256;                     // a state below it takes a renormalisation byte
constexpr std::size_t kStateCounts[] = {4, 256, 64, 128};  // by state_code
constexpr std::size_t kMostStates = 256;
constexpr int kDeepestNibbles = 1;
constexpr std::uint32_t kPartUnit = 4096;  // parts are a multiple of it
constexpr std::size_t kShortestMatch = 4;
constexpr std::uint8_t kLongLength = 255;  // announces a length in four bytes
constexpr std::uint32_t kMaxDistance = (1U << 24) - 1;

// How the records of a tensor are cut (6.3): in byte planes, opaque ones in fields (7.2).
struct Layout {
  std::uint32_t record_bytes = 1;
  bool rotate = false;
  bool opaque = false;
};

}  // namespace aimc::lossless

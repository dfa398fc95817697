// Decoding of many chains at once, one in each 16-bit lane of a vector (AVX-512): the arithmetic decoder is serial, but
// tensors and block rows are independent of each other.
//
// All lanes work on the same kind of bin at the same time: the significance flags of 32 levels, then the signs of those
// that are significant, then the greater flags of those that go on. So the contexts of one flag lie side by side in
// memory and no gather is needed to fetch them.
#pragma once
#include <cstdint>
#include <memory>

#include "base/status.hpp"
#include "payload/sink.hpp"
#include "payload/tensor_decoder.hpp"

namespace aimc {

// A chain ready to be decoded: what a lane takes over and what it hands back.
struct LaneChain {
  const std::uint8_t* payload = nullptr;
  std::size_t size = 0;
  BinDecoder<NullTracer> decoder;            // before the first level, or after the last
  LevelState state;                          // likewise
  const DecoderContext* contexts = nullptr;  // freshly initialised; not written
  Sink* sink = nullptr;
};

// Where lanes get their chains and return them.
class LaneSource {
 public:
  virtual ~LaneSource() = default;
  // The next chain, or null. All chains have the same dq_flag and unary length and use the plain run body.
  virtual LaneChain* next() = 0;
  // `intact` is false where the lane could not go on: the chain must then be decoded otherwise, from its start.
  virtual void done(LaneChain* chain, bool intact) = 0;
};

// Fewer chains than this are decoded faster one after the other.
constexpr std::size_t kFewestLanes = 5;

// Chains can share the lanes if their payloads begin within this many bytes of `base` and are shorter than that:
// offsets are 32-bit and signed, an entry point may lie beyond its payload, and a lane may run on before that is
// noticed.
constexpr std::size_t kLaneWindow = std::size_t{1} << 29;

// Decodes chains until the source runs dry. Every payload begins at `base` or after it.
void run_lanes(LaneSource& source, const std::uint8_t* base, bool dq, int unary_length);

}  // namespace aimc

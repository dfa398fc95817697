// Encoder of a block (7.1).
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "lossless/format.hpp"
#include "lossless/plane_encode.hpp"

namespace aimc::lossless {

// The records of a block, and what may be known of them.
struct BlockInput {
  const std::uint8_t* records = nullptr;
  std::uint64_t count = 0;
  std::uint64_t row_records = 0;  // of the tensor
};

// Appends the block, at most 1 + count * record_bytes bytes. `fields`: how opaque records are cut, not used for others.
// Throws std::bad_alloc.
void encode_block(const BlockInput& input, const Layout& layout, const Bytes& fields, const Effort& effort, Bytes* out);

}  // namespace aimc::lossless

// Context coding of floating-point records (docs/spec/aim-bitstream.md, clause 8): the exponent and the first two bits
// of the mantissa are coded given a level that follows the rows and columns of the tensor.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "base/cpu.hpp"
#include "base/status.hpp"
#include "lossless/plane_encode.hpp"

namespace aimc::lossless {

// Appends context(n), which follows block_mode. Returns false, and appends nothing, if records of this width have none.
// Rows of `row_records` are what the encoder tries first; of `effort`, only the instruction set and the workspace are
// used. Throws std::bad_alloc.
bool encode_context(const std::uint8_t* records, std::uint64_t n, unsigned record_bytes, std::uint64_t row_records,
                    const Effort& effort, Bytes* out);

// Writes n records of `record_bytes` bytes. Offsets of errors count from the start of context(n). Throws
// std::bad_alloc.
Status decode_context(const std::uint8_t* in, std::size_t size, std::uint64_t n, unsigned record_bytes, Isa isa,
                      std::uint8_t* out);

}  // namespace aimc::lossless

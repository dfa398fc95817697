// Decoder of a block (7.1).
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"
#include "base/status.hpp"
#include "lossless/format.hpp"
#include "lossless/running_crc.hpp"

namespace aimc::lossless {

// `records` * layout.record_bytes bytes are written to `out`; `stream` as in merge.hpp. `crc`, if not null, is the
// checksum of the block, which takes its steps meanwhile. Offsets of errors count from the start of the block. Throws
// std::bad_alloc.
Status decode_block(const std::uint8_t* in, std::size_t size, const Layout& layout, std::uint64_t records, Isa isa,
                    bool stream, RunningCrc* crc, std::uint8_t* out);

}  // namespace aimc::lossless

// Encoder of planes (7.2): the method that makes a plane short enough to be worth its time.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"
#include "lossless/cursor.hpp"
#include "lossless/format.hpp"
#include "lossless/rans_encode.hpp"

namespace aimc::lossless {

// Buffers that the blocks and planes of one thread use again.
struct Workspace {
  RansOutput coded[kMaxDepth + 1];  // by depth
  Bytes planes;                     // of the records of a block
};

// How much the encoder looks for, and with what.
struct Effort {
  Workspace* workspace = nullptr;
  Isa isa = Isa::scalar;
  bool wide_records = false;  // of four bytes or more: a plane is a small part of the time
  bool alone = false;         // the block is the whole tensor: it is short, and what it wastes is all there is
  bool thorough = false;      // take every gain, instead of those that are worth the time of the decoder
};

// Appends plane(count).
void encode_plane(const std::uint8_t* bytes, std::size_t count, int depth, const Effort& effort, Bytes* out);

// Appends lz(count), or nothing if there are too few matches to be of use. Returns whether it did. `coded_size`: what
// the bytes take without matches.
bool encode_matches(const std::uint8_t* bytes, std::size_t count, std::size_t coded_size, const Effort& effort,
                    Bytes* out);

}  // namespace aimc::lossless

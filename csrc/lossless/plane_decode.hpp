// One plane (7.2), given out chunk by chunk, so that it never lies in memory as a whole unless it has to.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "base/cpu.hpp"
#include "lossless/cursor.hpp"
#include "lossless/rans_decode.hpp"

namespace aimc::lossless {

// Chunks are this long, but for the last one. A multiple of the number of states; a few of them fit in a first-level
// cache.
constexpr std::size_t kChunk = kPartUnit;

class PlaneDecoder {
 public:
  // Takes the plane of `count` bytes from `in`.
  Status open(Cursor* in, std::size_t count, int depth, Isa isa);

  // The next `count` bytes. They are written to `scratch`, or lie elsewhere and `*bytes` points to them.
  Status next(std::size_t count, std::uint8_t* scratch, const std::uint8_t** bytes);

  // Whether the next can be used; `low` is the lower plane of the same records.
  bool gives_records(const PlaneDecoder& low) const {
    return method_ == PlaneMethod::rans && rans_.gives_records() && low.method_ == PlaneMethod::raw;
  }
  // The next `count` rotated records of two bytes.
  Status next_records(PlaneDecoder* low, std::size_t count, bool stream, std::uint8_t* records);

  // Checks that the plane is used up, after its last byte.
  Status finish() const;

 private:
  Status open_parts(Cursor* in, std::size_t count, Isa isa);
  Status open_nibbles(Cursor* in, std::size_t count, int depth, Isa isa);
  Status next_of_parts(std::size_t count, std::uint8_t* scratch, const std::uint8_t** bytes);
  Status next_of_nibbles(std::size_t count, std::uint8_t* scratch);

  PlaneMethod method_ = PlaneMethod::raw;
  std::uint8_t constant_ = 0;
  const std::uint8_t* raw_ = nullptr;
  Bytes whole_;  // escapes of an entropy-coded plane, or all of a plane of matches
  RansDecoder rans_;
  HeapVector<PlaneDecoder> inner_;  // the parts, or the low and the high nibbles
  std::size_t part_bytes_ = 0;
  std::size_t done_ = 0;  // bytes given out by the parts
  bool packed_ = false;
  Status place_;  // of the plane, for errors found later
};

// Takes rans(count), 7.4. `escaped` is to be kept as long as the decoder.
Status open_rans(Cursor* in, std::size_t count, int depth, Isa isa, Bytes* escaped, RansDecoder* decoder);

// A whole plane at once; the bytes of `out` from `count` on are zero padding as asked for.
Status decode_plane(Cursor* in, std::size_t count, int depth, Isa isa, std::size_t padding, Bytes* out);

// lz(count), 7.5.
Status decode_matches(Cursor* in, std::size_t count, Isa isa, Bytes* out);

}  // namespace aimc::lossless

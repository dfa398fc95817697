// The checksum of a block, taken piece by piece while the block is decoded: the next piece is fetched from memory in
// the meantime, so that reading the data twice costs little more than reading it once.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"
#include "lossless/crc32.hpp"

namespace aimc::lossless {

class RunningCrc {
 public:
  RunningCrc(const std::uint8_t* data, std::size_t size, Isa isa) : at_(data), end_(data + size), isa_(isa) {}

  // What is left will be taken in about so many steps.
  void plan(std::size_t steps) {
    piece_ = (left() / (steps + 1) / kUnit + 1) * kUnit;
    fetch();
  }

  void step() {
    take(std::min(piece_, left()));
    fetch();
  }

  std::uint32_t finish() {
    take(left());
    return crc_;
  }

 private:
  static constexpr std::size_t kUnit = 256;  // the fastest checksum has no bytes left over then
  static constexpr std::size_t kLine = 64;

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  void take(std::size_t count) {
    crc_ = crc32(crc_, at_, count, isa_);
    at_ += count;
  }

  void fetch() const {
    const std::uint8_t* stop = at_ + std::min(piece_, left());
    for (const std::uint8_t* line = at_; line < stop; line += kLine) __builtin_prefetch(line);
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  Isa isa_;
  std::size_t piece_ = 0;
  std::uint32_t crc_ = 0;
};

}  // namespace aimc::lossless

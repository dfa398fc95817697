// Takes the levels of a chain in coding order and puts the reconstructed values where they belong.
#pragma once
#include <cstdint>

#include "base/allocator.hpp"
#include "payload/decode.hpp"

namespace aimc {

// The rows of one chain: a block row in a block scan, otherwise the whole tensor.
class Sink {
 public:
  // `skipped` may be empty. `step` is used for Output::uniform; Output::codebook is not for sinks.
  Sink(const TensorTarget& target, std::uint64_t row_begin, std::uint64_t row_end, bool blocked,
       const HeapVector<std::uint8_t>& skipped, float step);

  // Levels that follow without a skipped row in between; passes over skipped rows first, filling them with zeros and
  // advancing the trellis (10.4). 0 at the end of the chain. Without blocks only.
  std::uint64_t next_run(unsigned* dq_state);

  // The next `n` levels; they must lie within the run.
  void write(const std::int16_t* levels, std::uint64_t n, Isa isa);
  void write(const std::int32_t* levels, std::uint64_t n, Isa isa);

 private:
  template <class T>
  void write_any(const T* levels, std::uint64_t n, Isa isa);
  // Levels that may be written at the place in hand, and where.
  std::uint64_t contiguous() const;
  void advance(std::uint64_t n);

  unsigned char* data_;
  const std::uint8_t* skipped_;
  Output output_;
  float step_;
  bool dq_;
  bool blocked_;
  std::uint64_t width_;
  std::uint64_t side_;
  std::uint64_t row_begin_;
  std::uint64_t row_end_;
  std::uint64_t row_;         // of the next level
  std::uint64_t column_ = 0;  // of the next level
  std::uint64_t stripe_ = 0;  // first column of the block in hand
};

}  // namespace aimc

// Binarization of levels (section 7) with the context choice of section 6: what the encoder codes and what the choice
// of parameter sets counts.
#pragma once
#include <cstddef>
#include <cstdint>

#include "entropy/bin_encoder.hpp"
#include "entropy/context.hpp"

namespace aimc {

// Levels that follow each other in coding order, with what their contexts depend on.
struct LevelSpan {
  const std::int32_t* levels = nullptr;
  const std::uint8_t* states = nullptr;     // trellis states, all 0 without dependent quantisation
  const std::int32_t* reference = nullptr;  // temporal contexts, or null
  const std::uint8_t* history = nullptr;    // history contexts, or null
  std::size_t count = 0;

  void drop_front(std::size_t n) {
    levels += n;
    states += n;
    if (reference != nullptr) reference += n;
    if (history != nullptr) history += n;
    count -= n;
  }
};

constexpr std::size_t kMaxSpan = 1024;

// Bins of a few levels, in order.
struct BinBuffer {
  static constexpr std::size_t kFull = 4096;
  static constexpr std::size_t kMostPerLevel = 2 + kMaxUnaryLength + 31 + 30;
  static constexpr std::size_t kOverrun = 48;  // symbols that copies of fixed size may write beyond the last

  bool full() const { return count >= kFull; }

  std::size_t count = 0;
  Symbol symbols[kFull + kMostPerLevel + kOverrun];
};

class Binarizer {
 public:
  // codebook_size 0: no codebook known to the entropy coder.
  Binarizer(int unary_length, std::uint32_t codebook_size, std::uint32_t codebook_zero);

  // The neighbour is forgotten (10.2).
  void start_block_row() { neighbour_ = 0; }

  // Appends the bins of levels from the start of the span until all are done or the buffer is full; returns how many.
  // With a codebook all levels must be valid indices.
  std::size_t append(const LevelSpan& span, BinBuffer& bins);

 private:
  static std::uint32_t magnitude(std::int32_t level) {
    const auto bits = static_cast<std::uint32_t>(level);
    return level < 0 ? 0U - bits : bits;
  }
  std::uint32_t limit(bool negative) const {
    if (codebook_size_ == 0) return 0xFFFFFFFF;
    return negative ? codebook_zero_ : codebook_size_ - 1 - codebook_zero_;
  }
  std::size_t append_plain(const LevelSpan& span, BinBuffer& bins);
  std::size_t append_extended(const LevelSpan& span, BinBuffer& bins);
  Symbol* append_large(std::uint32_t abs, bool negative, Symbol* out) const;
  Symbol* append_bypass(std::uint32_t bits, int n, Symbol* out) const;

  ContextLayout layout_;
  std::uint32_t codebook_size_;
  std::uint32_t codebook_zero_;
  std::uint32_t largest_short_;  // magnitudes up to this one come from a table
  unsigned neighbour_ = 0;
  // Runs of ones: greater flags by sign, remainder prefix. All groups of eight bypass bins.
  Symbol greater_ones_[2][kMaxUnaryLength];
  Symbol prefix_ones_[32];
  Symbol bypass_[256][8];
};

}  // namespace aimc

// The level that codes are relative to (8.2). The decoder and the encoder run the same integer arithmetic.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "base/inline.hpp"

namespace aimc::lossless {

constexpr std::size_t kGroup = 16;             // records that are predicted together
constexpr std::uint32_t kContexts = 4;         // the quarter of its octave that a level is in
constexpr std::uint32_t kContextSymbols = 64;  // symbol 0 is the escape
constexpr std::int32_t kSymbolBias = 45;       // symbol of a code that is equal to the base
constexpr std::int32_t kLeastError = -128;
constexpr std::int32_t kGreatestError = 512;
constexpr int kColumnShift = 5;
constexpr int kRowShift = 6;
constexpr int kRowDecay = 5;

using Group = std::int32_t[kGroup];

// Loops over a group say `unroll 1` where GCC would otherwise unroll them before it looks for vectors.

// Level of a code, in units of 1/256 octave.
constexpr std::int32_t level_of(std::int32_t code) {
  return 64 * code + 32;
}

// The part of a level that codes are counted from.
constexpr std::int32_t base_of(std::int32_t level) {
  return level >> 6;
}

// error * 2^shift; a shift is faster than a product.
AIMC_INLINE std::int32_t raised_by(std::int32_t error, int shift) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(error) << shift);
}

class ContextModel {
 public:
  ContextModel(std::size_t row_length, std::int32_t start_code)
      : columns_(row_length, level_of(start_code) << kColumnShift) {}

  // Levels of the next 16 records.
  AIMC_INLINE void predict(Group& level) {
    const std::int32_t row = row_level();
    if (const std::int32_t* column = next_columns()) {
#pragma GCC unroll 1
      for (std::size_t j = 0; j < kGroup; ++j) level[j] = (column[j] >> kColumnShift) + row;
    } else {
      for (std::size_t j = 0; j < kGroup; ++j) level[j] = (columns_[wrapped(j)] >> kColumnShift) + row;
    }
  }

  // Learns from the codes of these records, and goes on to the next.
  AIMC_INLINE void learn(const Group& level, const Group& code) {
    Group error;
    std::int32_t sum = 0;
#pragma GCC unroll 1
    for (std::size_t j = 0; j < kGroup; ++j) {
      const std::int32_t difference = level_of(code[j]) - level[j];
      const std::int32_t raised = difference < kLeastError ? kLeastError : difference;
      error[j] = raised > kGreatestError ? kGreatestError : raised;
      sum += error[j];
    }
    if (std::int32_t* column = next_columns()) {
#pragma GCC unroll 1
      for (std::size_t j = 0; j < kGroup; ++j) column[j] += raised_by(error[j], rate_shift_);
    } else {
      for (std::size_t j = 0; j < kGroup; ++j) columns_[wrapped(j)] += raised_by(error[j], rate_shift_);
    }
    advance(sum);
  }

  // The parts of the above, for vectors. The columns of the next 16 records, null if they do not lie side by side.
  AIMC_INLINE std::int32_t* next_columns() { return at_ + kGroup <= columns_.size() ? columns_.data() + at_ : nullptr; }
  AIMC_INLINE std::int32_t row_level() const { return row_ >> kRowShift; }
  AIMC_INLINE int rate_shift() const { return rate_shift_; }

  AIMC_INLINE void advance(std::int32_t sum_of_errors) {
    row_ += sum_of_errors;
    row_ -= row_ >> kRowDecay;
    at_ += kGroup;
    if (at_ >= columns_.size()) begin_row();
  }

 private:
  std::size_t wrapped(std::size_t j) const { return (at_ + j) % columns_.size(); }

  void begin_row() {
    rows_ += at_ / columns_.size();
    at_ %= columns_.size();
    rate_shift_ = rows_ < 1 ? 4 : rows_ < 3 ? 3 : rows_ < 7 ? 2 : rows_ < 15 ? 1 : 0;
  }

  HeapVector<std::int32_t> columns_;  // units of 1/8192 octave
  std::int32_t row_ = 0;              // units of 1/16384 octave
  int rate_shift_ = 4;                // of the columns: fast in the first rows
  std::size_t at_ = 0;                // column of the next record,
  std::size_t rows_ = 0;              // and its row
};

}  // namespace aimc::lossless

// What bins cost: the arithmetic coder spends log2(range / part of the range that is left) bits on each. Costs are
// numbers of 2^-20 bit from a table in which the cost of a shift is exactly one bit; so the costs of all bins and
// resets, and what a codeword has before and after them, add up to its bits exactly.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/allocator.hpp"
#include "entropy/tracer.hpp"

namespace aimc {

constexpr int kCostBits = 20;

struct BinTally {
  std::uint64_t bins = 0;
  std::uint64_t ones = 0;
  std::uint64_t cost = 0;

  void add(int bin, std::uint64_t bits) {
    ++bins;
    ones += static_cast<std::uint64_t>(bin);
    cost += bits;
  }
};

// Of one tensor.
struct TensorCosts {
  std::array<BinTally, kBinElements> element{};
  HeapVector<BinTally> context;
  std::uint64_t resets = 0;  // cost of setting the range to 256
};

// log2 of 1 to 511 in units of 2^-20 bit.
class RangeLog {
 public:
  RangeLog();
  std::uint64_t operator[](std::uint32_t range) const { return value_[range]; }

 private:
  std::array<std::uint32_t, 512> value_{};
};

const RangeLog& range_log();

class BinCosts {
 public:
  static constexpr bool enabled = true;

  BinCosts() = default;
  // Bins of tensor k go to costs[k], whose contexts are there.
  explicit BinCosts(HeapVector<TensorCosts>* costs) : costs_(costs), log_(&range_log()) {}

  void at(BinElement element, std::uint64_t) { element_ = static_cast<std::size_t>(element); }
  void level(std::uint64_t) {}
  void tensor(std::size_t number) { current_ = costs_->data() + number; }
  void bin(const BinEvent& e) {
    const bool bypass = e.context == kBypassContext;
    const std::uint64_t bits = bypass ? std::uint64_t{1} << kCostBits : (*log_)[e.range] - (*log_)[e.part];
    current_->element[element_].add(e.bin, bits);
    if (e.context < kTerminateContext) current_->context[e.context].add(e.bin, bits);
  }
  void reset(std::uint32_t range) { current_->resets += (*log_)[range] - (*log_)[256]; }

 private:
  HeapVector<TensorCosts>* costs_ = nullptr;
  TensorCosts* current_ = nullptr;
  std::size_t element_ = 0;
  const RangeLog* log_ = nullptr;
};

}  // namespace aimc

// Limits on what a call decodes, before it does.
#pragma once
#include <cstdint>

#include "base/status.hpp"
#include "include/aimc/aimc.h"

namespace aimc::capi {

class OutputLimits {
 public:
  explicit OutputLimits(const aimc_limits& limits) : limits_(limits) {}

  void add(std::uint64_t payload_bytes, std::uint64_t output_bytes) {
    payload_ = sum(payload_, payload_bytes);
    output_ = sum(output_, output_bytes);
  }

  // What can be said before everything is added.
  Status check_total() const {
    return output_ <= limits_.max_output_bytes ? Status{}
                                               : fail(Code::limit_exceeded, 0, "more output than max_output_bytes");
  }

  // What can be said after.
  Status check() const {
    if (const Status s = check_total(); !s.ok()) return s;
    const bool free = output_ <= kFree;
    return free || payload_ >= rounded_up(output_, limits_.max_expansion)
               ? Status{}
               : fail(Code::limit_exceeded, 0, "more output for the payload than max_expansion");
  }

 private:
  static constexpr std::uint64_t kFree = std::uint64_t{64} << 20;

  static std::uint64_t sum(std::uint64_t x, std::uint64_t y) { return x <= UINT64_MAX - y ? x + y : UINT64_MAX; }
  // Quotient.
  static std::uint64_t rounded_up(std::uint64_t x, std::uint64_t y) {
    return y == 0 ? UINT64_MAX : x / y + (x % y != 0 ? 1 : 0);
  }

  const aimc_limits& limits_;
  std::uint64_t payload_ = 0;
  std::uint64_t output_ = 0;
};

}  // namespace aimc::capi

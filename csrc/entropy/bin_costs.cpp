#include "entropy/bin_costs.hpp"

#include <cmath>

namespace aimc {

RangeLog::RangeLog() {
  constexpr std::uint32_t one_bit = 1U << kCostBits;
  for (std::uint32_t range = 256; range < 512; ++range) {
    value_[range] = static_cast<std::uint32_t>(std::lround(std::log2(range) * one_bit));
  }
  for (std::uint32_t range = 255; range > 0; --range) value_[range] = value_[2 * range] - one_bit;
}

const RangeLog& range_log() {
  static const RangeLog log;
  return log;
}

}  // namespace aimc

// The moves of a context model's estimators (8.3) as tables without branches: for the encoder and for the choice of
// parameter sets.
#pragma once
#include <cstddef>
#include <cstdint>

#include "entropy/context.hpp"

namespace aimc {

constexpr int kOffsetA = 128;  // added to estimator a so that it is an index

struct ModelSteps {
  std::uint8_t next_a[4][2][256];  // by rate - 4, bin, a + kOffsetA: the next a + kOffsetA
  std::int16_t step_b[3][2][33];   // by rate - 4, bin, 16 + (b >> 7) for bin 1 or 16 + ((b + 127) >> 7) for bin 0

  constexpr ModelSteps() : next_a(), step_b() {
    for (int rate = 4; rate <= 7; ++rate) {
      for (int a = -127; a < 128; ++a) {
        const int down = kAdaptation[16 + ((-a) >> 3)] >> rate;
        const int up = kAdaptation[16 + (a >> 3)] >> rate;
        next_a[rate - 4][0][a + kOffsetA] = static_cast<std::uint8_t>(a - down + kOffsetA);
        next_a[rate - 4][1][a + kOffsetA] = static_cast<std::uint8_t>(a + up + kOffsetA);
      }
    }
    // (-b) >> 7 = -((b + 127) >> 7)
    for (int rate = 4; rate <= 6; ++rate) {
      for (int i = 0; i < 32; ++i) {
        step_b[rate - 4][0][i + 1] = static_cast<std::int16_t>(-(kAdaptation[31 - i] >> rate));
        step_b[rate - 4][1][i] = static_cast<std::int16_t>(kAdaptation[i] >> rate);
      }
    }
  }
};

// Where a model with the rates of a parameter set finds its moves for a bin.
constexpr std::int32_t first_next_a(const ParameterSet& p, int bin) {
  return 256 * (2 * (p.rate_a - 4) + bin);
}
// To be added to b before the shift by 7.
constexpr std::int32_t first_step_b(const ParameterSet& p, int bin) {
  return 128 * (33 * (2 * (p.rate_b - 4) + bin) + 16) + (bin == 0 ? 127 : 0);
}

}  // namespace aimc

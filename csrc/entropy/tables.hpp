// Normative tables of the binary arithmetic coder (NNC brief, section 18). Values are copied from the text.
#pragma once
#include <cstdint>

namespace aimc {

// LPS range: row (R >> 5) & 7, column q = |S >> 7| (18.1).
extern const std::uint8_t kLpsRange[8][32];

// Parameter sets of a context model (18.2): initial estimators and their adaptation rates.
struct ParameterSet {
  std::uint8_t rate_a;
  std::uint8_t rate_b;
  std::int16_t a0;
  std::int16_t b0;
};
constexpr int kParameterSets = 9;
extern const ParameterSet kParameterSet[kParameterSets];

// Adaptation step before the rate shift (18.3), index 16 + ((+-a) >> 3) or 16 + ((+-b) >> 7).
extern const std::uint16_t kAdaptation[32];

}  // namespace aimc

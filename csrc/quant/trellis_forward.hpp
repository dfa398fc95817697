// The forward pass of the trellis (15.4): least cost of reaching each of the 8 states, position by position.
//
// Every state has two predecessors: one whose branch has even parity (the multiple of the matching residue class, or
// zero) and one of odd parity (a multiple only). So three branches lead into a state; they are compared in the order of
// 15.4 and a later one must be strictly cheaper. All paths do the same binary64 operations in the same order.
#pragma once
#include <cstdint>

#include "base/cpu.hpp"
#include "base/inline.hpp"

namespace aimc {

constexpr int kTrellisStates = 8;
constexpr std::uint8_t kTakeZero = 4;

// Branches into each state, in the order of comparison: from where, and which residue class mod 4 the multiple has.
struct TrellisBranch {
  std::uint8_t from;
  std::uint8_t take;  // residue class, or kTakeZero
};
inline constexpr TrellisBranch kTrellisBranch[kTrellisStates][3] = {
    {{0, 0}, {0, kTakeZero}, {4, 2}}, {{2, 0}, {2, kTakeZero}, {6, 2}}, {{0, 2}, {4, 0}, {4, kTakeZero}},
    {{2, 2}, {6, 0}, {6, kTakeZero}}, {{3, 1}, {7, 3}, {7, kTakeZero}}, {{1, 1}, {5, 3}, {5, kTakeZero}},
    {{3, 3}, {3, kTakeZero}, {7, 1}}, {{1, 3}, {1, kTakeZero}, {5, 1}},
};

// Least of the four multiples that are tried for a value of t steps; t is far below 2^31.
AIMC_INLINE std::int32_t first_multiple(double t) {
  const auto whole = static_cast<std::int32_t>(t);
  return whole > 2 ? whole - 1 : 1;
}

// Adds n positions to `costs`. A decision has bit s where the second branch into state s beats the first, and bit 8 + s
// where the third beats both.
using TrellisForward = void (*)(const float* x, std::uint64_t n, double inverse, double* costs,
                                std::uint16_t* decisions);
TrellisForward trellis_forward(Isa isa);

}  // namespace aimc

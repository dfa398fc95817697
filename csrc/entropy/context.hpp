// The adaptive probability model of one context (section 8) and the numbering of contexts (section 6).
#pragma once
#include <cstdint>

#include "entropy/tables.hpp"

namespace aimc {

// Two estimators with their own rates; S = b + 16 a decides the more probable symbol and the LPS range column.
struct ContextModel {
  std::int16_t a = 0;
  std::int16_t b = 0;
  std::uint8_t rate_a = 5;
  std::uint8_t rate_b = 4;

  void init(int id) {
    const ParameterSet& p = kParameterSet[id];
    a = p.a0;
    b = p.b0;
    rate_a = p.rate_a;
    rate_b = p.rate_b;
  }
  int state() const { return b + 16 * a; }
  int column() const {
    const int q = state() >> 7;
    return q < 0 ? -q : q;
  }
  int mps() const { return state() >= 0 ? 1 : 0; }

  // 8.3: both shifts of the possibly negative product are arithmetic.
  void update(int bin) {
    if (bin != 0) {
      a = static_cast<std::int16_t>(a + (kAdaptation[16 + (a >> 3)] >> rate_a));
      b = static_cast<std::int16_t>(b + (kAdaptation[16 + (b >> 7)] >> rate_b));
    } else {
      a = static_cast<std::int16_t>(a - (kAdaptation[16 + ((-a) >> 3)] >> rate_a));
      b = static_cast<std::int16_t>(b - (kAdaptation[16 + ((-b) >> 7)] >> rate_b));
    }
  }
};

// Context indices for N = unary_length greater-than flags (section 6).
struct ContextLayout {
  static constexpr int kSig = 0;
  static constexpr int kSigTemporal = 24;
  static constexpr int kSigHistory = 40;
  static constexpr int kSign = 48;
  static constexpr int kSignTemporal = 51;
  static constexpr int kGreater = 53;

  int unary_length;

  int greater_temporal() const { return kGreater + 2 * unary_length; }
  int remainder() const { return kGreater + 4 * unary_length; }
  int shift() const { return remainder() + 34; }
  int row_skip() const { return remainder() + 36; }
  int count() const { return remainder() + 37; }
};
constexpr int kMaxUnaryLength = 256;
constexpr int kMaxContexts = ContextLayout::kGreater + 4 * kMaxUnaryLength + 37;
constexpr int kRemainderContexts = 31;  // 32 in the dialect of NNCodec 1

// Trellis of dependent quantisation (10.3): next state by parity of the level.
constexpr std::uint8_t kNextState[8][2] = {{0, 2}, {7, 5}, {1, 3}, {6, 4}, {2, 0}, {5, 7}, {3, 1}, {4, 6}};

}  // namespace aimc

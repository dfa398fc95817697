// The arithmetic decoder of section 9.2 and the context models of section 8, in all lanes of a vector at once.
#pragma once
#include "payload/lane_vectors.hpp"

#if AIMC_X86
#include <cstdint>
#include <cstring>

#include "entropy/context.hpp"

namespace aimc {

// V holds O (9 bits) and the bits that follow it.
constexpr int kValueBits = 16;
constexpr int kFractionBits = kValueBits - 9;

// One context of all lanes.
template <class W>
struct alignas(64) ContextRow {
  std::int16_t a[W::kLanes];
  std::int16_t b[W::kLanes];
  std::uint16_t rate_a[W::kLanes];
  std::uint16_t rate_b[W::kLanes];
};

// The same in registers.
template <class W>
struct Models {
  typename W::Vector a;
  typename W::Vector b;
  typename W::Vector rate_a;
  typename W::Vector rate_b;
};

// Decoder registers of all lanes: R; V; the bits after those of V in two words, `valid` of them; the byte offset of
// what comes then; the trellis state; the neighbour classes 1 and 2.
template <class W>
struct Registers {
  typename W::Vector range;
  typename W::Vector value;
  typename W::Vector high;
  typename W::Vector low;
  typename W::Vector valid;
  __m512i next[W::kHalves];
  typename W::Vector state;
  typename W::Mask negative;
  typename W::Mask positive;
};

struct alignas(64) LaneTables {
  std::uint8_t lps[256];         // 18.1
  std::uint8_t lps_shift[256];   // shifts that bring an LPS range back to 9 bits
  std::uint16_t adaptation[32];  // 18.3, index modulo 32
  std::uint16_t next_state[32];  // by 2 * state + parity
  LaneTables() : lps(), lps_shift(), adaptation(), next_state() {
    for (int row = 0; row < 8; ++row) std::memcpy(lps + 32 * row, kLpsRange[row], 32);
    for (int i = 0; i < 256; ++i) lps_shift[i] = static_cast<std::uint8_t>(__builtin_clz(lps[i]) - 23);
    for (int i = -16; i < 16; ++i) adaptation[i & 31] = kAdaptation[16 + i];
    for (unsigned i = 0; i < 16; ++i) next_state[i] = kNextState[i / 2][i % 2];
  }
};
inline const LaneTables kLaneTables;

template <class W>
AIMC_LANE Models<W> load_models(const ContextRow<W>& row) {
  return {W::load(row.a), W::load(row.b), W::load(row.rate_a), W::load(row.rate_b)};
}

// `other` in the lanes of `mask`.
template <class W>
AIMC_LANE Models<W> blend(const Models<W>& m, typename W::Mask mask, const ContextRow<W>& other) {
  return {W::choose(m.a, mask, W::load(other.a)), W::choose(m.b, mask, W::load(other.b)),
          W::choose(m.rate_a, mask, W::load(other.rate_a)), W::choose(m.rate_b, mask, W::load(other.rate_b))};
}

template <class W>
AIMC_LANE void store_models(ContextRow<W>& row, typename W::Mask mask, const Models<W>& m) {
  W::store(row.a, W::choose(W::load(row.a), mask, m.a));
  W::store(row.b, W::choose(W::load(row.b), mask, m.b));
}

// 8.3 for one estimator; the index is that of the estimator with the sign of the bin.
template <class W>
AIMC_LANE typename W::Vector adapt(typename W::Vector estimator, typename W::Mask zeros, typename W::Vector rate,
                                   typename W::Vector index) {
  const auto step = W::shift_right_by(W::table_of_32(kLaneTables.adaptation, index), rate);
  return W::sub_where(W::add(estimator, step), zeros, estimator, step);
}

template <class W>
AIMC_LANE void update(Models<W>& m, typename W::Mask bins) {
  const auto zeros = W::invert(bins);
  const auto signed_a = W::sub_where(m.a, zeros, W::zero(), m.a);
  const auto signed_b = W::sub_where(m.b, zeros, W::zero(), m.b);
  m.a = adapt<W>(m.a, zeros, m.rate_a, W::shift_right_signed(signed_a, 3));
  m.b = adapt<W>(m.b, zeros, m.rate_b, W::shift_right_signed(signed_b, 7));
}

template <class W>
AIMC_LANE void shift(Registers<W>& r, typename W::Vector n) {
  r.value = W::shift_in_by(r.value, r.high, n);
  r.high = W::shift_in_by(r.high, r.low, n);
  r.low = W::shift_left_by(r.low, n);
  r.valid = W::sub(r.valid, n);
}

// One context bin in the lanes of `active`; the models are updated in all lanes.
template <class W>
AIMC_LANE typename W::Mask context_bins(Registers<W>& r, Models<W>& m, typename W::Mask active) {
  const auto state = W::add(m.b, W::shift_left(m.a, 4));
  const auto zero_is_mps = W::negative(state);
  const auto column = W::absolute(W::shift_right_signed(state, 7));
  const auto index = W::and_or(r.range, W::set1(0xE0), column);
  const auto lps_range = W::table_of_256(kLaneTables.lps, index);
  const auto mps_range = W::sub_where(r.range, active, r.range, lps_range);
  const auto border = W::shift_left(mps_range, kFractionBits);
  // Both outcomes are renormalised before it is known which one it is: that keeps the chain from bin to bin short.
  const auto lps_shift = W::table_of_256(kLaneTables.lps_shift, index);
  const auto below = W::no_bit(mps_range, W::set1(0x100));
  const auto lps_renormalised = W::shift_left_by(lps_range, lps_shift);
  const auto mps_renormalised = W::add_where(mps_range, below, mps_range, mps_range);
  const auto lps = W::at_least(active, r.value, border);
  r.value = W::sub_where(r.value, lps, r.value, border);
  r.range = W::choose(mps_renormalised, lps, lps_renormalised);
  shift<W>(r, W::choose(W::keep(below, W::set1(1)), lps, lps_shift));
  const auto bins = W::both(W::equal(lps, zero_is_mps), active);
  update<W>(m, bins);
  return bins;
}

// One bypass bin in the lanes of `active`: O against R / 2 with one more bit looked at.
template <class W>
AIMC_LANE typename W::Mask bypass_bins(Registers<W>& r, typename W::Mask active) {
  const auto half = W::shift_left(r.range, kFractionBits - 1);
  const auto bins = W::at_least(active, r.value, half);
  r.value = W::sub_where(r.value, bins, r.value, half);
  shift<W>(r, W::keep(active, W::set1(1)));
  return bins;
}

}  // namespace aimc
#endif

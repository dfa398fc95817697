// Decoding of runs of levels: the binarization of section 7 with the context choice of section 6.
//
// A run is a stretch of positions that follow each other both in coding order and in memory. Two bodies: the plain one
// for tensors without codebook, temporal or history contexts, and the extended one for everything.
#pragma once
#include <cstdint>
#include <limits>
#include <utility>

#include "base/inline.hpp"
#include "entropy/bin_decoder.hpp"
#include "entropy/context.hpp"

namespace aimc {

// What a run leaves to the next one of the same tensor.
struct LevelState {
  unsigned neighbour = 0;  // class of the level before: 0 zero or none, 1 negative, 2 positive
  unsigned dq_state = 0;   // trellis state (10.3)
};

// Limits of a codebook's indices around its zero; size 0 means no codebook.
struct IndexRange {
  std::uint32_t size = 0;
  std::uint32_t zero = 0;

  bool one_sided() const { return size > 0 && (zero == 0 || zero + 1 == size); }
  std::uint64_t limit(bool negative) const {
    if (size == 0) return std::numeric_limits<std::uint64_t>::max();
    return negative ? zero : size - 1 - zero;
  }
  std::uint32_t max_abs() const { return zero > size - 1 - zero ? zero : size - 1 - zero; }
};

// Most prefix bins of a remainder (section 7).
constexpr int kMaxRemainderPrefix = 31;

// Remainder beyond the greater flags: prefix bins in contexts, then `rem` bypass bins. Adds to `abs`. `rem` is the
// number of prefix bins already taken into account.
template <class Tracer>
AIMC_INLINE std::uint64_t decode_remainder(BinDecoder<Tracer>& d, DecoderContext* contexts, int first_context,
                                           int prefix_limit, std::uint64_t abs, std::uint64_t limit, int rem = 0) {
  for (;;) {
    d.tracer.at(BinElement::rem_prefix, static_cast<std::uint64_t>(rem));
    if (d.context_bin(contexts[first_context + rem], first_context + rem) == 0) break;
    abs += std::uint64_t{1} << rem;
    ++rem;
    if (rem >= prefix_limit || abs + (std::uint64_t{1} << rem) > limit) break;
  }
  d.tracer.at(BinElement::rem_suffix, 0);
  return abs + d.bypass_bins(rem);
}

// The integer that a level stands for (10.3), and the next trellis state.
AIMC_INLINE std::int64_t doubled(std::int64_t level, unsigned& state) {
  const std::int64_t sign = (level > 0) - (level < 0);
  const std::int64_t w = 2 * level - sign * static_cast<std::int64_t>(state & 1);
  state = kNextState[state][static_cast<unsigned>(level) & 1];
  return w;
}

AIMC_INLINE bool fits_int32(std::int64_t v) {
  return v >= std::numeric_limits<std::int32_t>::min() && v <= std::numeric_limits<std::int32_t>::max();
}

// Decodes n levels; false if one does not fit 32 bits. `position` is the coding-order index of the first (for tracing).
template <class Tracer, bool kDq>
AIMC_INLINE bool decode_plain_run(BinDecoder<Tracer>& decoder, DecoderContext* contexts, const ContextLayout& layout,
                                  LevelState& state, std::int32_t* out, std::uint64_t n, std::uint64_t position) {
  // A local copy whose address does not escape lives in registers.
  BinDecoder<Tracer> d = std::move(decoder);
  const int unary_length = layout.unary_length;
  const int remainder = layout.remainder();
  unsigned neighbour = state.neighbour;
  unsigned s = kDq ? state.dq_state : 0;
  bool fits = true;
  for (std::uint64_t i = 0; i < n; ++i) {
    d.tracer.level(position + i);
    const int sig = ContextLayout::kSig + static_cast<int>(3 * s + neighbour);
    d.tracer.at(BinElement::sig_flag, 0);
    if (d.context_bin(contexts[sig], sig) == 0) {
      out[i] = 0;
      neighbour = 0;
      if (kDq) s = kNextState[s][0];
      continue;
    }
    const int sign_context = ContextLayout::kSign + static_cast<int>(neighbour);
    d.tracer.at(BinElement::sign_flag, 0);
    const int negative = d.context_bin(contexts[sign_context], sign_context);
    neighbour = static_cast<unsigned>(2 - negative);
    std::uint64_t abs = 1;
    int greater = ContextLayout::kGreater + negative;
    const int greater_end = greater + 2 * unary_length;
    for (;;) {
      d.tracer.at(BinElement::abs_level_greater, abs - 1);
      if (d.context_bin(contexts[greater], greater) == 0) break;
      ++abs;
      greater += 2;
      if (greater == greater_end) {
        abs = decode_remainder(d, contexts, remainder, kMaxRemainderPrefix, abs,
                               std::numeric_limits<std::uint64_t>::max());
        break;
      }
    }
    const std::int64_t level = negative != 0 ? -static_cast<std::int64_t>(abs) : static_cast<std::int64_t>(abs);
    const std::int64_t value = kDq ? doubled(level, s) : level;
    fits &= fits_int32(value);
    out[i] = static_cast<std::int32_t>(value);
  }
  decoder = std::move(d);
  state.neighbour = neighbour;
  if (kDq) state.dq_state = s;
  return fits;
}

// What the extended body needs beyond the plain one. Pointers are at the first position of the run, or null.
struct ExtendedRun {
  IndexRange index_range;
  int remainder_prefix_limit = kMaxRemainderPrefix;
  bool dq = false;
  const std::int32_t* reference = nullptr;
  const std::uint8_t* history = nullptr;
};

template <class Tracer>
bool decode_extended_run(BinDecoder<Tracer>& d, DecoderContext* contexts, const ContextLayout& layout,
                         const ExtendedRun& run, LevelState& state, std::int32_t* out, std::uint64_t n,
                         std::uint64_t position) {
  const int unary_length = layout.unary_length;
  bool fits = true;
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::int64_t reference = run.reference != nullptr ? run.reference[i] : 0;
    const std::int64_t abs_reference = reference < 0 ? -reference : reference;
    const unsigned s = run.dq ? state.dq_state : 0;
    d.tracer.level(position + i);
    int context = ContextLayout::kSig + static_cast<int>(3 * s + state.neighbour);
    if (run.history != nullptr && run.history[i] != 0) {
      context = ContextLayout::kSigHistory + static_cast<int>(s);
    } else if (reference != 0) {
      context = ContextLayout::kSigTemporal + static_cast<int>(2 * s) + (abs_reference > 1 ? 1 : 0);
    }
    d.tracer.at(BinElement::sig_flag, 0);
    std::int64_t level = 0;
    if (run.index_range.size != 1 && d.context_bin(contexts[context], context) != 0) {
      bool negative = run.index_range.zero != 0;
      if (!run.index_range.one_sided()) {
        context = ContextLayout::kSign + static_cast<int>(state.neighbour);
        if (reference != 0) context = ContextLayout::kSignTemporal + (reference > 0 ? 1 : 0);
        d.tracer.at(BinElement::sign_flag, 0);
        negative = d.context_bin(contexts[context], context) != 0;
      }
      const std::uint64_t limit = run.index_range.limit(negative);
      std::uint64_t abs = 1;
      int flag = limit > 1 ? 1 : 0;
      for (int j = 0; flag == 1 && j < unary_length && abs < limit; ++j) {
        context = ContextLayout::kGreater + 2 * j + (negative ? 1 : 0);
        if (reference != 0) context = layout.greater_temporal() + 2 * j + (abs_reference >= j ? 0 : 1);
        d.tracer.at(BinElement::abs_level_greater, static_cast<std::uint64_t>(j));
        flag = d.context_bin(contexts[context], context);
        abs += static_cast<std::uint64_t>(flag);
      }
      if (flag == 1 && abs < limit) {
        abs = decode_remainder(d, contexts, layout.remainder(), run.remainder_prefix_limit, abs, limit);
      }
      level = negative ? -static_cast<std::int64_t>(abs) : static_cast<std::int64_t>(abs);
    }
    state.neighbour = level == 0 ? 0 : (level < 0 ? 1 : 2);
    const std::int64_t value = run.dq ? doubled(level, state.dq_state) : level;
    fits &= fits_int32(value);
    out[i] = static_cast<std::int32_t>(value);
  }
  return fits;
}

}  // namespace aimc

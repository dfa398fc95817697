#include "entropy/binarize.hpp"

#include <algorithm>
#include <cstring>

namespace aimc {
namespace {

constexpr int kLargestShort = 14;

// The bins of a level that needs no remainder. What follows the sign does not depend on anything else.
struct ShortLevel {
  Symbol greater[16] = {};
  std::uint8_t significant = 0;  // sig_flag
  std::uint8_t negative = 0;     // sign_flag
  std::uint8_t neighbour = 0;    // class for the next level
  std::uint8_t symbols = 0;      // all bins of the level
};
struct ShortLevels {
  ShortLevel level[2 * kLargestShort + 1];
  constexpr ShortLevels() : level() {
    for (int v = -kLargestShort; v <= kLargestShort; ++v) {
      ShortLevel& s = level[v + kLargestShort];
      const int abs = v < 0 ? -v : v;
      const int negative = v < 0 ? 1 : 0;
      for (int j = 0; j < abs; ++j) {
        s.greater[j] = make_symbol(ContextLayout::kGreater + 2 * j + negative, j + 1 < abs ? 1 : 0);
      }
      s.significant = abs > 0 ? 1 : 0;
      s.negative = static_cast<std::uint8_t>(negative);
      s.neighbour = static_cast<std::uint8_t>(abs == 0 ? 0 : 2 - negative);
      s.symbols = static_cast<std::uint8_t>(abs == 0 ? 1 : 2 + abs);
    }
  }
};
constexpr ShortLevels kShortLevels;

}  // namespace

Binarizer::Binarizer(int unary_length, std::uint32_t codebook_size, std::uint32_t codebook_zero)
    : layout_{unary_length},
      codebook_size_(codebook_size),
      codebook_zero_(codebook_zero),
      largest_short_(static_cast<std::uint32_t>(std::min(unary_length, kLargestShort))) {
  for (int j = 0; j < kMaxUnaryLength; ++j) {
    for (int negative = 0; negative < 2; ++negative) {
      greater_ones_[negative][j] = make_symbol(ContextLayout::kGreater + 2 * j + negative, 1);
    }
  }
  for (int j = 0; j < 32; ++j) prefix_ones_[j] = make_symbol(layout_.remainder() + j, 1);
  for (int bits = 0; bits < 256; ++bits) {
    for (int j = 0; j < 8; ++j) bypass_[bits][j] = make_symbol(bypass_context(layout_), (bits >> (7 - j)) & 1);
  }
}

std::size_t Binarizer::append(const LevelSpan& span, BinBuffer& bins) {
  const bool plain = codebook_size_ == 0 && span.reference == nullptr && span.history == nullptr;
  return plain ? append_plain(span, bins) : append_extended(span, bins);
}

std::size_t Binarizer::append_plain(const LevelSpan& span, BinBuffer& bins) {
  unsigned neighbour = neighbour_;
  std::size_t i = 0;
  for (; i < span.count && !bins.full(); ++i) {
    const std::int32_t level = span.levels[i];
    Symbol* out = bins.symbols + bins.count;
    const int sig = ContextLayout::kSig + static_cast<int>(3 * span.states[i] + neighbour);
    const int sign = ContextLayout::kSign + static_cast<int>(neighbour);
    const std::uint32_t abs = magnitude(level);
    if (__builtin_expect(abs <= largest_short_, 1)) {
      const ShortLevel& s = kShortLevels.level[level + kLargestShort];
      out[0] = make_symbol(sig, s.significant);
      out[1] = make_symbol(sign, s.negative);
      std::memcpy(out + 2, s.greater, sizeof(s.greater));
      bins.count += s.symbols;
      neighbour = s.neighbour;
    } else {
      const bool negative = level < 0;
      out[0] = make_symbol(sig, 1);
      out[1] = make_symbol(sign, negative ? 1 : 0);
      bins.count = static_cast<std::size_t>(append_large(abs, negative, out + 2) - bins.symbols);
      neighbour = negative ? 1 : 2;
    }
  }
  neighbour_ = neighbour;
  return i;
}

// Greater flags and remainder of a level that is not in the table; returns the end. Bins are copied in blocks of fixed
// size, so that their numbers cost no branches.
Symbol* Binarizer::append_large(std::uint32_t abs, bool negative, Symbol* out) const {
  constexpr std::uint32_t kBlock = 16;
  const auto unary = static_cast<std::uint32_t>(layout_.unary_length);
  const std::uint32_t ones = std::min(abs - 1, unary);
  const Symbol* greater = greater_ones_[negative ? 1 : 0];
  for (std::uint32_t j = 0; j < ones; j += kBlock) std::memcpy(out + j, greater + j, kBlock * sizeof(Symbol));
  out += ones;
  if (ones < unary) {
    *out++ = static_cast<Symbol>(greater[ones] - kSymbolOne);
    return out;
  }
  const std::uint32_t rest = abs - unary;  // remainder + 1: its logarithm is the prefix, what is below the suffix
  const int prefix = 31 - __builtin_clz(rest);
  std::memcpy(out, prefix_ones_, sizeof(prefix_ones_));
  out += prefix;
  *out++ = static_cast<Symbol>(prefix_ones_[prefix] - kSymbolOne);
  return append_bypass(rest - (1U << prefix), prefix, out);
}

// The low `n` bits, n <= 31, the first one most significant.
Symbol* Binarizer::append_bypass(std::uint32_t bits, int n, Symbol* out) const {
  const std::uint32_t aligned = static_cast<std::uint32_t>(std::uint64_t{bits} << (32 - n));
  for (int j = 0; j < n; j += 8) std::memcpy(out + j, bypass_[(aligned << j) >> 24], sizeof(bypass_[0]));
  return out + n;
}

std::size_t Binarizer::append_extended(const LevelSpan& span, BinBuffer& bins) {
  if (codebook_size_ == 1) return span.count;
  const bool one_sided = codebook_size_ > 0 && (codebook_zero_ == 0 || codebook_zero_ + 1 == codebook_size_);
  std::size_t i = 0;
  for (; i < span.count && !bins.full(); ++i) {
    const std::int32_t level = span.levels[i];
    const std::int64_t reference = span.reference != nullptr ? span.reference[i] : 0;
    const std::int64_t abs_reference = reference < 0 ? -reference : reference;
    const int state = span.states[i];
    Symbol* out = bins.symbols + bins.count;
    int context = ContextLayout::kSig + 3 * state + static_cast<int>(neighbour_);
    if (span.history != nullptr && span.history[i] != 0) {
      context = ContextLayout::kSigHistory + state;
    } else if (reference != 0) {
      context = ContextLayout::kSigTemporal + 2 * state + (abs_reference > 1 ? 1 : 0);
    }
    *out++ = make_symbol(context, level != 0 ? 1 : 0);
    if (level != 0) {
      const bool negative = level < 0;
      if (!one_sided) {
        context = ContextLayout::kSign + static_cast<int>(neighbour_);
        if (reference != 0) context = ContextLayout::kSignTemporal + (reference > 0 ? 1 : 0);
        *out++ = make_symbol(context, negative ? 1 : 0);
      }
      const std::uint64_t abs = magnitude(level);
      const std::uint64_t most = limit(negative);
      std::uint64_t reached = 1;
      for (int j = 0; j < layout_.unary_length && reached == static_cast<std::uint64_t>(j) + 1 && reached < most; ++j) {
        context = ContextLayout::kGreater + 2 * j + (negative ? 1 : 0);
        if (reference != 0) context = layout_.greater_temporal() + 2 * j + (abs_reference >= j ? 0 : 1);
        *out++ = make_symbol(context, abs > reached ? 1 : 0);
        reached += abs > reached ? 1 : 0;
      }
      if (reached == static_cast<std::uint64_t>(layout_.unary_length) + 1 && reached < most) {
        int prefix = 0;
        std::uint64_t group = 1;
        bool more = true;
        while (more && (prefix == 0 || reached + group <= most)) {
          more = abs >= reached + group;
          *out++ = make_symbol(layout_.remainder() + prefix, more ? 1 : 0);
          if (!more) break;
          reached += group;
          group <<= 1;
          ++prefix;
        }
        out = append_bypass(static_cast<std::uint32_t>(abs - reached), prefix, out);
      }
    }
    bins.count = static_cast<std::size_t>(out - bins.symbols);
    neighbour_ = level == 0 ? 0 : (level < 0 ? 1 : 2);
  }
  return i;
}

}  // namespace aimc

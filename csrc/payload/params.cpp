#include "payload/params.hpp"

#include <algorithm>

namespace aimc {
namespace {

// Greater-than contexts that a codebook of largest magnitude `max_abs` can reach: pairs of contexts from `first` on.
ContextRange greater_contexts(int first, int unary_length, std::int64_t reachable) {
  const std::int64_t count = std::clamp<std::int64_t>(reachable, 0, 2 * unary_length);
  return {first, first + static_cast<int>(count)};
}

// lim(a) < max_abs with lim(a) = N - 1 + 2^(a + 1) - 1.
int remainder_contexts(int all, int unary_length, std::int64_t max_abs) {
  int count = 0;
  while (count < all && unary_length - 2 + (std::int64_t{1} << (count + 1)) < max_abs) ++count;
  return count;
}

}  // namespace

HeapVector<ContextRange> parameter_set_contexts(const TensorParams& t, Dialect dialect, bool history_enabled) {
  const ContextLayout layout{t.unary_length};
  const bool codebook = t.codebook && t.codebook_size > 0;
  const std::int64_t zero = t.codebook_zero;
  const std::int64_t last = static_cast<std::int64_t>(t.codebook_size) - 1;
  const std::int64_t max_abs = std::max(zero, last - zero);
  const bool significance = !codebook || last > 0;
  const bool sign = significance && !(codebook && (zero == 0 || zero == last));
  const int all_remainder = dialect == Dialect::edition1_rem32 ? kRemainderContexts + 1 : kRemainderContexts;
  const int n = t.unary_length;

  HeapVector<ContextRange> ranges;
  if (significance) {
    ranges.push_back({ContextLayout::kSig, ContextLayout::kSig + (t.dq ? 24 : 3)});
    if (t.temporal) ranges.push_back({ContextLayout::kSigTemporal, ContextLayout::kSigTemporal + (t.dq ? 16 : 2)});
    if (history_enabled) ranges.push_back({ContextLayout::kSigHistory, ContextLayout::kSigHistory + (t.dq ? 8 : 1)});
  }
  if (sign) ranges.push_back({ContextLayout::kSign, ContextLayout::kSign + (t.temporal ? 5 : 3)});
  ranges.push_back(greater_contexts(ContextLayout::kGreater, n, codebook ? 2 * max_abs : 2 * n));
  if (t.temporal) {
    ranges.push_back(greater_contexts(layout.greater_temporal(), n, codebook ? 2 * (max_abs - 1) : 2 * n));
  }
  const int remainder = codebook ? remainder_contexts(all_remainder, n, max_abs) : all_remainder;
  ranges.push_back({layout.remainder(), layout.remainder() + remainder});
  return ranges;
}

}  // namespace aimc

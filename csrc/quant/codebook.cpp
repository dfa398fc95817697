#include "quant/codebook.hpp"

#include <algorithm>
#include <limits>

namespace aimc {
namespace {

// Spans of values up to this one are handled by a table.
constexpr std::int64_t kTableSpan = std::int64_t{1} << 16;
constexpr std::int32_t kMissing = std::numeric_limits<std::int32_t>::min();

bool collect_by_table(const std::int32_t* q, std::uint64_t n, std::int32_t least, std::int64_t span, std::size_t most,
                      std::vector<std::int32_t>& distinct) {
  std::vector<std::uint8_t> present(static_cast<std::size_t>(span));
  for (std::uint64_t i = 0; i < n; ++i) present[static_cast<std::size_t>(std::int64_t{q[i]} - least)] = 1;
  for (std::int64_t v = 0; v < span; ++v) {
    if (present[static_cast<std::size_t>(v)] == 0) continue;
    if (distinct.size() == most) return false;
    distinct.push_back(static_cast<std::int32_t>(v + least));
  }
  return true;
}

bool collect_by_search(const std::int32_t* q, std::uint64_t n, std::size_t most, std::vector<std::int32_t>& distinct) {
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), q[i]);
    if (at != distinct.end() && *at == q[i]) continue;
    if (distinct.size() == most) return false;
    distinct.insert(at, q[i]);
  }
  return true;
}

// Index minus zero by value - least.
std::vector<std::int32_t> index_table(const std::vector<std::int32_t>& codebook, std::int64_t span,
                                      std::uint32_t zero) {
  std::vector<std::int32_t> table(static_cast<std::size_t>(span), kMissing);
  for (std::size_t i = 0; i < codebook.size(); ++i) {
    table[static_cast<std::size_t>(std::int64_t{codebook[i]} - codebook.front())] =
        static_cast<std::int32_t>(static_cast<std::int64_t>(i) - zero);
  }
  return table;
}

}  // namespace

bool distinct_integers(const std::int32_t* q, std::uint64_t n, std::size_t most, std::vector<std::int32_t>& distinct) {
  distinct.clear();
  if (n == 0) return true;
  const auto [least, largest] = std::minmax_element(q, q + n);
  const std::int64_t span = std::int64_t{*largest} - *least + 1;
  if (span <= kTableSpan) return collect_by_table(q, n, *least, span, most, distinct);
  return collect_by_search(q, n, most, distinct);
}

bool look_up_indices(const std::int32_t* q, std::uint64_t n, const std::vector<std::int32_t>& codebook,
                     std::uint32_t zero, std::int32_t* indices) {
  if (codebook.empty()) return n == 0;
  const std::int64_t least = codebook.front();
  const std::int64_t span = codebook.back() - least + 1;
  if (span <= kTableSpan) {
    const std::vector<std::int32_t> table = index_table(codebook, span, zero);
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::int64_t offset = q[i] - least;
      if (offset < 0 || offset >= span) return false;
      indices[i] = table[static_cast<std::size_t>(offset)];
      if (indices[i] == kMissing) return false;
    }
    return true;
  }
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto at = std::lower_bound(codebook.begin(), codebook.end(), q[i]);
    if (at == codebook.end() || *at != q[i]) return false;
    indices[i] = static_cast<std::int32_t>(at - codebook.begin() - static_cast<std::int64_t>(zero));
  }
  return true;
}

}  // namespace aimc

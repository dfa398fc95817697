#include "lossless/histogram.hpp"

#include <algorithm>
#include <cstring>

#include "lossless/format.hpp"

namespace aimc::lossless {
namespace {

// log2 of 1 to 256 in units of 2^-16, by squaring: one bit of the result at a time.
constexpr std::uint32_t fixed_log2(std::uint32_t value) {
  std::uint32_t whole = 0;
  while (value >> (whole + 1) != 0) ++whole;
  std::uint64_t x = static_cast<std::uint64_t>(value) << (31 - whole);  // in [1, 2) with 31 bits after the point
  std::uint32_t result = whole;
  for (int bit = 0; bit < kCostShift; ++bit) {
    x = x * x >> 31;
    result <<= 1;
    if (x >> 32 != 0) {
      x >>= 1;
      result |= 1;
    }
  }
  return result;
}

struct LogTable {
  std::uint32_t of[kSlots + 1] = {};
  constexpr LogTable() {
    for (std::uint32_t i = 1; i <= kSlots; ++i) of[i] = fixed_log2(i);
  }
};
constexpr LogTable kLog2;

struct Entry {
  std::uint32_t count;
  std::uint32_t frequency;
};

// Brings the sum of the frequencies to 256, at the least cost a step.
void balance(Entry* entries, std::size_t size) {
  std::uint32_t sum = 0;
  for (std::size_t k = 0; k < size; ++k) sum += entries[k].frequency;
  while (sum != kSlots) {
    const bool grow = sum < kSlots;
    std::size_t best = size;
    std::uint64_t best_change = 0;
    for (std::size_t k = 0; k < size; ++k) {
      const std::uint32_t f = entries[k].frequency;
      if (!grow && f == 1) continue;
      const std::uint64_t change = static_cast<std::uint64_t>(entries[k].count) *
                                   (grow ? kLog2.of[f + 1] - kLog2.of[f] : kLog2.of[f] - kLog2.of[f - 1]);
      if (best == size || (grow ? change > best_change : change < best_change)) {
        best = k;
        best_change = change;
      }
    }
    entries[best].frequency += grow ? 1U : ~0U;
    sum += grow ? 1U : ~0U;
  }
}

std::uint32_t nearest_frequency(std::uint64_t count, std::uint64_t total) {
  const std::uint64_t f = (count * kSlots + total / 2) / total;
  return static_cast<std::uint32_t>(f < 1 ? 1 : f > kSlots - 1 ? kSlots - 1 : f);
}

}  // namespace

namespace {

// Four tables, so that equal neighbours do not wait for each other.
class Counts {
 public:
  void add(const std::uint8_t* bytes, std::size_t count) {
    std::size_t i = 0;
    for (; i + 8 <= count; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, bytes + i, 8);
      for (int j = 0; j < 8; ++j) ++part_[static_cast<std::size_t>(j & 3)][word >> (8 * j) & 0xFF];
    }
    for (; i < count; ++i) ++part_[0][bytes[i]];
  }

  Histogram result() const {
    Histogram h;
    for (std::size_t v = 0; v < kSlots; ++v) {
      h.count[v] = part_[0][v] + part_[1][v] + part_[2][v] + part_[3][v];
      h.total += h.count[v];
    }
    return h;
  }

 private:
  std::array<std::array<std::uint32_t, kSlots>, 4> part_{};
};

}  // namespace

Histogram count_bytes(const std::uint8_t* bytes, std::size_t count) {
  Counts counts;
  counts.add(bytes, count);
  return counts.result();
}

Histogram sample_bytes(const std::uint8_t* bytes, std::size_t count, std::size_t stride) {
  Counts counts;
  for (std::size_t i = 0; i + 64 <= count; i += stride) counts.add(bytes + i, 64);
  return counts.result();
}

namespace {

TableChoice table_of_frequent(const Histogram& histogram, int depth, std::uint32_t least);

std::uint64_t cost_of_escapes(const Histogram& rare, int depth) {
  const std::uint64_t raw = rare.total * 8 << kCostShift;
  return depth > kMaxDepth ? raw : std::min(raw, table_of_frequent(rare, depth, depth < kMaxDepth ? 1 : 0).cost);
}

// The table that keeps the values whose share is at least `least` / 512.
TableChoice table_of_frequent(const Histogram& histogram, int depth, std::uint32_t least) {
  std::array<Entry, kSlots + 1> entries{};
  std::array<std::uint8_t, kSlots> symbols{};
  std::size_t kept = 0;
  Histogram rare;
  for (std::size_t v = 0; v < kSlots; ++v) {
    const std::uint32_t count = histogram.count[v];
    if (count == 0) continue;
    if (static_cast<std::uint64_t>(count) * 2 * kSlots < histogram.total * least) {
      rare.count[v] = count;
      rare.total += count;
    } else {
      symbols[kept] = static_cast<std::uint8_t>(v);
      entries[kept++] = {count, nearest_frequency(count, histogram.total)};
    }
  }
  TableChoice choice;
  choice.cost = histogram.total * 8 << kCostShift;
  std::size_t size = kept;
  std::uint64_t cost = 0;
  if (rare.total > 0) {
    entries[size++] = {static_cast<std::uint32_t>(rare.total), nearest_frequency(rare.total, histogram.total)};
    cost = cost_of_escapes(rare, depth + 1);
  }
  if (kept == 0 || kept == kSlots) return choice;
  balance(entries.data(), size);
  choice.table.escapes = rare.total > 0;
  choice.table.entries = static_cast<std::uint32_t>(size);
  std::uint32_t start = 0;
  for (std::size_t k = 0; k < size; ++k) {
    choice.table.symbol[k] = k < kept ? symbols[k] : std::uint8_t{0};
    choice.table.frequency[k] = static_cast<std::uint8_t>(entries[k].frequency);
    choice.table.start[k] = static_cast<std::uint8_t>(start);
    start += entries[k].frequency;
    cost += static_cast<std::uint64_t>(entries[k].count) * (kLog2.of[kSlots] - kLog2.of[entries[k].frequency]);
  }
  choice.cost = cost;
  return choice;
}

}  // namespace

TableChoice choose_table(const Histogram& histogram, int depth) {
  if (depth == kMaxDepth) return table_of_frequent(histogram, depth, 0);
  TableChoice best = table_of_frequent(histogram, depth, 1);
  // A few values that stand out of many that do not: the many are best left to the escapes.
  for (const std::uint32_t least : {3U, 5U}) {
    const TableChoice other = table_of_frequent(histogram, depth, least);
    if (other.cost < best.cost) best = other;
  }
  return best;
}

}  // namespace aimc::lossless

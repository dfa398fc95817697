#include "lossless/context_table.hpp"

namespace aimc::lossless {
namespace {

// A weight is a small floating-point number: three bits of mantissa below the exponent.
std::uint64_t weight_value(std::uint32_t weight) {
  return weight < 8 ? weight : static_cast<std::uint64_t>(8 + (weight & 7)) << ((weight >> 3) - 1);
}

// The weight whose value is nearest.
std::uint8_t nearest_weight(std::uint64_t value) {
  std::uint32_t weight = 0;
  while (2 * value > weight_value(weight) + weight_value(weight + 1)) ++weight;
  return static_cast<std::uint8_t>(weight);
}

std::uint32_t symbol_of(const ContextTable& table, std::uint32_t k) {
  return k == 0 ? 0 : table.first + k - 1;
}

// Every symbol has one slot, and its share of the others. False if all weights are 0.
bool share_slots(ContextTable* table) {
  std::uint64_t total = 0;
  for (std::uint32_t k = 0; k <= table->count; ++k) total += weight_value(table->weight[k]);
  if (total == 0) return false;
  const std::uint64_t shared = kContextSlots - (table->count + 1);
  std::uint64_t sum = 0;
  std::uint64_t start = 0;
  for (std::uint32_t k = 0; k <= table->count; ++k) {
    sum += weight_value(table->weight[k]);
    const std::uint64_t end = sum * shared / total + k + 1;
    const std::uint32_t symbol = symbol_of(*table, k);
    table->start[symbol] = static_cast<std::uint16_t>(start);
    table->frequency[symbol] = static_cast<std::uint16_t>(end - start);
    start = end;
  }
  return true;
}

// Whether a slot costs more than the escapes that it saves, at about 16 bits each.
bool is_rare(std::uint64_t count, std::uint64_t total) {
  return count * (16 * kContextSlots) <= total;
}

}  // namespace

ContextTable fit_table(SymbolCounts counts) {
  std::uint64_t total = 0;
  for (const std::uint32_t count : counts) total += count;
  ContextTable table;
  std::uint32_t end = kContextSymbols;
  while (end > table.first && is_rare(counts[end - 1], total)) counts[0] += counts[--end];
  while (table.first < end && is_rare(counts[table.first], total)) counts[0] += counts[table.first++];
  table.count = end - table.first;
  if (table.count == 0) table.first = 1;
  for (std::uint32_t k = 0; k <= table.count; ++k) {
    const std::uint64_t slots8 =
        total == 0 ? 0 : 8 * kContextSlots * std::uint64_t{counts[symbol_of(table, k)]} / total;
    table.weight[k] = nearest_weight(slots8 > 8 ? slots8 - 8 : 0);
  }
  if (!share_slots(&table)) {
    table.weight[0] = 1;
    share_slots(&table);
  }
  return table;
}

void write_table(const ContextTable& table, Bytes* out) {
  out->push_back(static_cast<std::uint8_t>(table.first));
  out->push_back(static_cast<std::uint8_t>(table.count));
  out->insert(out->end(), table.weight.begin(), table.weight.begin() + table.count + 1);
}

Status read_table(Cursor* in, ContextTable* table) {
  const Status at_range = in->error(Code::out_of_range, "the symbols of a context are not 1 to 63");
  const std::uint8_t* range = in->take(2);
  if (range == nullptr) return in->error(Code::truncated, "the data end before the table of a context");
  table->first = range[0];
  table->count = range[1];
  if (table->first == 0 || table->first + table->count > kContextSymbols) return at_range;
  const Status at_weights = in->error(Code::inconsistent, "all weights of a context are 0");
  const std::uint8_t* weights = in->take(table->count + 1);
  if (weights == nullptr) return in->error(Code::truncated, "the data end in the table of a context");
  std::copy(weights, weights + table->count + 1, table->weight.begin());
  return share_slots(table) ? Status{} : at_weights;
}

}  // namespace aimc::lossless

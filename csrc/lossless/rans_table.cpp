#include "lossless/rans_table.hpp"

namespace aimc::lossless {

Status read_table(Cursor* in, RansTable* table) {
  std::uint8_t count = 0;
  if (!in->u8(&count)) return in->error(Code::truncated, "the data end before the frequency table");
  const Status at_symbols = in->error(Code::malformed, "the symbols of a frequency table do not ascend");
  const std::uint8_t* symbols = in->take(count);
  const Status at_frequencies = in->error(Code::out_of_range, "a frequency is 0");
  const std::uint8_t* frequencies = in->take(count);
  std::uint8_t escape = 0;
  if (symbols == nullptr || frequencies == nullptr || !in->u8(&escape)) {
    return in->error(Code::truncated, "the data end in the frequency table");
  }
  const Status wrong_sum = fail(Code::inconsistent, at_frequencies.bit, "the frequencies do not add up to 256");
  unsigned sum = 0;
  for (unsigned k = 0; k < count; ++k) {
    if (k > 0 && symbols[k] <= symbols[k - 1]) return at_symbols;
    if (frequencies[k] == 0) return at_frequencies;
    if (sum >= kSlots) return wrong_sum;
    table->symbol[k] = symbols[k];
    table->frequency[k] = frequencies[k];
    table->start[k] = static_cast<std::uint8_t>(sum);
    sum += frequencies[k];
  }
  if (sum + escape != kSlots) return wrong_sum;
  table->entries = count;
  table->escapes = escape > 0;
  if (table->escapes) {
    table->symbol[count] = 0;
    table->frequency[count] = escape;
    table->start[count] = static_cast<std::uint8_t>(sum);
    ++table->entries;
  }
  return {};
}

void write_table(const RansTable& table, Bytes* out) {
  const std::uint32_t symbols = table.entries - (table.escapes ? 1 : 0);
  out->push_back(static_cast<std::uint8_t>(symbols));
  out->insert(out->end(), table.symbol.begin(), table.symbol.begin() + symbols);
  out->insert(out->end(), table.frequency.begin(), table.frequency.begin() + symbols);
  out->push_back(table.escapes ? table.frequency[table.escape_entry()] : std::uint8_t{0});
}

}  // namespace aimc::lossless

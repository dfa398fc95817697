#include <algorithm>
#include <array>

#include "base/cpu.hpp"
#include "lossless/context.hpp"
#include "lossless/context_groups.hpp"
#include "lossless/context_table.hpp"
#include "lossless/plane_encode.hpp"

namespace aimc::lossless {
namespace {

// What is coded: the upper 16 bits of the records.
struct Upper {
  const std::uint16_t* values;
  std::size_t count;

  // At most `most` of them, from the middle.
  Upper sample(std::size_t most) const {
    const std::size_t taken = std::min(count, most);
    return {values + (count - taken) / 2, taken};
  }
};

struct Choice {
  std::size_t row_length;
  unsigned mantissa;
};

std::uint32_t code_of(std::uint16_t value, unsigned mantissa) {
  return (value & 0x7fffU) >> (mantissa - 2);
}

// Of about 4096 records.
std::uint16_t mean_code(const Upper& upper, unsigned mantissa) {
  const std::size_t stride = upper.count / 4096 + 1;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < upper.count; i += stride) sum += code_of(upper.values[i], mantissa);
  return static_cast<std::uint16_t>(sum / ((upper.count - 1) / stride + 1));
}

// The context and the symbol of every record: context * 64 + symbol.
HeapVector<std::uint8_t> find_symbols(const Upper& upper, const Choice& choice, std::uint16_t start_code) {
  ContextModel model(choice.row_length, start_code);
  HeapVector<std::uint8_t> symbols((upper.count + kGroup - 1) / kGroup * kGroup);
  for (std::size_t i = 0; i < upper.count; i += kGroup) {
    Group level;
    Group code = {};
    model.predict(level);
    const std::size_t lanes = std::min(kGroup, upper.count - i);
    for (std::size_t j = 0; j < lanes; ++j)
      code[j] = static_cast<std::int32_t>(code_of(upper.values[i + j], choice.mantissa));
    for (std::size_t j = 0; j < kGroup; ++j) {
      const std::int32_t base = base_of(level[j]);
      const auto symbol = static_cast<std::uint32_t>(code[j] - base + kSymbolBias);
      symbols[i + j] = static_cast<std::uint8_t>((static_cast<std::uint32_t>(base) % kContexts) * kContextSymbols +
                                                 (symbol < kContextSymbols ? symbol : 0));
    }
    model.learn(level, code);
  }
  symbols.resize(upper.count);
  return symbols;
}

using Tables = std::array<ContextTable, kContexts>;

Tables fit_tables(const HeapVector<std::uint8_t>& symbols) {
  std::array<std::array<std::uint32_t, kContexts * kContextSymbols>, 4> counts{};  // four, so that repeats do not wait
  for (std::size_t i = 0; i < symbols.size(); ++i) ++counts[i % 4][symbols[i]];
  Tables tables;
  for (std::size_t k = 0; k < kContexts; ++k) {
    SymbolCounts sum{};
    for (const auto& part : counts) {
      for (std::size_t s = 0; s < kContextSymbols; ++s) sum[s] += part[k * kContextSymbols + s];
    }
    tables[k] = fit_table(sum);
  }
  return tables;
}

struct Coded {
  std::array<std::uint32_t, kGroup> state;
  HeapVector<std::uint16_t> words;    // in the order of coding, the reverse of decoding
  HeapVector<std::uint16_t> escapes;  // the same
};

// What one symbol does to a state x, without a division: floor(x / frequency) is x * reciprocal >> 43, exactly, for all
// x < frequency * 2^21.
struct Step {
  std::uint64_t reciprocal;
  std::uint32_t frequency;
  std::uint32_t start;
};

constexpr int kReciprocalShift = 43;

// By context * 64 + symbol.
using Steps = std::array<Step, kContexts * kContextSymbols>;

Steps make_steps(const Tables& tables) {
  Steps steps{};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const ContextTable& table = tables[i / kContextSymbols];
    const std::uint64_t frequency = table.frequency[i % kContextSymbols];
    if (frequency == 0) continue;
    steps[i] = {((std::uint64_t{1} << kReciprocalShift) + frequency - 1) / frequency,
                static_cast<std::uint32_t>(frequency), table.start[i % kContextSymbols]};
  }
  return steps;
}

Coded code_symbols(const Upper& upper, const HeapVector<std::uint8_t>& symbols, const Tables& tables,
                   unsigned mantissa) {
  const Steps steps = make_steps(tables);
  Coded coded;
  coded.state.fill(kLowestContextState);
  coded.words.resize(upper.count + 1);  // one place to write to that is not kept
  std::uint16_t* word = coded.words.data();
  for (std::size_t i = upper.count; i-- > 0;) {
    std::size_t symbol = symbols[i];
    if (symbol % kContextSymbols == 0 || steps[symbol].frequency == 0) {
      symbol -= symbol % kContextSymbols;
      coded.escapes.push_back(static_cast<std::uint16_t>(code_of(upper.values[i], mantissa)));
    }
    const Step& step = steps[symbol];
    std::uint32_t x = coded.state[i % kGroup];
    *word = static_cast<std::uint16_t>(x);
    const std::uint32_t full = x >> (32 - kContextSlotBits) >= step.frequency ? 1 : 0;
    word += full;
    x >>= 16 * full;
    const auto quotient = static_cast<std::uint32_t>(x * step.reciprocal >> kReciprocalShift);
    coded.state[i % kGroup] = x + quotient * (kContextSlots - step.frequency) + step.start;
  }
  coded.words.resize(static_cast<std::size_t>(word - coded.words.data()));
  return coded;
}

void put_u16(std::uint16_t value, Bytes* out) {
  out->push_back(static_cast<std::uint8_t>(value));
  out->push_back(static_cast<std::uint8_t>(value >> 8));
}

void put_escapes(const HeapVector<std::uint16_t>& escapes, const Effort& effort, Bytes* out) {
  put_u32(out, static_cast<std::uint32_t>(escapes.size()));
  Bytes plane(escapes.size());
  for (const int shift : {0, 8}) {
    std::transform(escapes.rbegin(), escapes.rend(), plane.begin(),
                   [&](std::uint16_t v) { return static_cast<std::uint8_t>(v >> shift); });
    encode_plane(plane.data(), plane.size(), 0, effort, out);
  }
}

// The rest of the mantissa, and the sign above it.
void put_rest(const Upper& upper, unsigned mantissa, Bytes* out) {
  const unsigned bits = mantissa - 1;
  std::size_t at = out->size();
  out->resize(at + (upper.count * bits + 7) / 8);
  std::uint64_t held = 0;
  unsigned holds = 0;
  const std::uint32_t mask = (1U << (bits - 1)) - 1;
  for (std::size_t i = 0; i < upper.count; ++i) {
    const std::uint32_t value = upper.values[i];
    held |= static_cast<std::uint64_t>((value & mask) | value >> 15 << (bits - 1)) << holds;
    for (holds += bits; holds >= 8; holds -= 8, held >>= 8) (*out)[at++] = static_cast<std::uint8_t>(held);
  }
  if (holds > 0) (*out)[at] = static_cast<std::uint8_t>(held);
}

void put_words(const Coded& coded, Bytes* out) {
  for (const std::uint32_t x : coded.state) put_u32(out, x);
  std::size_t at = out->size();
  out->resize(at + 2 * coded.words.size());
  for (std::size_t i = coded.words.size(); i-- > 0; at += 2) {
    (*out)[at] = static_cast<std::uint8_t>(coded.words[i]);
    (*out)[at + 1] = static_cast<std::uint8_t>(coded.words[i] >> 8);
  }
}

void encode_upper(const Upper& upper, const Choice& choice, const Bytes& low_planes, const Effort& effort, Bytes* out) {
  const std::uint16_t start_code = mean_code(upper, choice.mantissa);
  const HeapVector<std::uint8_t> symbols = find_symbols(upper, choice, start_code);
  const Tables tables = fit_tables(symbols);
  const Coded coded = code_symbols(upper, symbols, tables, choice.mantissa);
  put_u32(out, static_cast<std::uint32_t>(choice.row_length));
  out->push_back(static_cast<std::uint8_t>(choice.mantissa));
  put_u16(start_code, out);
  out->insert(out->end(), low_planes.begin(), low_planes.end());
  for (const ContextTable& table : tables) write_table(table, out);
  put_escapes(coded.escapes, effort, out);
  put_rest(upper, choice.mantissa, out);
  put_words(coded, out);
}

// Mean distance in size of records that lie `lag` apart, in units of 2^-16, from the last 2^18 pairs. A distance counts
// at most 4096.
std::uint64_t mean_distance(const Upper& upper, std::size_t lag) {
  const std::size_t pairs = std::min<std::size_t>(upper.count - lag, 1 << 18);
  const std::uint16_t* values = upper.values + upper.count - lag - pairs;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::int32_t distance = (values[i + lag] & 0x7fff) - (values[i] & 0x7fff);
    const std::int32_t size = distance < 0 ? -distance : distance;
    sum += static_cast<std::uint32_t>(size < 4096 ? size : 4096);
  }
  return (sum << 16) / pairs;
}

// The row of the tensor, or a half, a quarter ... of it if records that far apart are clearly nearer in size: a row may
// be made of kernels. Long rows are worth less, for their columns are learnt late; rows of whole groups are decoded
// faster.
std::size_t choose_row_length(const Upper& upper, std::uint64_t row_records) {
  std::uint64_t row = std::max<std::uint64_t>(1, row_records);
  while (row % kGroup != 0 && row < 16 * kGroup) row *= 2;
  std::size_t best = upper.count;
  std::uint64_t best_cost = UINT64_MAX;
  for (std::uint64_t length = row; length > 0; length = length % (2 * kGroup) == 0 ? length / 2 : 0) {
    if (length < upper.count) {
      const auto lag = static_cast<std::size_t>(length);
      const std::uint64_t distance = mean_distance(upper, lag);
      const std::uint64_t doubt = length < row ? distance / 128 : 0;
      const std::uint64_t cost = distance + doubt + 4 * distance * lag / upper.count;
      if (cost < best_cost) {
        best = lag;
        best_cost = cost;
      }
    }
  }
  return best;
}

constexpr std::size_t kSample = 1 << 15;

// Records of 16 bits may have 7 or 10 bits of mantissa: what makes a sample shorter.
unsigned choose_mantissa(const Upper& upper, std::size_t row_length, const Effort& effort) {
  std::size_t size[2] = {};
  for (const bool half : {false, true}) {
    Bytes trial;
    const Upper sample = upper.sample(kSample);
    encode_upper(sample, {std::min(row_length, sample.count), half ? 10U : 7U}, {}, effort, &trial);
    size[half] = trial.size();
  }
  return size[1] < size[0] ? 10 : 7;
}

}  // namespace

bool encode_context(const std::uint8_t* records, std::uint64_t n, unsigned record_bytes, std::uint64_t row_records,
                    const Effort& block_effort, Bytes* out) {
  if ((record_bytes != 2 && record_bytes != 4) || n == 0 || n > UINT32_MAX) return false;
  const auto count = static_cast<std::size_t>(n);
  const Effort effort{block_effort.workspace, block_effort.isa, true};
  const unsigned low_bytes = record_bytes - 2;
  HeapVector<std::uint16_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* record = records + i * record_bytes + low_bytes;
    values[i] = static_cast<std::uint16_t>(record[0] | record[1] << 8);
  }
  Bytes low_planes;
  Bytes plane(count);
  for (unsigned j = 0; j < low_bytes; ++j) {
    for (std::size_t i = 0; i < count; ++i) plane[i] = records[i * record_bytes + j];
    encode_plane(plane.data(), count, 0, effort, &low_planes);
  }
  const Upper upper{values.data(), count};
  const std::size_t row_length = choose_row_length(upper, row_records);
  const unsigned mantissa = record_bytes == 2 ? choose_mantissa(upper, row_length, effort) : 7;
  encode_upper(upper, {row_length, mantissa}, low_planes, effort, out);
  return true;
}

}  // namespace aimc::lossless

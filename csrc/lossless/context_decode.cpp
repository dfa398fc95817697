#include <algorithm>
#include <array>
#include <utility>

#include "base/cpu.hpp"
#include "lossless/context.hpp"
#include "lossless/context_groups.hpp"
#include "lossless/context_table.hpp"
#include "lossless/plane_decode.hpp"

namespace aimc::lossless {
namespace {

void fill_slots(const ContextTable& table, std::uint32_t* slots) {
  for (std::uint32_t symbol = 0; symbol < kContextSymbols; ++symbol) {
    const std::uint32_t frequency = table.frequency[symbol];
    std::uint32_t* at = slots + table.start[symbol];
    for (std::uint32_t i = 0; i < frequency; ++i) at[i] = symbol | (frequency - 1) << 6 | i << 17;
  }
}

struct Escapes {
  Bytes low;
  Bytes high;
  std::size_t used = 0;
};

// The codes of a block (8.4).
class CodeDecoder {
 public:
  CodeDecoder(const ContextStream& stream, Escapes escapes, const Status& place)
      : stream_(stream), escapes_(std::move(escapes)), place_(place), kernel_(context_kernel(active_isa())) {}

  // The next `count` codes: a multiple of 16, except in the last call.
  Status decode(std::size_t count, std::uint16_t* codes) {
    for (std::size_t done = 0; done < count;) {
      done += kGroup * kernel_(&stream_, (count - done) / kGroup, codes + done);
      if (done == count) break;
      const std::size_t lanes = std::min(kGroup, count - done);
      if (const Status s = decode_group(lanes, codes + done); !s.ok()) return s;
      done += lanes;
    }
    return {};
  }

  // After the last code: everything must be used up.
  Status finish() const {
    for (const std::uint32_t x : stream_.state) {
      if (x != kLowestContextState) return error(Code::inconsistent, "a state does not end at 65536");
    }
    if (stream_.word != stream_.words_end) return error(Code::inconsistent, "a block goes on after its last word");
    if (escapes_.used != escapes_.low.size()) return error(Code::inconsistent, "not all escapes are used");
    return {};
  }

 private:
  Status error(Code code, const char* what) const { return fail(code, place_.bit, what); }

  Status decode_group(std::size_t lanes, std::uint16_t* codes) {
    Group level;
    Group code = {};
    stream_.model.predict(level);
    for (std::size_t j = 0; j < lanes; ++j) {
      const std::int32_t base = base_of(level[j]);
      std::uint32_t& x = stream_.state[j];
      const std::uint32_t slot = (*stream_.slots)[slot_index(base, x)];
      x = next_state(slot, x);
      if (x < kLowestContextState) {
        if (stream_.words_end - stream_.word < 2) return error(Code::truncated, "the data end in the words");
        x = x << 16 | load_word(stream_.word);
        stream_.word += 2;
      }
      if (slot_symbol(slot) != 0) {
        code[j] = base + static_cast<std::int32_t>(slot_symbol(slot)) - kSymbolBias;
      } else if (!take_escape(&code[j])) {
        return error(Code::inconsistent, "more escapes than escape_count");
      }
      if (static_cast<std::uint32_t>(code[j]) >= stream_.code_limit)
        return error(Code::out_of_range, "a code is too large or negative");
      codes[j] = static_cast<std::uint16_t>(code[j]);
    }
    stream_.model.learn(level, code);
    return {};
  }

  bool take_escape(std::int32_t* code) {
    if (escapes_.used == escapes_.low.size()) return false;
    *code = escapes_.low[escapes_.used] | escapes_.high[escapes_.used] << 8;
    ++escapes_.used;
    return true;
  }

  ContextStream stream_;
  Escapes escapes_;
  Status place_;  // of the words
  ContextKernel kernel_;
};

// The upper 16 bits of records: code, the rest of the mantissa, sign. At least 8 bytes lie after the rests.
template <unsigned kMantissa>
void join_rest(const std::uint8_t* rest, std::size_t count, std::uint16_t* codes) {
  constexpr unsigned kBits = kMantissa - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bit = i * kBits;
    const std::uint32_t bits = load_word(rest + bit / 8) >> (bit % 8);
    const std::uint32_t mantissa = bits & ((1U << (kBits - 1)) - 1);
    const std::uint32_t sign = bits >> (kBits - 1) & 1;
    codes[i] =
        static_cast<std::uint16_t>(static_cast<std::uint32_t>(codes[i]) << (kMantissa - 2) | mantissa | sign << 15);
  }
}

void write_records(const std::uint16_t* upper, const std::uint8_t* const* low, std::size_t count, unsigned width,
                   std::uint8_t* out) {
  if (width == 2) {
    for (std::size_t i = 0; i < count; ++i) {
      out[2 * i] = static_cast<std::uint8_t>(upper[i]);
      out[2 * i + 1] = static_cast<std::uint8_t>(upper[i] >> 8);
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    out[4 * i] = low[0][i];
    out[4 * i + 1] = low[1][i];
    out[4 * i + 2] = static_cast<std::uint8_t>(upper[i]);
    out[4 * i + 3] = static_cast<std::uint8_t>(upper[i] >> 8);
  }
}

}  // namespace

Status decode_context(const std::uint8_t* in, std::size_t size, std::uint64_t n, unsigned record_bytes,
                      std::uint8_t* out) {
  Cursor cursor(in, in + size);
  const auto count = static_cast<std::size_t>(n);
  const unsigned low_planes = record_bytes - 2;
  if (record_bytes != 2 && record_bytes != 4) return cursor.error(Code::out_of_range, "context coding of this width");
  std::uint32_t row_length = 0;
  std::uint8_t mantissa = 0;
  if (!cursor.u32(&row_length) || !cursor.u8(&mantissa))
    return cursor.error(Code::truncated, "the data end before row_length and mantissa_bits");
  if (row_length == 0 || row_length > n) return fail(Code::out_of_range, 0, "row_length is not 1 to n");
  if (mantissa != 7 && mantissa != 10) return fail(Code::out_of_range, 32, "mantissa_bits is not 7 or 10");
  const std::uint8_t* start = cursor.take(2);
  if (start == nullptr) return cursor.error(Code::truncated, "the data end before start_code");
  PlaneDecoder planes[2];
  for (unsigned j = 0; j < low_planes; ++j) {
    if (const Status s = planes[j].open(&cursor, count, 0, active_isa()); !s.ok()) return s;
  }
  ContextSlots slots{};
  for (std::size_t k = 0; k < kContexts; ++k) {
    ContextTable table;
    if (const Status s = read_table(&cursor, &table); !s.ok()) return s;
    fill_slots(table, slots.data() + k * kContextSlots);
  }
  std::uint32_t escape_count = 0;
  if (!cursor.u32(&escape_count)) return cursor.error(Code::truncated, "the data end before escape_count");
  if (escape_count > n) return cursor.error(Code::inconsistent, "more escapes than records");
  Escapes escapes;
  if (const Status s = decode_plane(&cursor, escape_count, 0, active_isa(), 0, &escapes.low); !s.ok()) return s;
  if (const Status s = decode_plane(&cursor, escape_count, 0, active_isa(), 0, &escapes.high); !s.ok()) return s;
  const unsigned rest_bits = mantissa - 1U;
  const std::uint8_t* rest = cursor.take((count * rest_bits + 7) / 8);
  const std::uint8_t* states = cursor.take(4 * kGroup);
  if (rest == nullptr || states == nullptr) return cursor.error(Code::truncated, "the data end before the words");
  if (cursor.left() % 2 != 0) return cursor.error(Code::inconsistent, "half a word at the end");
  ContextStream stream{ContextModel(row_length, static_cast<std::int32_t>(load_word(start))),
                       &slots,
                       1U << (17 - mantissa),
                       cursor.at(),
                       cursor.end(),
                       {}};
  for (std::size_t j = 0; j < kGroup; ++j) {
    stream.state[j] = load_word(states + 4 * j) | load_word(states + 4 * j + 2) << 16;
    if (stream.state[j] < kLowestContextState) return cursor.error(Code::out_of_range, "a state is below 65536");
  }
  CodeDecoder decoder(stream, std::move(escapes), cursor.error(Code::ok, ""));
  std::uint16_t codes[kChunk];
  alignas(64) std::uint8_t scratch[2][kChunk];
  for (std::size_t done = 0; done < count; done += kChunk) {
    const std::size_t part = std::min(kChunk, count - done);
    if (const Status s = decoder.decode(part, codes); !s.ok()) return s;
    (mantissa == 7 ? join_rest<7> : join_rest<10>)(rest + done * rest_bits / 8, part, codes);
    const std::uint8_t* low[2] = {};
    for (unsigned j = 0; j < low_planes; ++j) {
      if (const Status s = planes[j].next(part, scratch[j], &low[j]); !s.ok()) return s;
    }
    write_records(codes, low, part, record_bytes, out + done * record_bytes);
  }
  if (const Status s = decoder.finish(); !s.ok()) return s;
  for (unsigned j = 0; j < low_planes; ++j) {
    if (const Status s = planes[j].finish(); !s.ok()) return s;
  }
  return {};
}

}  // namespace aimc::lossless

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
  CodeDecoder(ContextStream stream, Escapes escapes, const Status& place, Isa isa)
      : stream_(std::move(stream)), escapes_(std::move(escapes)), place_(place), kernel_(context_kernel(isa)) {}

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

// What records are put together from.
struct Parts {
  const std::uint16_t* codes;
  const std::uint8_t* rest;  // from a whole byte on, and followed by at least one byte that is not used
  const std::uint8_t* low[2];
};

template <unsigned kMantissa, unsigned kWidth>
AIMC_INLINE void join_record(const Parts& parts, std::size_t i, const std::uint8_t* rest, unsigned bit,
                             std::uint8_t* out) {
  const std::uint32_t bits = load_word(rest + bit / 8) >> (bit % 8);
  const std::uint32_t mantissa = bits & ((1U << (kMantissa - 2)) - 1);
  const std::uint32_t sign = bits >> (kMantissa - 2) & 1;
  const std::uint32_t upper = static_cast<std::uint32_t>(parts.codes[i]) << (kMantissa - 2) | mantissa | sign << 15;
  if (kWidth == 4) {
    out[0] = parts.low[0][i];
    out[1] = parts.low[1][i];
  }
  out[kWidth - 2] = static_cast<std::uint8_t>(upper);
  out[kWidth - 1] = static_cast<std::uint8_t>(upper >> 8);
}

template <unsigned kMantissa, unsigned kWidth>
void join_records(const Parts& parts, std::size_t count, std::uint8_t* out) {
  constexpr unsigned kBits = kMantissa - 1;  // of a rest: eight of them fill bytes
  const std::uint8_t* rest = parts.rest;
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8, rest += kBits) {
#pragma GCC unroll 8
    for (unsigned j = 0; j < 8; ++j) {
      join_record<kMantissa, kWidth>(parts, i + j, rest, j * kBits, out + (i + j) * kWidth);
    }
  }
  for (unsigned j = 0; i + j < count; ++j) {
    join_record<kMantissa, kWidth>(parts, i + j, rest, j * kBits, out + (i + j) * kWidth);
  }
}

using JoinRecords = void (*)(const Parts& parts, std::size_t count, std::uint8_t* out);

JoinRecords join_of(unsigned mantissa, unsigned width) {
  if (width == 2) return mantissa == 7 ? join_records<7, 2> : join_records<10, 2>;
  return mantissa == 7 ? join_records<7, 4> : join_records<10, 4>;
}

struct Header {
  std::uint32_t row_length = 0;
  std::uint8_t mantissa_bits = 0;
  std::uint32_t start_code = 0;

  unsigned rest_bits() const { return mantissa_bits - 1U; }
};

Status read_header(Cursor* in, std::uint64_t n, Header* header) {
  if (!in->u32(&header->row_length)) return in->error(Code::truncated, "the data end before row_length");
  if (header->row_length == 0 || header->row_length > n) {
    return in->error(Code::out_of_range, "row_length is not 1 to the number of records");
  }
  if (!in->u8(&header->mantissa_bits)) return in->error(Code::truncated, "the data end before mantissa_bits");
  if (header->mantissa_bits != 7 && header->mantissa_bits != 10) {
    return in->error(Code::out_of_range, "mantissa_bits is not 7 or 10");
  }
  const std::uint8_t* start_code = in->take(2);
  if (start_code == nullptr) return in->error(Code::truncated, "the data end before start_code");
  header->start_code = load_word(start_code);
  return {};
}

Status read_slots(Cursor* in, ContextSlots* slots) {
  for (std::size_t k = 0; k < kContexts; ++k) {
    ContextTable table;
    if (const Status s = read_table(in, &table); !s.ok()) return s;
    fill_slots(table, slots->data() + k * kContextSlots);
  }
  return {};
}

Status read_escapes(Cursor* in, std::uint64_t n, Isa isa, Escapes* escapes) {
  std::uint32_t count = 0;
  if (!in->u32(&count)) return in->error(Code::truncated, "the data end before escape_count");
  if (count > n) return in->error(Code::inconsistent, "more escapes than records");
  if (const Status s = decode_plane(in, count, 0, isa, 0, &escapes->low); !s.ok()) return s;
  return decode_plane(in, count, 0, isa, 0, &escapes->high);
}

Status read_rests(Cursor* in, std::size_t bits, const std::uint8_t** rests) {
  const std::size_t size = bits / 8 + (bits % 8 != 0 ? 1 : 0);
  *rests = in->take(size);
  if (*rests == nullptr) return in->error(Code::truncated, "the data end in the rests");
  if (bits % 8 != 0 && (*rests)[size - 1] >> (bits % 8) != 0) {
    return in->error(Code::malformed, "bits after the last rest are not zero");
  }
  return {};
}

// The states, and the words: all that is left.
Status read_states(Cursor* in, ContextStream* stream) {
  for (std::uint32_t& x : stream->state) {
    if (!in->u32(&x)) return in->error(Code::truncated, "the data end in the states");
    if (x < kLowestContextState) return in->error(Code::out_of_range, "a state is below 65536");
  }
  if (in->left() % 2 != 0) return in->error(Code::inconsistent, "half a word at the end");
  stream->word = in->at();
  stream->words_end = in->end();
  return {};
}

}  // namespace

Status decode_context(const std::uint8_t* in, std::size_t size, std::uint64_t n, unsigned record_bytes, Isa isa,
                      std::uint8_t* out) {
  Cursor cursor(in, in + size);
  if (record_bytes != 2 && record_bytes != 4) {
    return cursor.error(Code::out_of_range, "context coding of records that are not of 2 or 4 bytes");
  }
  const auto count = static_cast<std::size_t>(n);
  const unsigned low_bytes = record_bytes - 2;
  Header header;
  if (const Status s = read_header(&cursor, n, &header); !s.ok()) return s;
  PlaneDecoder planes[2];
  for (unsigned j = 0; j < low_bytes; ++j) {
    if (const Status s = planes[j].open(&cursor, count, 0, isa); !s.ok()) return s;
  }
  ContextSlots slots;
  if (const Status s = read_slots(&cursor, &slots); !s.ok()) return s;
  Escapes escapes;
  if (const Status s = read_escapes(&cursor, n, isa, &escapes); !s.ok()) return s;
  const std::uint8_t* rests = nullptr;
  if (const Status s = read_rests(&cursor, count * header.rest_bits(), &rests); !s.ok()) return s;
  ContextStream stream{ContextModel(header.row_length, static_cast<std::int32_t>(header.start_code)), &slots,
                       1U << (17 - header.mantissa_bits)};
  if (const Status s = read_states(&cursor, &stream); !s.ok()) return s;
  CodeDecoder decoder(std::move(stream), std::move(escapes), cursor.error(Code::ok, ""), isa);
  const JoinRecords join = join_of(header.mantissa_bits, record_bytes);
  std::uint16_t codes[kChunk];
  alignas(64) std::uint8_t scratch[2][kChunk];
  for (std::size_t done = 0; done < count; done += kChunk) {
    const std::size_t part = std::min(kChunk, count - done);
    if (const Status s = decoder.decode(part, codes); !s.ok()) return s;
    Parts parts{codes, rests + done * header.rest_bits() / 8, {}};
    for (unsigned j = 0; j < low_bytes; ++j) {
      if (const Status s = planes[j].next(part, scratch[j], &parts.low[j]); !s.ok()) return s;
    }
    join(parts, part, out + done * record_bytes);
  }
  for (unsigned j = 0; j < low_bytes; ++j) {
    if (const Status s = planes[j].finish(); !s.ok()) return s;
  }
  return decoder.finish();
}

}  // namespace aimc::lossless

#include "lossless/context_open.hpp"

#include "lossless/context_table.hpp"

namespace aimc::lossless {
namespace {

void fill_slots(const ContextTable& table, std::uint32_t* slots) {
  for (std::uint32_t symbol = 0; symbol < kContextSymbols; ++symbol) {
    const std::uint32_t frequency = table.frequency[symbol];
    std::uint32_t* at = slots + table.start[symbol];
    for (std::uint32_t i = 0; i < frequency; ++i) at[i] = symbol | (frequency - 1) << 6 | i << 17;
  }
}

Status read_header(Cursor* in, std::uint64_t n, ContextHeader* header) {
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

Status open_context(Cursor* in, std::uint64_t n, unsigned record_bytes, Isa isa, ContextBlock* block) {
  if (record_bytes != 2 && record_bytes != 4) {
    return in->error(Code::out_of_range, "context coding of records that are not of 2 or 4 bytes");
  }
  const auto count = static_cast<std::size_t>(n);
  ContextHeader& header = block->header;
  if (const Status s = read_header(in, n, &header); !s.ok()) return s;
  for (unsigned j = 0; j < record_bytes - 2; ++j) {
    if (const Status s = block->planes[j].open(in, count, 0, isa); !s.ok()) return s;
  }
  if (const Status s = read_slots(in, &block->slots); !s.ok()) return s;
  Escapes escapes;
  if (const Status s = read_escapes(in, n, isa, &escapes); !s.ok()) return s;
  if (const Status s = read_rests(in, count * header.rest_bits(), &block->rests); !s.ok()) return s;
  ContextStream stream{ContextModel(header.row_length, static_cast<std::int32_t>(header.start_code)), &block->slots,
                       1U << (17 - header.mantissa_bits)};
  if (const Status s = read_states(in, &stream); !s.ok()) return s;
  block->codes.emplace(std::move(stream), std::move(escapes), in->error(Code::ok, ""), isa);
  return {};
}

}  // namespace aimc::lossless

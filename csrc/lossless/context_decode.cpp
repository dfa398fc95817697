#include <algorithm>

#include "lossless/context.hpp"
#include "lossless/context_open.hpp"

namespace aimc::lossless {
namespace {

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

}  // namespace

Status decode_context(const std::uint8_t* in, std::size_t size, std::uint64_t n, unsigned record_bytes, Isa isa,
                      std::uint8_t* out) {
  Cursor cursor(in, in + size);
  ContextBlock block;
  if (const Status s = open_context(&cursor, n, record_bytes, isa, &block); !s.ok()) return s;
  const auto count = static_cast<std::size_t>(n);
  const unsigned low_bytes = record_bytes - 2;
  const ContextHeader& header = block.header;
  const JoinRecords join = join_of(header.mantissa_bits, record_bytes);
  std::uint16_t codes[kChunk];
  alignas(64) std::uint8_t scratch[2][kChunk];
  for (std::size_t done = 0; done < count; done += kChunk) {
    const std::size_t part = std::min(kChunk, count - done);
    if (const Status s = block.codes->decode(part, codes); !s.ok()) return s;
    Parts parts{codes, block.rests + done * header.rest_bits() / 8, {}};
    for (unsigned j = 0; j < low_bytes; ++j) {
      if (const Status s = block.planes[j].next(part, scratch[j], &parts.low[j]); !s.ok()) return s;
    }
    join(parts, part, out + done * record_bytes);
  }
  for (unsigned j = 0; j < low_bytes; ++j) {
    if (const Status s = block.planes[j].finish(); !s.ok()) return s;
  }
  return block.codes->finish();
}

}  // namespace aimc::lossless

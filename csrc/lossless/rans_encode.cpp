#include "lossless/rans_encode.hpp"

#include "lossless/rans_encode_kernels.hpp"

namespace aimc::lossless {
namespace {

void encode_byte(const RansCoder& coder, std::uint8_t byte, std::uint16_t* state, Backward* out, Backward* escapes) {
  const std::uint8_t k = coder.entry[byte];
  const std::uint32_t f = coder.frequency[k];
  std::uint32_t x = *state;
  const std::uint32_t full = x >> 8 >= f ? 1 : 0;  // arithmetic, as no branch could be predicted
  out->at[-1] = static_cast<std::uint8_t>(x);
  out->at -= full;
  x >>= 8 * full;
  const std::uint32_t q = x / f;
  *state = static_cast<std::uint16_t>(q << 8 | (coder.start[k] + x - q * f));
  if (coder.escaped[byte] != 0) escapes->put(byte);
}

}  // namespace

RansCoder::RansCoder(const RansTable& table) {
  entry.fill(table.escapes ? static_cast<std::uint8_t>(table.escape_entry()) : std::uint8_t{0});
  escaped.fill(1);
  for (std::uint32_t k = 0; k < table.entries; ++k) {
    frequency[k] = table.frequency[k];
    start[k] = table.start[k];
    const std::uint32_t r = 65536U / table.frequency[k];
    reciprocal[k] = static_cast<std::uint16_t>(r > 65535 ? 65535 : r);
    if (table.escapes && k == table.escape_entry()) continue;
    entry[table.symbol[k]] = static_cast<std::uint8_t>(k);
    escaped[table.symbol[k]] = 0;
  }
}

void rans_encode(const RansTable& table, const std::uint8_t* bytes, std::size_t count, std::size_t states, Isa isa,
                 RansOutput* out) {
  const RansCoder coder(table);
  out->state.fill(kLowestState);
  out->buffer.resize(count + Backward::kSlack);
  Backward sink{out->buffer.data() + out->buffer.size()};
  out->escape_buffer.resize(table.escapes ? count + Backward::kSlack : 0);
  Backward escapes{out->escape_buffer.data() + out->escape_buffer.size()};
  std::size_t rounds = 0;
  RansEncodeKernel kernel = nullptr;
#if AIMC_X86
  if (isa == Isa::avx512 && states >= 64) {
    kernel = avx512_rans_encode_kernel(table, states);
    rounds = count / states;
  }
#else
  (void)isa;
#endif
  for (std::size_t i = count; i-- > rounds * states;) {
    encode_byte(coder, bytes[i], &out->state[i % states], &sink, &escapes);
  }
  if (rounds > 0) kernel(coder, bytes, rounds, out->state.data(), &sink, &escapes);
  out->size = static_cast<std::size_t>(out->buffer.data() + out->buffer.size() - sink.at);
  out->escape_size = static_cast<std::size_t>(out->escape_buffer.data() + out->escape_buffer.size() - escapes.at);
}

}  // namespace aimc::lossless

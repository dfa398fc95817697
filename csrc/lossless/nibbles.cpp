#include "lossless/nibbles.hpp"

#include "lossless/merge_kernels.hpp"

namespace aimc::lossless {
namespace {

bool join_plain(const std::uint8_t* low, const std::uint8_t* high, std::size_t count, std::uint8_t* out) {
  std::uint8_t all = 0;
  for (std::size_t i = 0; i < count; ++i) {
    all = static_cast<std::uint8_t>(all | low[i] | high[i]);
    out[i] = static_cast<std::uint8_t>(high[i] << 4 | low[i]);
  }
  return all < 16;
}

// Two bytes at a time: as words, so that the compiler can use vectors.
bool join_packed(const std::uint8_t* low, const std::uint8_t* high, std::size_t count, std::uint8_t* out) {
  std::uint16_t all = 0;
  for (std::size_t i = 0; i < count / 2; ++i) {
    const auto h = load_word<std::uint16_t>(high + 2 * i);
    const std::uint16_t l = low[i];
    all = static_cast<std::uint16_t>(all | h);
    store_word(static_cast<std::uint16_t>(h << 4 | (l & 0x0F) | (l & 0xF0) << 4), out + 2 * i);
  }
  if (count % 2 != 0) {
    const std::uint8_t h = high[count - 1];
    const std::uint8_t l = low[count / 2];
    all = static_cast<std::uint16_t>(all | h | (l & 0xF0));
    out[count - 1] = static_cast<std::uint8_t>(h << 4 | l);
  }
  return (all & 0xF0F0) == 0;
}

}  // namespace

bool join_nibbles(const std::uint8_t* low, const std::uint8_t* high, std::size_t count, bool packed,
                  std::uint8_t* out) {
  return packed ? join_packed(low, high, count, out) : join_plain(low, high, count, out);
}

void split_packed(const std::uint8_t* bytes, std::size_t count, std::uint8_t* low, std::uint8_t* high) {
  for (std::size_t i = 0; i < count / 2; ++i) {
    const auto word = load_word<std::uint16_t>(bytes + 2 * i);
    store_word(static_cast<std::uint16_t>(word >> 4 & 0x0F0F), high + 2 * i);
    low[i] = static_cast<std::uint8_t>((word & 0x0F) | (word >> 4 & 0xF0));
  }
  if (count % 2 != 0) {
    high[count - 1] = bytes[count - 1] >> 4;
    low[count / 2] = bytes[count - 1] & 0x0F;
  }
}

void split_plain(const std::uint8_t* bytes, std::size_t count, std::uint8_t* low, std::uint8_t* high) {
  for (std::size_t i = 0; i < count; ++i) {
    low[i] = bytes[i] & 0x0F;
    high[i] = bytes[i] >> 4;
  }
}

}  // namespace aimc::lossless

// Encoder of entropy-coded planes (7.4).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/cpu.hpp"
#include "lossless/cursor.hpp"
#include "lossless/rans_table.hpp"

namespace aimc::lossless {

// A table by byte value: what is not among the symbols is an escape.
struct RansCoder {
  std::array<std::uint8_t, kSlots> entry{};  // of each byte value
  std::array<std::uint8_t, kSlots> frequency{};
  std::array<std::uint8_t, kSlots> start{};
  std::array<std::uint16_t, kSlots> reciprocal{};  // floor(65536 / frequency), at most 65535
  std::array<std::uint8_t, kSlots> escaped{};      // 1 where the byte value is an escape
  explicit RansCoder(const RansTable& table);
};

// Bytes that are written from the end of a buffer to its start. kSlack bytes before the place of writing may change.
struct Backward {
  static constexpr std::size_t kSlack = 64;
  std::uint8_t* at = nullptr;
  void put(std::uint8_t byte) { *--at = byte; }
};

// Encodes rounds of one byte for each state, the last one first.
using RansEncodeKernel = void (*)(const RansCoder&, const std::uint8_t* bytes, std::size_t rounds, std::uint16_t* state,
                                  Backward* out, Backward* escapes);

struct RansOutput {
  std::array<std::uint16_t, kMostStates> state{};
  Bytes buffer;          // with its useful bytes at the end
  std::size_t size = 0;  // of those
  Bytes escape_buffer;
  std::size_t escape_size = 0;

  const std::uint8_t* bytes() const { return buffer.data() + buffer.size() - size; }
  const std::uint8_t* escapes() const { return escape_buffer.data() + escape_buffer.size() - escape_size; }
};

void rans_encode(const RansTable& table, const std::uint8_t* bytes, std::size_t count, std::size_t states, Isa isa,
                 RansOutput* out);

}  // namespace aimc::lossless

// What a block of context coding has before its records are decoded (8.1).
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/cpu.hpp"
#include "base/status.hpp"
#include "lossless/context_codes.hpp"
#include "lossless/cursor.hpp"
#include "lossless/plane_decode.hpp"

namespace aimc::lossless {

struct ContextHeader {
  std::uint32_t row_length = 0;
  std::uint8_t mantissa_bits = 0;
  std::uint32_t start_code = 0;

  unsigned rest_bits() const { return mantissa_bits - 1U; }
};

// Not to be moved once it is open: parts of it point to others.
struct ContextBlock {
  ContextHeader header;
  PlaneDecoder planes[2];  // of the lowest record_bytes - 2 bytes
  ContextSlots slots;
  const std::uint8_t* rests = nullptr;
  std::optional<CodeDecoder> codes;
};

// Takes context(n), all that `in` has. Throws std::bad_alloc.
Status open_context(Cursor* in, std::uint64_t n, unsigned record_bytes, Isa isa, ContextBlock* block);

}  // namespace aimc::lossless

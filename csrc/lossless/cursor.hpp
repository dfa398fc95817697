// Bounded little-endian reading of coded data, and writing of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/allocator.hpp"
#include "base/status.hpp"

namespace aimc::lossless {

class Cursor {
 public:
  Cursor(const std::uint8_t* begin, const std::uint8_t* end) : begin_(begin), at_(begin), end_(end) {}

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const std::uint8_t* at() const { return at_; }
  const std::uint8_t* end() const { return end_; }

  // Null when fewer than `count` bytes are left.
  const std::uint8_t* take(std::size_t count) {
    if (count > left()) return nullptr;
    const std::uint8_t* bytes = at_;
    at_ += count;
    return bytes;
  }

  bool u8(std::uint8_t* value) {
    const std::uint8_t* bytes = take(1);
    if (bytes != nullptr) *value = *bytes;
    return bytes != nullptr;
  }

  bool u32(std::uint32_t* value) {
    const std::uint8_t* p = take(4);
    if (p != nullptr)
      *value = p[0] | static_cast<std::uint32_t>(p[1]) << 8 | static_cast<std::uint32_t>(p[2]) << 16 |
               static_cast<std::uint32_t>(p[3]) << 24;
    return p != nullptr;
  }

  // The next `count` bytes as data of their own, whose errors still name places of the whole.
  bool part(std::size_t count, Cursor* out) {
    const std::uint8_t* bytes = take(count);
    if (bytes == nullptr) return false;
    *out = Cursor(begin_, bytes, bytes + count);
    return true;
  }

  Status error(Code code, const char* what) const {
    return fail(code, 8 * static_cast<std::uint64_t>(at_ - begin_), what);
  }

 private:
  Cursor(const std::uint8_t* begin, const std::uint8_t* at, const std::uint8_t* end)
      : begin_(begin), at_(at), end_(end) {}

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

using Bytes = HeapVector<std::uint8_t>;

inline void put_u32(Bytes* out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<std::uint8_t>(value >> shift));
}

inline void set_u32(std::uint8_t* at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace aimc::lossless

// Status codes of the native core: a closed set, mirrored by python/aimcodec/errors.py.
#pragma once
#include <cstdint>

namespace aimc {

enum class Code : std::uint8_t {
  ok,
  truncated,
  malformed,
  out_of_range,
  inconsistent,
  missing_reference,
  unsupported,
  limit_exceeded,
  out_of_memory,
  argument,
  internal,
};

// `bit` counts from the first bit of the payload that was being decoded; `what` is a string literal.
struct [[nodiscard]] Status {
  Code code = Code::ok;
  std::uint64_t bit = 0;
  const char* what = "";

  bool ok() const { return code == Code::ok; }
};

inline Status fail(Code code, std::uint64_t bit, const char* what) {
  return Status{code, bit, what};
}

}  // namespace aimc

// Copies of payloads that end where readable memory ends: a read past the end traps, also one made by a vector gather,
// which the address sanitizer does not see. The copies lie close together, so that they can share the lanes.
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace aimc::fuzz {

class GuardedBytes {
 public:
  explicit GuardedBytes(std::size_t slots)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        base_(static_cast<std::uint8_t*>(
            mmap(nullptr, (2 * slots + 1) * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (base_ == MAP_FAILED) std::abort();
    for (std::size_t i = 0; i < slots; ++i) {
      if (mprotect(base_ + (2 * i + 1) * page_, page_, PROT_READ | PROT_WRITE) != 0) std::abort();
    }
  }

  std::size_t capacity() const { return page_; }

  // `size` is at most capacity().
  const std::uint8_t* put(std::size_t slot, const std::uint8_t* data, std::size_t size) {
    std::uint8_t* copy = base_ + (2 * slot + 2) * page_ - size;
    if (size > 0) std::memcpy(copy, data, size);
    return copy;
  }

 private:
  std::size_t page_;
  std::uint8_t* base_;
};

}  // namespace aimc::fuzz

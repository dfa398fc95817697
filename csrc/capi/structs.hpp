// Structures of aimc.h as they cross the border: size, alignment, unknown members.
#pragma once
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/status.hpp"
#include "include/aimc/aimc.h"

namespace aimc::capi {

constexpr std::uint32_t kLargestStruct = 4096;

inline Status wrong(const char* what) {
  return fail(Code::argument, 0, what);
}

template <class T>
bool aligned(const T* memory) {
  return reinterpret_cast<std::uintptr_t>(memory) % alignof(T) == 0;
}

// Memory of `count` elements to read or write.
template <class T>
bool usable(const T* memory, std::size_t count) {
  return count == 0 || (memory != nullptr && aligned(memory));
}

// A structure that is to be read or written: there, and of a size that this library understands.
template <class T>
Status check_struct(const T* structure) {
  if (structure == nullptr) return wrong("a null structure");
  if (!aligned(structure)) return wrong("a structure that is not aligned");
  const std::uint32_t size = structure->struct_size;
  if (size < sizeof(T) || size > kLargestStruct) return wrong("struct_size is not that of a known version");
  const auto* bytes = reinterpret_cast<const unsigned char*>(structure);
  for (std::uint32_t i = sizeof(T); i < size; ++i) {
    if (bytes[i] != 0) return wrong("a member that this version does not know is set");
  }
  return {};
}

// An array of structures; elements are struct_size of the first apart.
template <class T>
class Structs {
 public:
  Structs(T* first, std::size_t count) : first_(first), count_(count) {}

  Status check() const {
    if (count_ == 0) return {};
    if (const Status s = check_struct(first_); !s.ok()) return s;
    if (first_->struct_size % alignof(T) != 0) return wrong("struct_size leaves elements unaligned");
    if (count_ > SIZE_MAX / 2 / first_->struct_size) return wrong("more structures than memory can hold");
    for (std::size_t i = 0; i < count_; ++i) {
      if ((*this)[i].struct_size != first_->struct_size) return wrong("elements of different struct_size");
      if (const Status s = check_struct(&(*this)[i]); !s.ok()) return s;
    }
    return {};
  }

  std::size_t size() const { return count_; }
  T& operator[](std::size_t i) const {
    using Byte = std::conditional_t<std::is_const_v<T>, const unsigned char, unsigned char>;
    return *reinterpret_cast<T*>(reinterpret_cast<Byte*>(first_) + i * first_->struct_size);
  }

 private:
  T* first_;
  std::size_t count_;
};

inline bool is_flag(std::uint32_t value) {
  return value <= 1;
}

}  // namespace aimc::capi

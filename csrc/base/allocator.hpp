// Containers and owners whose memory comes from the heap in force (heap.hpp): the core uses no others.
#pragma once
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/heap.hpp"

namespace aimc {

template <class T>
struct HeapAllocator {
  using value_type = T;
  using is_always_equal = std::true_type;

  HeapAllocator() = default;
  template <class U>
  HeapAllocator(const HeapAllocator<U>&) noexcept {}  // containers convert it to allocators of their parts

  T* allocate(std::size_t n) {
    if (n > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T)) throw std::bad_alloc();
    return static_cast<T*>(heap_allocate(n * sizeof(T), alignof(T)));
  }
  void deallocate(T* memory, std::size_t n) noexcept { heap_release(memory, n * sizeof(T), alignof(T)); }
};

template <class T, class U>
bool operator==(const HeapAllocator<T>&, const HeapAllocator<U>&) {
  return true;
}
template <class T, class U>
bool operator!=(const HeapAllocator<T>&, const HeapAllocator<U>&) {
  return false;
}

template <class T>
using HeapVector = std::vector<T, HeapAllocator<T>>;

struct HeapDelete {
  template <class T>
  void operator()(T* object) const {
    object->~T();
    heap_release(object, sizeof(T), alignof(T));
  }
};

// Of objects of exactly this type.
template <class T>
using Owned = std::unique_ptr<T, HeapDelete>;

template <class T, class... Args>
Owned<T> make_owned(Args&&... args) {
  void* memory = heap_allocate(sizeof(T), alignof(T));
  try {
    return Owned<T>(new (memory) T(std::forward<Args>(args)...));
  } catch (...) {
    heap_release(memory, sizeof(T), alignof(T));
    throw;
  }
}

// Memory that is not initialised.
template <class T>
class HeapArray {
 public:
  static_assert(std::is_trivial_v<T>);
  explicit HeapArray(std::size_t size) : size_(size), data_(HeapAllocator<T>().allocate(size)) {}
  ~HeapArray() { HeapAllocator<T>().deallocate(data_, size_); }
  HeapArray(const HeapArray&) = delete;
  HeapArray& operator=(const HeapArray&) = delete;
  T* get() const { return data_; }

 private:
  std::size_t size_;
  T* data_;
};

}  // namespace aimc

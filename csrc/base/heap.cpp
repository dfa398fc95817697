#include "base/heap.hpp"

#include <new>

namespace aimc {
namespace {

thread_local Heap* t_heap = nullptr;

}  // namespace

void* Heap::allocate(std::size_t size, std::size_t alignment) noexcept {
  if (!reserve(size)) return nullptr;
  void* memory = functions_.allocate(functions_.user, size, alignment);
  if (memory != nullptr && reinterpret_cast<std::uintptr_t>(memory) % alignment != 0) {
    functions_.release(functions_.user, memory, size, alignment);
    memory = nullptr;
  }
  if (memory == nullptr) live_.fetch_sub(size, std::memory_order_relaxed);
  return memory;
}

void Heap::release(void* memory, std::size_t size, std::size_t alignment) noexcept {
  functions_.release(functions_.user, memory, size, alignment);
  live_.fetch_sub(size, std::memory_order_relaxed);
}

bool Heap::reserve(std::uint64_t size) noexcept {
  std::uint64_t live = live_.load(std::memory_order_relaxed);
  do {
    if (size > max_live_ || live > max_live_ - size) {
      limit_hit_.store(true, std::memory_order_relaxed);
      return false;
    }
  } while (!live_.compare_exchange_weak(live, live + size, std::memory_order_relaxed));
  std::uint64_t peak = peak_.load(std::memory_order_relaxed);
  while (peak < live + size && !peak_.compare_exchange_weak(peak, live + size, std::memory_order_relaxed)) {
  }
  return true;
}

Heap* current_heap() noexcept {
  return t_heap;
}

HeapScope::HeapScope(Heap* heap) noexcept : before_(t_heap) {
  t_heap = heap;
}

HeapScope::~HeapScope() {
  t_heap = before_;
}

void* heap_allocate(std::size_t size, std::size_t alignment) {
  if (t_heap == nullptr) {
    return alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__ ? ::operator new(size)
                                                         : ::operator new(size, std::align_val_t{alignment});
  }
  void* memory = t_heap->allocate(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void heap_release(void* memory, std::size_t size, std::size_t alignment) noexcept {
  if (t_heap != nullptr) return t_heap->release(memory, size, alignment);
  // Without the size: clang knows that form only where it is asked to.
  if (alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    ::operator delete(memory);
  } else {
    ::operator delete(memory, std::align_val_t{alignment});
  }
}

}  // namespace aimc

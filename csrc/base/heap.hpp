// Where the core's memory comes from: the global heap, or callbacks of the caller with a count of what is alive.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace aimc {

// Memory functions of a caller. They are called from every thread that works for a call.
struct HeapFunctions {
  void* (*allocate)(void* user, std::size_t size, std::size_t alignment) = nullptr;  // null when there is no memory
  void (*release)(void* user, void* memory, std::size_t size, std::size_t alignment) = nullptr;
  void* user = nullptr;
};

class Heap {
 public:
  Heap(const HeapFunctions& functions, std::uint64_t max_live) : functions_(functions), max_live_(max_live) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Null when the callback has no memory, or none so aligned, or the limit would be exceeded.
  void* allocate(std::size_t size, std::size_t alignment) noexcept;
  void release(void* memory, std::size_t size, std::size_t alignment) noexcept;

  std::uint64_t live() const { return live_.load(std::memory_order_relaxed); }
  std::uint64_t peak() const { return peak_.load(std::memory_order_relaxed); }
  // Whether the limit refused memory since it was last forgotten.
  bool limit_hit() const { return limit_hit_.load(std::memory_order_relaxed); }
  void forget_limit_hit() { limit_hit_.store(false, std::memory_order_relaxed); }

 private:
  bool reserve(std::uint64_t size) noexcept;

  const HeapFunctions functions_;
  const std::uint64_t max_live_;
  std::atomic<std::uint64_t> live_{0};
  std::atomic<std::uint64_t> peak_{0};
  std::atomic<bool> limit_hit_{false};
};

// The heap of this thread; null: the global one.
Heap* current_heap() noexcept;

// Puts a heap in force for this thread. What is allocated under a heap must be released under it.
class HeapScope {
 public:
  explicit HeapScope(Heap* heap) noexcept;
  ~HeapScope();
  HeapScope(const HeapScope&) = delete;
  HeapScope& operator=(const HeapScope&) = delete;

 private:
  Heap* before_;
};

// From the heap of this thread. Throws std::bad_alloc.
void* heap_allocate(std::size_t size, std::size_t alignment);
void heap_release(void* memory, std::size_t size, std::size_t alignment) noexcept;

}  // namespace aimc

// Hands out work to threads.
#pragma once
#include <atomic>
#include <cstddef>

namespace aimc {

// Hands out 0, 1, 2 ... to the workers until `count` is reached.
class Counter {
 public:
  explicit Counter(std::size_t count) : count_(count) {}
  Counter(Counter&& other) noexcept : count_(other.count_), next_(other.next_.load()) {}
  bool next(std::size_t* i) {
    *i = next_.fetch_add(1, std::memory_order_relaxed);
    return *i < count_;
  }

 private:
  std::size_t count_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace aimc

#include "failing_new.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

// The thread sanitizer does not let its own functions be replaced: under it no allocation fails.
#if defined(__SANITIZE_THREAD__)
#define AIMC_FUZZ_THREAD_SANITIZER 1
#elif defined(__has_feature)
#define AIMC_FUZZ_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define AIMC_FUZZ_THREAD_SANITIZER 0
#endif

namespace {

constexpr long kNever = -1;
std::atomic<long> g_successes{kNever};

[[maybe_unused]] bool refused() {
  return g_successes.load(std::memory_order_relaxed) != kNever && g_successes.fetch_sub(1) == 0;
}

[[maybe_unused]] void* allocate(std::size_t size) {
  return refused() ? nullptr : std::malloc(size > 0 ? size : 1);
}

[[maybe_unused]] void* checked(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

namespace aimc::fuzz {

FailingAllocation::FailingAllocation(long successes) {
  g_successes = successes;
}
FailingAllocation::~FailingAllocation() {
  g_successes = kNever;
}

}  // namespace aimc::fuzz

#if !AIMC_FUZZ_THREAD_SANITIZER
void* operator new(std::size_t size) {
  return checked(allocate(size));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  return checked(refused() ? nullptr : std::aligned_alloc(unit, (size + unit - 1) / unit * unit));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

#endif

// Runs the same function on several threads, the calling one included, and waits for all.
#pragma once
#include <memory>
#include <type_traits>

namespace aimc {

void run_parallel(unsigned threads, void (*fn)(void*), void* context);

// fn is called once on each of `threads` threads, under the heap of the caller; it must not throw. Fewer threads run
// when the system refuses them.
template <class F>
void parallel(unsigned threads, F&& fn) {
  using Function = std::remove_reference_t<F>;
  run_parallel(threads, [](void* context) { (*static_cast<Function*>(context))(); }, std::addressof(fn));
}

}  // namespace aimc

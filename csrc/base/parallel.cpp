#include "base/parallel.hpp"

#include <system_error>
#include <thread>

#include "base/allocator.hpp"

namespace aimc {

void run_parallel(unsigned threads, void (*fn)(void*), void* context) {
  Heap* const heap = current_heap();
  HeapVector<std::thread> others;
  try {
    for (unsigned i = 1; i < threads; ++i) {
      others.emplace_back([=] {
        const HeapScope scope(heap);
        fn(context);
      });
    }
  } catch (const std::system_error&) {
    // The threads that could be started share the work.
  } catch (const std::bad_alloc&) {
  }
  fn(context);
  for (std::thread& t : others) t.join();
}

}  // namespace aimc

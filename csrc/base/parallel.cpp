#include "base/parallel.hpp"

#include <system_error>
#include <thread>
#include <vector>

namespace aimc {

void parallel(unsigned threads, const std::function<void()>& fn) {
  std::vector<std::thread> others;
  try {
    for (unsigned i = 1; i < threads; ++i) others.emplace_back(fn);
  } catch (const std::system_error&) {
    // The threads that could be started share the work.
  } catch (const std::bad_alloc&) {
  }
  fn();
  for (std::thread& t : others) t.join();
}

}  // namespace aimc

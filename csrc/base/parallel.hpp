// Runs the same function on several threads, the calling one included, and waits for all.
#pragma once
#include <functional>

namespace aimc {

// fn is called once on each of `threads` threads; it must not throw. Fewer threads run when the system refuses them.
void parallel(unsigned threads, const std::function<void()>& fn);

}  // namespace aimc
